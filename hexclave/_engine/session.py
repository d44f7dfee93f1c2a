"""Tokens of a user's session: reused while fresh, otherwise refreshed once for all concurrent calls."""

import contextlib
import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from hexclave._engine.exchange import exchange
from hexclave._steps import Call, Sleep, Steps, Wait
from hexclave.errors import HexclaveError, TotalTimeout, UnreadableReplyError, UnsafeUseError
from hexclave.errors._sessions import RefreshTokenNotFoundOrExpired, SessionExpired
from hexclave.tokens import AsyncTokenStore, MemoryTokenStore, Tokens
from hexclave.tokens._freshness import clock_skew, is_fresh
from hexclave_api.secret import Secret
from hexclave_api.value import evolve

if TYPE_CHECKING:
    from concurrent.futures import Future

    from hexclave._engine.context import Context

T = TypeVar("T")

_ABANDONED: Final = object()
"""Outcome of a refresh that was abandoned because its caller was cancelled or timed out."""
_POLL: Final = 0.1
"""Seconds between polls of a store while another process refreshes."""


class Session:
    """A user's session: tokens in a store, and their refresh."""

    def __init__(self, store: AsyncTokenStore | Tokens) -> None:
        self.store: AsyncTokenStore = MemoryTokenStore(store) if isinstance(store, Tokens) else store

    def tokens(self, app: "Context", *, rejected: Tokens | None, deadline: float | None) -> Steps[Tokens | None]:
        """Return tokens with a fresh access token, or `None` when signed out.

        `rejected` are tokens that the API just rejected, so their access token is refreshed.

        Raises:
            SessionExpired: the API rejected the refresh token; the tokens were removed from the store.
            HexclaveError: the refresh failed; the store is unchanged.
            Exception: an error of the store, raised for all calls that wait for the same refresh.
        """
        while True:
            tokens: Tokens | None = yield self.load()
            if tokens is None or self._may_be_sent(app, tokens, rejected):
                return tokens
            flight, leading = app.shared.in_flight.join(self.store)
            if leading:
                return (yield from self._lead(app, flight, rejected, deadline))
            timeout = None if deadline is None else max(0.0, deadline - app.clock.monotonic())
            if not (yield Wait(flight, timeout)):
                raise TotalTimeout("The call timed out while waiting for a refresh of the session.")
            outcome = flight.result()
            if isinstance(outcome, HexclaveError):
                # A copy for each thread, because raising the same error in several would mix up their tracebacks.
                raise copy.copy(outcome)
            if isinstance(outcome, Exception):
                raise outcome  # An error of the store, which may not be copyable.
            if outcome is not _ABANDONED:
                return cast("Tokens | None", outcome)

    def load(self) -> Call[Tokens | None]:
        return self._ask("load")

    def save(self, tokens: Tokens | None) -> Call[None]:
        """Store the tokens of a sign-in; `None` after a sign-out."""
        return self._ask("save", tokens)

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None) -> Call[bool]:
        return self._ask("compare_and_set", expected_refresh_token, tokens)

    def _ask(self, method: str, *arguments: object) -> Call[Any]:
        # Looked up when called, because a store for async apps has no blocking methods.
        return Call(
            lambda: getattr(self.store, method)(*arguments), lambda: getattr(self.store, f"a{method}")(*arguments)
        )

    def _may_be_sent(self, app: "Context", tokens: Tokens, rejected: Tokens | None) -> bool:
        if tokens.refresh_token is None:
            return True  # It cannot be refreshed, and the API checks expiry better than our clock.
        if tokens.access_token is None:
            return False
        if rejected is not None and rejected.access_token == tokens.access_token:
            return False
        return is_fresh(tokens.access_token, app.clock.time() + app.shared.clock_skew)

    def _lead(
        self, app: "Context", flight: "Future[object]", rejected: Tokens | None, deadline: float | None
    ) -> Steps[Tokens | None]:
        outcome: object = _ABANDONED
        try:
            outcome = tokens = yield from self._refreshed(app, rejected, deadline)
        except TotalTimeout:
            raise  # Only this caller timed out; others may have more time.
        except HexclaveError as error:
            outcome = error
            raise
        except _StoreFailed as failed:
            outcome = failure = failed.error
        else:
            return tokens
        finally:
            app.shared.in_flight.finish(self.store, flight, outcome)
        raise failure

    def _refreshed(self, app: "Context", rejected: Tokens | None, deadline: float | None) -> Steps[Tokens | None]:
        ticket: str | None = None
        try:
            while True:
                tokens = yield from _stored(self.load())
                if tokens is None or self._may_be_sent(app, tokens, rejected):
                    return tokens  # Another process already refreshed them.
                if ticket is None:
                    ticket = yield from _stored(self._ask("begin_refresh"))
                    if ticket is None:
                        if deadline is not None and app.clock.monotonic() + _POLL > deadline:
                            raise TotalTimeout("The call timed out while another process refreshed the session.")
                        yield Sleep(_POLL)
                    continue
                refreshed = yield from self._refresh(app, tokens, deadline)
                if refreshed is not None:
                    return refreshed
        except GeneratorExit:
            ticket = None  # The store cannot be called any more; the ticket expires.
            raise
        finally:
            if ticket is not None:
                yield from _stored(self._ask("end_refresh", ticket))

    def _refresh(self, app: "Context", tokens: Tokens, deadline: float | None) -> Steps[Tokens | None]:
        """Refresh and store the tokens; return `None` if a sign-in or sign-out has changed the store meanwhile."""
        from hexclave_api.operations.sessions import refresh_session

        total = None if deadline is None else max(0.001, deadline - app.clock.monotonic())
        alone = app._replace(session=None, on_reply=None, timeout=evolve(app.timeout, total=total))
        try:
            answer = yield from exchange(alone, refresh_session(), tokens=tokens)
        except RefreshTokenNotFoundOrExpired as error:
            expired = error
        else:
            fresh = received(answer.access_token, tokens.refresh_token)
            if fresh.access_token is None:
                raise _no_tokens()
            app.shared.clock_skew = clock_skew(fresh.access_token, app.clock.time())
            return fresh if (yield from _stored(self.compare_and_set(tokens.refresh_token, fresh))) else None
        # Outside the `except`, so that the original error is not chained.
        if (yield from _stored(self.compare_and_set(tokens.refresh_token, None))):
            raise SessionExpired.of(expired)
        return None


class _StoreFailed(Exception):
    """An error of the store, which all waiting calls raise, unlike an error of a hook."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _stored(call: Call[T]) -> Steps[T]:
    """Call the store during a refresh.

    Raises:
        _StoreFailed: the store raised an error.
    """
    try:
        return (yield call)  # type: ignore[no-any-return]
    except Exception as error:
        raise _StoreFailed(error) from None


def received(access_token: object, refresh_token: object) -> Tokens:
    """Return the tokens of a reply after validating them.

    Raises:
        UnreadableReplyError: they are not tokens.
    """
    with contextlib.suppress(TypeError, UnsafeUseError):
        return Tokens(cast(Any, access_token), cast(Any, refresh_token))
    del access_token, refresh_token
    raise _no_tokens()


def _no_tokens() -> UnreadableReplyError:
    return UnreadableReplyError("The API reported success, but its reply does not contain valid tokens.")
