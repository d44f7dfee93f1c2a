"""Rate limiting: one gate per limited scope, and an optional ceiling for all calls of an app.

A 429 closes the gate of its scope. Later calls queue there in FIFO order and are admitted at a rate that adapts to what
the server accepts. A scope without a 429 has no gate, so its calls cost only a dict lookup.
"""

import itertools
import math
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hexclave._steps import Sleep, Steps
from hexclave.errors import UnsafeUseError
from hexclave_api.value import Value

if TYPE_CHECKING:
    from hexclave._ratelimit.gate import Clock, Gate, P, Wait
    from hexclave._ratelimit.headers import RateLimitInfo
    from hexclave._ratelimit.pacing import Adaptive, Ceiling
    from hexclave._ratelimit.shared_gate import SharedState

__all__ = ["RateLimit"]

_FORGET: Final = 300.0
"""Seconds without a wait or a 429 after which a gate is removed."""
_MOST_GATES: Final = 1_000
_LONGEST_WINDOW: Final = 60.0


class Scope(NamedTuple):
    """The calls that share a rate limit: limits vary by endpoint and access type."""

    project_id: str
    access: str
    method: str
    template: str


class WaitTooLong(Exception):
    """Raised without waiting if the gate will not open in time."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after
        """Seconds until the call would be admitted."""


def _check(per_second: object, burst: object) -> None:
    if isinstance(per_second, bool) or not isinstance(per_second, (int, float)) or not 0 < per_second < math.inf:
        raise UnsafeUseError(f"RateLimit: per_second must be a positive finite number, not {per_second!r}.")
    if isinstance(burst, bool) or not isinstance(burst, int) or burst < 1:
        raise UnsafeUseError(f"RateLimit: burst must be a positive integer, not {burst!r}.")


class RateLimit(Value):
    """A limit for all calls of an app: `per_second` on average, and up to `burst` at once after a pause.

    Raises:
        UnsafeUseError: a value is out of range.
    """

    per_second: float
    burst: int

    def __init__(self, per_second: float, burst: int = 1) -> None:
        _check(per_second, burst)
        vars(self).update(per_second=per_second, burst=burst)

    @classmethod
    def of(cls, value: "RateLimit | float | None") -> "RateLimit | None":
        """Convert a number of calls per second to a `RateLimit`.

        Raises:
            UnsafeUseError: it is neither a number nor a `RateLimit`.
        """
        if value is None or isinstance(value, RateLimit):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UnsafeUseError(
                f"rate_limit must be a RateLimit, a number of calls per second or None, not {value!r}."
            )
        return cls(value)


class Ticket:
    """An admitted attempt."""

    __slots__ = ("number", "passed", "scope", "waited")

    def __init__(self, scope: Scope, number: int = 0, passed: float = -math.inf) -> None:
        self.scope: Scope = scope
        self.number: int = number
        """Position in every queue; lower numbers came first."""
        self.passed: float = passed
        """When the gate of the scope admitted it; `-inf` if there was no gate."""
        self.waited: bool = False
        """True if it had to wait at that gate."""


class Gates:
    """The gates of an app and its derived apps. Thread-safe, also across event loops.

    No lock is held while a call waits. A forked process needs its own gates. With `shared`, processes that use the same
    state share each limit and the ceiling.
    """

    def __init__(self, *, ceiling: RateLimit | None = None, shared: "SharedState | None" = None) -> None:
        self._shared = shared
        self._ceiling = ceiling
        self._ceiling_gate: Gate[Ceiling] | None = None
        self._gates: dict[Scope, Gate[Adaptive]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @property
    def are_open(self) -> bool:
        """True if every call may be sent without waiting."""
        return not self._gates and self._ceiling is None

    def admit(
        self, scope: Scope, *, deadline: float | None, clock: "Clock", longest_closed: float = math.inf
    ) -> Steps[Ticket]:
        """Wait until the call may be sent and return its ticket. `deadline` is a time of `clock.monotonic()`.

        `longest_closed` is the maximum number of seconds to wait at a closed gate. A retry after a 429 queues at the
        end: at the front, the same few calls would use up their attempts on probing whether the limit is over.

        Raises:
            WaitTooLong: the call would be admitted after `deadline`, or the gate stays closed for too long.
        """
        ticket = Ticket(scope, next(self._numbers))
        gate = self._gates.get(scope)
        if gate is not None:
            ticket.waited = yield from self._pass(gate, ticket, deadline, clock, longest_closed)
            ticket.passed = clock.monotonic()
        if self._ceiling is not None:
            yield from self._pass(self._gate_of(self._ceiling, scope, clock), ticket, deadline, clock, longest_closed)
        return ticket

    def wait(self, scope: Scope, *, deadline: float | None, clock: "Clock", longest_closed: float) -> float:
        """Estimate the seconds that a new call would wait.

        Raises:
            WaitTooLong: as `admit` would.
        """
        with self._lock:
            now = clock.monotonic()
            gates: list[Gate[Any] | None] = [self._gates.get(scope), self._ceiling_gate]
            waits = [gate.outlook(now) for gate in gates if gate is not None]
        for wait in waits:
            _check_wait(wait, now, deadline, longest_closed)
        return max((wait.total for wait in waits), default=0.0)

    def settle(self, ticket: Ticket, status: int, headers: Mapping[str, str], *, clock: "Clock") -> None:
        """Adapt the rate to a reply."""
        scope, passed = ticket.scope, ticket.passed
        limited = status == 429
        if not limited and scope not in self._gates:
            return
        now = clock.monotonic()
        if not limited:
            with self._lock:
                gate = self._gates.get(scope)
                if gate is not None:
                    gate.learn(lambda pace: pace.succeed(passed, ticket.waited))
            return
        # Imported here because most programs never see a 429.
        from hexclave._ratelimit.headers import read_rate_limit
        from hexclave._ratelimit.pacing import LONGEST_CLOSED, Adaptive

        info = read_rate_limit(headers, now=clock.time())
        wait = None if info.wait is None else min(info.wait, LONGEST_CLOSED)
        announced = _announced(info)
        with self._lock:
            gate = self._gates.get(scope)
            if gate is None:
                self._forget(now)
                gate = self._gates[scope] = self._gate(Adaptive(now, now), now, ":".join(scope))
            gate.learn(lambda pace: pace.refuse(now, passed, wait, announced))
            gate.close(now)

    def _pass(
        self, gate: "Gate[P]", ticket: Ticket, deadline: float | None, clock: "Clock", longest_closed: float
    ) -> Steps[bool]:
        """Pass a gate and return whether the call had to wait."""
        number, waited = ticket.number, False
        with self._lock:
            gate.join(number)
        try:
            while True:
                with self._lock:
                    lacking = gate.lacks_permits(number, clock.monotonic())
                if lacking:
                    yield from gate.refill(self._lock, clock)
                with self._lock:
                    now = clock.monotonic()
                    wait = gate.ask(number, now)
                if wait is None:
                    return waited
                _check_wait(wait, now, deadline, longest_closed)
                waited = True
                yield Sleep(wait.nap)
        finally:
            with self._lock:
                gate.leave(number)

    def _gate(self, pace: "P", now: float, name: str) -> "Gate[P]":
        if self._shared is None:
            from hexclave._ratelimit.gate import Gate

            return Gate(pace, now)
        from hexclave._ratelimit.shared_gate import SharedGate

        return SharedGate(pace, now, self._shared, name)

    def _gate_of(self, ceiling: RateLimit, scope: Scope, clock: "Clock") -> "Gate[Ceiling]":
        from hexclave._ratelimit.pacing import Ceiling

        with self._lock:
            if self._ceiling_gate is None:
                pace = Ceiling(ceiling.per_second, ceiling.burst)
                self._ceiling_gate = self._gate(pace, clock.monotonic(), f"{scope.project_id}:{scope.access}")
            return self._ceiling_gate

    def _forget(self, now: float) -> None:
        for scope in [scope for scope, gate in self._gates.items() if gate.idle_since(now - _FORGET)]:
            del self._gates[scope]
        if len(self._gates) >= _MOST_GATES:
            empty = [scope for scope, gate in self._gates.items() if gate.empty]
            for scope in sorted(empty, key=lambda scope: self._gates[scope].busy_at)[
                : len(self._gates) - _MOST_GATES + 1
            ]:
                del self._gates[scope]


def _check_wait(wait: "Wait", now: float, deadline: float | None, longest_closed: float) -> None:
    if wait.closed > longest_closed or (deadline is not None and now + wait.total > deadline):
        raise WaitTooLong(wait.total)


def _announced(info: "RateLimitInfo") -> float | None:
    """Return the announced limit per second, or `None` for long windows, within which the server allows bursts."""
    if info.limit and info.window and info.window <= _LONGEST_WINDOW:
        return info.limit / info.window
    return None
