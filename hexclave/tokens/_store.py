"""Tokens, and what a store of them can do."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final, Protocol, TypeVar, runtime_checkable

import attrs

from hexclave.credentials import masked
from hexclave.errors import UnsafeUseError
from hexclave_api.secret import Secret, hidden

REFRESH_LEASE: Final = 15.0
"""Seconds for which one caller's `begin_refresh` keeps others from refreshing, so that a dead caller strands nobody."""


T = TypeVar("T")


def _secret(name: str, value: object) -> Secret | None:
    if value is None:
        return None
    if not isinstance(value, str | Secret):
        kind = value if isinstance(value, type) else type(value)
        raise UnsafeUseError(f"{name} must be a str, a Secret or None, not {kind.__name__}.")
    secret: Secret = hidden(value)
    if not secret.reveal():
        raise UnsafeUseError(f"{name} is empty; leave it out if there is none.")
    return secret


def _fits_header(secret: Secret) -> bool:
    text = secret.reveal()
    return text.isascii() and text.isprintable() and " " not in text


def _text(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


@attrs.frozen(init=False)
class Tokens:
    """What a session holds. A session without a refresh token ends when its access token expires.

    Raises:
        UnsafeUseError: a token is neither `str`, `Secret` nor `None`, or it is empty, or holds a space, a line break, a
            control or a non-ASCII character, so that no header can carry it; or both are `None`: no session is `None`,
            not `Tokens(None, None)`.
    """

    access_token: Secret | None
    refresh_token: Secret | None

    def __init__(self, access_token: str | Secret | None = None, refresh_token: str | Secret | None = None) -> None:
        access_token, refresh_token = masked(access_token), masked(refresh_token)
        # Refused tokens are in the frames of their refusal, and must have a repr there.
        for name in ("access_token", "refresh_token"):
            object.__setattr__(self, name, None)
        object.__setattr__(self, "access_token", _secret("access_token", access_token))
        object.__setattr__(self, "refresh_token", _secret("refresh_token", refresh_token))
        # A traceback with locals must not show what the errors below keep to themselves.
        del access_token, refresh_token
        if self.access_token is None and self.refresh_token is None:
            raise UnsafeUseError("Neither an access token nor a refresh token was given; no session is None.")
        for name, secret in (("access_token", self.access_token), ("refresh_token", self.refresh_token)):
            if secret is not None and not _fits_header(secret):
                raise UnsafeUseError(f"{name} holds a space, a line break, a control or a non-ASCII character.")

    def reveal(self) -> dict[str, str | None]:
        """The plain texts, to be saved where only their owner can read them; `Tokens(**saved)` brings them back."""
        return {"access_token": _text(self.access_token), "refresh_token": _text(self.refresh_token)}


@runtime_checkable
class AsyncTokenStore(Protocol):
    """A store that async apps can use: it keeps the tokens of one session, or none when nobody is signed in.

    Two store objects are two stores, even over the same file or key; calls with the same object share one refresh.
    """

    @abstractmethod
    async def aload(self) -> Tokens | None:
        """The tokens, `None` when signed out. Asked before every call."""

    @abstractmethod
    async def asave(self, tokens: Tokens | None, /) -> None:
        """Replace whatever is kept: a sign-in, or with `None` a sign-out."""

    @abstractmethod
    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        """Replace the tokens if the kept refresh token is the expected one (`None`: there is none), in one atomic step.

        Returns whether it did. A refresh or sign-out that comes late thereby leaves a newer sign-in alone.
        """

    async def abegin_refresh(self) -> str | None:
        """A ticket for `aend_refresh`, or `None` while another process has one: wait, load again, ask again.

        It only spares needless refreshes and expires by itself; stores that no other process shares grant every one.
        """
        return "alone"

    async def aend_refresh(self, ticket: str, /) -> None:
        """Give the ticket back, however the refresh ended."""
        del ticket  # To mypy a protocol method without a statement is abstract.


@runtime_checkable
class TokenStore(AsyncTokenStore, Protocol):
    """A store that blocking apps can use, and async apps too: there its methods run in worker threads.

    A cancelled async call may still have its effect, for nothing stops the thread. Two store objects are two stores,
    even over the same file or key; calls with the same object share one refresh.
    """

    @abstractmethod
    def load(self) -> Tokens | None:
        """The tokens, `None` when signed out. Asked before every call."""

    @abstractmethod
    def save(self, tokens: Tokens | None, /) -> None:
        """Replace whatever is kept: a sign-in, or with `None` a sign-out."""

    @abstractmethod
    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        """Replace the tokens if the kept refresh token is the expected one (`None`: there is none), in one atomic step.

        Returns whether it did. A refresh or sign-out that comes late thereby leaves a newer sign-in alone.
        """

    def begin_refresh(self) -> str | None:
        """A ticket for `end_refresh`, or `None` while another process has one: wait, load again, ask again.

        It only spares needless refreshes and expires by itself; stores that no other process shares grant every one.
        """
        return "alone"

    def end_refresh(self, ticket: str, /) -> None:
        """Give the ticket back, however the refresh ended."""
        del ticket  # To mypy a protocol method without a statement is abstract.

    async def aload(self) -> Tokens | None:
        return await _in_thread(self.load)

    async def asave(self, tokens: Tokens | None, /) -> None:
        await _in_thread(self.save, tokens)

    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        return await _in_thread(self.compare_and_set, expected_refresh_token, tokens)

    async def abegin_refresh(self) -> str | None:
        return await _in_thread(self.begin_refresh)

    async def aend_refresh(self, ticket: str, /) -> None:
        await _in_thread(self.end_refresh, ticket)


def refresh_token_of(tokens: Tokens | None) -> Secret | None:
    """What `compare_and_set` compares."""
    return None if tokens is None else tokens.refresh_token


async def _in_thread(method: Callable[..., T], *args: object) -> T:
    import asyncio  # blocking programs never pay for it

    return await asyncio.to_thread(method, *args)
