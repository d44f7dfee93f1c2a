"""Stores that keep tokens in the process."""

import os
import threading

from hexclave.credentials import textless
from hexclave.errors import UnsafeUseError
from hexclave.tokens._store import Tokens, TokenStore, refresh_token_of
from hexclave_api.secret import Secret


class ProcessLock:
    """A lock between threads that a forked process starts with anew: its holder may not exist there."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}

    def __call__(self) -> threading.Lock:
        return self._locks.setdefault(os.getpid(), threading.Lock())


class MemoryTokenStore(TokenStore):
    """Keeps tokens until the process ends; starts signed out unless given some. Safe between threads and tasks."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        given: object = textless(tokens)
        del tokens  # Text is a token, and a traceback with locals shows this frame.
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


class FixedTokens(MemoryTokenStore):
    """One session, such as that of the request a backend is answering.

    A refreshed access token stays in this object; `load()` hands it out. When the session ends, so does what it holds.
    Signing in to another session is refused, because its tokens would be lost with the object: use `MemoryTokenStore`.

    Raises:
        UnsafeUseError: `save` was asked to keep another session.
    """

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)

    def save(self, tokens: Tokens | None, /) -> None:
        if tokens is not None:
            raise UnsafeUseError("FixedTokens holds the session it was given; sign in with a MemoryTokenStore.")
        super().save(None)
