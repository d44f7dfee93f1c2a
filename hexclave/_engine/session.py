"""The tokens of one user for one call: reuse while fresh, else one refresh that all who ask at the time share."""

import contextlib
import copy
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs

from hexclave._steps import Call, Sleep, Steps, Wait
from hexclave.errors import HexclaveError, TotalTimeout, UnreadableReplyError, UnsafeUseError
from hexclave.errors._sessions import RefreshTokenNotFoundOrExpired, SessionExpired
from hexclave.tokens import AsyncTokenStore, MemoryTokenStore, Tokens
from hexclave.tokens._freshness import clock_skew, is_fresh
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from concurrent.futures import Future

    from hexclave._engine.context import Context

T = TypeVar("T")

_ABANDONED: Final = object()
"""Outcome of a refresh that says nothing to those who wait for it: its caller was cancelled or ran out of time."""
_POLL: Final = 0.1
"""Seconds between looks at a store while another process refreshes."""


class Session:
    """One user's tokens in a store, as the calls of an app use them."""

    def __init__(self, store: AsyncTokenStore | Tokens) -> None:
        self.store: AsyncTokenStore = MemoryTokenStore(store) if isinstance(store, Tokens) else store

    def tokens(self, app: "Context", *, rejected: Tokens | None, deadline: float | None) -> Steps[Tokens | None]:
        """What to send: tokens with a fresh access token, or `None` when signed out.

        `rejected` are tokens that the API just refused; their access token counts as used up.

        Raises:
            SessionExpired: the API no longer accepts the refresh token; the store has been emptied.
            HexclaveError: the refresh failed; the store keeps what it had.
            Errors of the store's own reach the caller, and all who wait for the same refresh.
        """
        while True:
            tokens: Tokens | None = yield self.load()
            if tokens is None or self._may_be_sent(app, tokens, rejected):
                return tokens
            flight, leading = app.shared.flights.join(self.store)
            if leading:
                return (yield from self._lead(app, flight, rejected, deadline))
            timeout = None if deadline is None else max(0.0, deadline - app.clock.monotonic())
            if not (yield Wait(flight, timeout)):
                raise TotalTimeout("The call's time ended while it waited for a refresh of the session.")
            outcome = flight.result()
            if isinstance(outcome, HexclaveError):
                # A copy for each thread, because raising the same error in several would mix up their tracebacks.
                raise copy.copy(outcome)
            if isinstance(outcome, Exception):
                raise outcome  # The store's own error: nobody knows how to copy that.
            if outcome is not _ABANDONED:
                return cast("Tokens | None", outcome)

    def load(self) -> Call[Tokens | None]:
        return self._ask("load")

    def save(self, tokens: Tokens | None) -> Call[None]:
        """A sign-in, or with `None` a sign-out."""
        return self._ask("save", tokens)

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None) -> Call[bool]:
        return self._ask("compare_and_set", expected_refresh_token, tokens)

    def _ask(self, method: str, *arguments: object) -> Call[Any]:
        # Looked up when performed: a store for async apps has no blocking methods.
        return Call(
            lambda: getattr(self.store, method)(*arguments), lambda: getattr(self.store, f"a{method}")(*arguments)
        )

    def _may_be_sent(self, app: "Context", tokens: Tokens, rejected: Tokens | None) -> bool:
        if tokens.refresh_token is None:
            return True  # Nothing can be refreshed, and the API judges an access token better than our clock.
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
            raise  # This caller's time is over; the others may have more.
        except HexclaveError as error:
            outcome = error
            raise
        except _StoreFailed as failed:
            outcome = failure = failed.error
        else:
            return tokens
        finally:
            app.shared.flights.finish(self.store, flight, outcome)
        raise failure

    def _refreshed(self, app: "Context", rejected: Tokens | None, deadline: float | None) -> Steps[Tokens | None]:
        ticket: str | None = None
        try:
            while True:
                tokens = yield from _stored(self.load())
                if tokens is None or self._may_be_sent(app, tokens, rejected):
                    return tokens  # Somebody was quicker.
                if ticket is None:
                    ticket = yield from _stored(self._ask("begin_refresh"))
                    if ticket is None:
                        if deadline is not None and app.clock.monotonic() + _POLL > deadline:
                            raise TotalTimeout("The call's time ended while another process refreshed the session.")
                        yield Sleep(_POLL)
                    continue
                refreshed = yield from self._refresh(app, tokens, deadline)
                if refreshed is not None:
                    return refreshed
        except GeneratorExit:
            ticket = None  # Nothing can be asked any more; the ticket runs out by itself.
            raise
        finally:
            if ticket is not None:
                yield from _stored(self._ask("end_refresh", ticket))

    def _refresh(self, app: "Context", tokens: Tokens, deadline: float | None) -> Steps[Tokens | None]:
        """Fresh tokens, now in the store; `None` if somebody signed in or out meanwhile, so that the store decides."""
        from hexclave._engine.exchange import exchange
        from hexclave_api.operations.sessions import refresh_session

        total = None if deadline is None else max(0.001, deadline - app.clock.monotonic())
        alone = attrs.evolve(app, session=None, timeout=attrs.evolve(app.timeout, total=total))
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
        # Outside the `except`, so that the end of a session does not drag along the error that told it.
        if (yield from _stored(self.compare_and_set(tokens.refresh_token, None))):
            raise SessionExpired.of(expired)
        return None


class _StoreFailed(Exception):
    """Concerns everybody who waits for the refresh, unlike the error of a hook, which each app has its own of."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _stored(call: Call[T]) -> Steps[T]:
    """What the store answers during a refresh.

    Raises:
        _StoreFailed: it raised an error.
    """
    try:
        return (yield call)  # type: ignore[no-any-return]
    except Exception as error:
        raise _StoreFailed(error) from None


def received(access_token: object, refresh_token: object) -> Tokens:
    """Tokens out of a reply, which may hold anything.

    Raises:
        UnreadableReplyError: they are none.
    """
    with contextlib.suppress(TypeError, UnsafeUseError):
        return Tokens(cast(Any, access_token), cast(Any, refresh_token))
    del access_token, refresh_token
    raise _no_tokens()


def _no_tokens() -> UnreadableReplyError:
    return UnreadableReplyError("The API reported success, but what it sent are no tokens.")
