"""Tokens of a session, and the protocols of token stores."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final, Protocol, TypeVar, runtime_checkable

from hexclave.credentials import as_secret
from hexclave.errors import UnsafeUseError
from hexclave_api.secret import Secret, hidden
from hexclave_api.value import Value

REFRESH_LEASE: Final = 15.0
"""Seconds after which a ticket of `begin_refresh` expires, so that a crashed process does not block others."""


T = TypeVar("T")


def _secret(name: str, value: object) -> Secret | None:
    if value is None:
        return None
    if not isinstance(value, str | Secret):
        kind = value if isinstance(value, type) else type(value)
        raise UnsafeUseError(f"{name} must be a str, a Secret or None, not {kind.__name__}.")
    secret: Secret = hidden(value)
    if not secret.reveal():
        raise UnsafeUseError(f"{name} is empty: omit it or pass None.")
    return secret


def _fits_header(secret: Secret) -> bool:
    text = secret.reveal()
    return text.isascii() and text.isprintable() and " " not in text


def _text(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


class Tokens(Value):
    """The tokens of a session. A session without a refresh token ends when its access token expires.

    Raises:
        UnsafeUseError: a token is not a `str`, `Secret` or `None`, is empty, or contains spaces, control or non-ASCII
            characters, which headers cannot carry; or both are `None`: use `None` instead of `Tokens(None, None)`.
    """

    access_token: Secret | None
    refresh_token: Secret | None

    def __init__(self, access_token: str | Secret | None = None, refresh_token: str | Secret | None = None) -> None:
        access_token, refresh_token = as_secret(access_token), as_secret(refresh_token)
        # Needed by the repr if a traceback with locals shows invalid tokens.
        fields = vars(self)
        fields.update(access_token=None, refresh_token=None)
        fields["access_token"] = _secret("access_token", access_token)
        fields["refresh_token"] = _secret("refresh_token", refresh_token)
        # A traceback with locals must not show the tokens.
        del access_token, refresh_token
        if self.access_token is None and self.refresh_token is None:
            raise UnsafeUseError("Tokens needs an access token or a refresh token: use None for no session.")
        for name, secret in (("access_token", self.access_token), ("refresh_token", self.refresh_token)):
            if secret is not None and not _fits_header(secret):
                raise UnsafeUseError(f"{name} contains a space, line break, control character or non-ASCII character.")

    def reveal(self) -> dict[str, str | None]:
        """Return the plain tokens, to be saved where only their owner can read them; restore with `Tokens(**saved)`."""
        return {"access_token": _text(self.access_token), "refresh_token": _text(self.refresh_token)}


@runtime_checkable
class AsyncTokenStore(Protocol):
    """A token store for async apps: the tokens of one session, or none when signed out.

    Calls with the same store object share a token refresh; two objects for the same file or key do not.
    """

    @abstractmethod
    async def aload(self) -> Tokens | None:
        """Return the tokens, or `None` when signed out. Called before every call to the API."""

    @abstractmethod
    async def asave(self, tokens: Tokens | None, /) -> None:
        """Store the tokens unconditionally, after a sign-in; `None` after a sign-out."""

    @abstractmethod
    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        """Atomically replace the tokens if the stored refresh token is the expected one (`None`: there is none).

        Return whether they were replaced. This keeps a late refresh or sign-out from overwriting a newer sign-in.
        """

    async def abegin_refresh(self) -> str | None:
        """Return a ticket for `aend_refresh`, or `None` while another process refreshes: then wait and load again.

        Tickets only avoid duplicate refreshes and expire. Stores that processes do not share always return one.
        """
        return "alone"

    async def aend_refresh(self, ticket: str, /) -> None:
        """Return the ticket, whether or not the refresh succeeded."""
        del ticket  # mypy treats a protocol method without a statement as abstract.


@runtime_checkable
class TokenStore(AsyncTokenStore, Protocol):
    """A token store for blocking apps, and for async apps, which call its methods in worker threads.

    A cancelled async call may still take effect, because the thread continues. Calls with the same store object share a
    token refresh; two objects for the same file or key do not.
    """

    @abstractmethod
    def load(self) -> Tokens | None:
        """Return the tokens, or `None` when signed out. Called before every call to the API."""

    @abstractmethod
    def save(self, tokens: Tokens | None, /) -> None:
        """Store the tokens unconditionally, after a sign-in; `None` after a sign-out."""

    @abstractmethod
    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        """Atomically replace the tokens if the stored refresh token is the expected one (`None`: there is none).

        Return whether they were replaced. This keeps a late refresh or sign-out from overwriting a newer sign-in.
        """

    def begin_refresh(self) -> str | None:
        """Return a ticket for `end_refresh`, or `None` while another process refreshes: then wait and load again.

        Tickets only avoid duplicate refreshes and expire. Stores that processes do not share always return one.
        """
        return "alone"

    def end_refresh(self, ticket: str, /) -> None:
        """Return the ticket, whether or not the refresh succeeded."""
        del ticket  # mypy treats a protocol method without a statement as abstract.

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
    """Return the refresh token, which `compare_and_set` compares."""
    return None if tokens is None else tokens.refresh_token


async def _in_thread(method: Callable[..., T], *args: object) -> T:
    import asyncio  # imported here because blocking apps do not need it

    return await asyncio.to_thread(method, *args)
