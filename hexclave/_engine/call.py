"""The state of a call, and when its next attempt may start."""

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hexclave._engine.context import Context
from hexclave.errors import (
    APIConnectionError,
    APIStatusError,
    ConnectTimeout,
    HexclaveError,
    ReadTimeout,
    TotalTimeout,
    TransportError,
)
from hexclave.ratelimit import Scope, WaitTooLong
from hexclave.retries import Answered, Failure, NoReply, NotSent
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from hexclave._events import WaitReason
    from hexclave._messages import Reply

E = TypeVar("E", bound=HexclaveError)


class Call:
    """The state of one call between its attempts."""

    def __init__(self, app: Context, operation: Operation[object]) -> None:
        self.app = app
        self.operation = operation
        self.hooks = app.observing_hooks
        self.attempt = 0
        self.reply: Reply | None = None
        """The reply to the last attempt, if somebody wants it."""
        self.last: HexclaveError | None = None
        """The failure of the previous attempt."""
        self.url = app.base_url + operation.url
        total = app.timeout.total
        self.deadline = None if total is None else app.clock.monotonic() + total

    @property
    def shown_url(self) -> str:
        """The URL without the query, which may contain secrets."""
        return self.url.partition("?")[0]

    @property
    def path(self) -> str:
        return self.shown_url[len(self.app.base_url) :]

    @property
    def host(self) -> str:
        scheme, name, port = self.app.origin
        return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"

    @property
    def scope(self) -> Scope:
        return Scope(self.app.project_id, self.app.access, self.operation.method, self.operation.template)

    def waited(self, reason: "WaitReason", since: float) -> None:
        """Report a wait, or none if it was too short to notice."""
        if self.hooks.on_wait is not None:
            from hexclave._engine.observing import waited

            waited(self, reason, self.app.clock.monotonic() - since)

    def remaining(self) -> float | None:
        """Return the seconds left for the whole call.

        Raises:
            TotalTimeout: no time is left.
        """
        if self.deadline is None:
            return None
        left = self.deadline - self.app.clock.monotonic()
        if left <= 0:
            raise self.located(
                TotalTimeout(f"The call did not complete within its total timeout of {self.app.timeout.total:g} s.")
            )
        return left

    def located(self, error: E) -> E:
        """Add the request to the error and return it."""
        error.operation, error.client_request_id = self.operation.name, self.app.client_request_id
        error.method, error.path, error.attempts = self.operation.method, self.path, self.attempt
        if isinstance(error, TransportError):
            error.host = self.host
        return error

    def pause_before_next(self, error: HexclaveError) -> "Pause | None":
        """Return the wait before the next attempt, or `None` if there is none."""
        failure = _failure(error)
        if failure is None:
            return None
        retries, gates, clock = self.app.retries, self.app.shared.local.gates, self.app.clock
        wait = retries.wait(failure, attempt=self.attempt, idempotent=self.operation.idempotent)
        if wait is None or (self.deadline is not None and clock.monotonic() + wait >= self.deadline):
            return None
        try:
            closed = gates.wait(
                self.scope, deadline=self.deadline, clock=clock, longest_closed=retries.longest_retry_after
            )
        except WaitTooLong:
            return None
        return Pause(wait, max(wait, closed))


class Pause(NamedTuple):
    """Seconds between two attempts."""

    chosen: float
    """Backoff of the retry policy."""
    expected: float
    """Including the wait for the rate limit."""


def _failure(error: HexclaveError) -> Failure | None:
    """Classify the failure of an attempt for the retry policy; `None` if retrying cannot help."""
    if isinstance(error, APIStatusError) and error.status is not None:
        return Answered(error.status, error.retry_after)
    if isinstance(error, (APIConnectionError, ConnectTimeout, ReadTimeout)):
        return NoReply() if error.sent else NotSent()
    return None
