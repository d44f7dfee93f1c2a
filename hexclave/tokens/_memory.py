"""Token stores in memory."""

import os
import threading

from hexclave.credentials import hide_text
from hexclave.errors import UnsafeUseError
from hexclave.tokens._store import Tokens, TokenStore, refresh_token_of
from hexclave_api.secret import Secret


class ProcessLock:
    """A lock between threads, recreated in a forked process, where the thread that holds it may not exist."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}

    def __call__(self) -> threading.Lock:
        return self._locks.setdefault(os.getpid(), threading.Lock())


class MemoryTokenStore(TokenStore):
    """A token store in memory; starts signed out unless tokens are passed. Safe for threads and tasks."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        given: object = hide_text(tokens)
        del tokens  # A traceback with locals must not show a token passed as text.
        if given is not None and not isinstance(given, Tokens):
            kind = "str" if isinstance(given, Secret) else type(given).__name__
            raise UnsafeUseError(f"tokens must be Tokens or None, not {kind}.")
        self._tokens = given
        self._lock = ProcessLock()

    def load(self) -> Tokens | None:
        return self._tokens

    def save(self, tokens: Tokens | None, /) -> None:
        with self._lock():
            self._tokens = tokens

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        with self._lock():
            if refresh_token_of(self._tokens) != expected_refresh_token:
                return False
            self._tokens = tokens
            return True

    async def aload(self) -> Tokens | None:
        return self.load()

    async def asave(self, tokens: Tokens | None, /) -> None:
        self.save(tokens)

    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        return self.compare_and_set(expected_refresh_token, tokens)

    async def abegin_refresh(self) -> str | None:
        return self.begin_refresh()

    async def aend_refresh(self, ticket: str, /) -> None:
        self.end_refresh(ticket)


class OwnTokens(MemoryTokenStore):
    """The store of an app that was created without one, for the one user of a program."""


class SessionReplacedWarning(UserWarning):
    """A second user has signed in with the same client app, whose calls are now made as that user.

    In a server, give each browser a session of its own: `app.with_session(store)`, or the sign-in pages of
    `hexclave.integrations`, see docs/sign-in.md. In a program with one user, sign out first.
    """


class FixedTokens(MemoryTokenStore):
    """The tokens of a single session, for example that of the request a backend is handling.

    Refreshed tokens stay in this object and are returned by `load()`. Signing in raises, because the new session would
    be lost with the object: use `MemoryTokenStore` for that.

    Raises:
        UnsafeUseError: `save` was called with tokens.
    """

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)

    def save(self, tokens: Tokens | None, /) -> None:
        if tokens is not None:
            raise UnsafeUseError("FixedTokens cannot store another session: use a MemoryTokenStore to sign in.")
        super().save(None)
