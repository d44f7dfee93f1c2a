"""Rate limits: a gate before the calls of each limited scope, and the ceiling that a user may set.

A 429 closes the gate of its scope. Later calls wait there, first come first served, and are let through at a pace that
follows what the server accepts. A scope that was never refused has no gate; its calls pass for the price of a look-up.
"""

import itertools
import math
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from hexclave._steps import Sleep, Steps
from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from hexclave._ratelimit.gate import Clock, Gate, P, Wait
    from hexclave._ratelimit.headers import RateLimitInfo
    from hexclave._ratelimit.pacing import Adaptive, Ceiling
    from hexclave._ratelimit.shared_gate import SharedState

__all__ = ["RateLimit"]

_FORGET: Final = 300.0
"""Seconds without a wait or a refusal after which a scope counts as unlimited again."""
_MOST_GATES: Final = 1_000
_LONGEST_WINDOW: Final = 60.0


class Scope(NamedTuple):
    """The calls that share one limit: limits vary by endpoint and access type."""

    project_id: str
    access: str
    method: str
    template: str


class WaitTooLong(Exception):
    """The gate will not open in time; known before any waiting."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after
        """Seconds until the call would be let through."""


def _positive(_: object, attribute: "attrs.Attribute[float]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UnsafeUseError(f"RateLimit: {attribute.name} must be a positive finite number, not {value!r}.")


def _at_least_one(_: object, attribute: "attrs.Attribute[int]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnsafeUseError(f"RateLimit: {attribute.name} must be a whole number from 1, not {value!r}.")


@attrs.frozen
class RateLimit:
    """A ceiling over all calls of an app: `per_second` in the long run, `burst` at once after a pause.

    Raises:
        UnsafeUseError: a value is out of its range.
    """

    per_second: float = attrs.field(validator=_positive)
    burst: int = attrs.field(default=1, validator=_at_least_one)

    @classmethod
    def of(cls, value: "RateLimit | float | None") -> "RateLimit | None":
        """A number is that of calls per second.

        Raises:
            UnsafeUseError: it is neither that nor a `RateLimit`.
        """
        if value is None or isinstance(value, RateLimit):
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UnsafeUseError(f"rate_limit must be a RateLimit, calls per second or None, not {value!r}.")
        return cls(value)


class Ticket:
    """One attempt at the gates."""

    __slots__ = ("number", "passed", "scope", "waited")

    def __init__(self, scope: Scope, number: int = 0, passed: float = -math.inf) -> None:
        self.scope: Scope = scope
        self.number: int = number
        """Its place in every queue; of two, the lower came first."""
        self.passed: float = passed
        """When the gate of the scope let it through; in the infinite past if there was none."""
        self.waited: bool = False
        """Whether that gate made it wait."""


class Gates:
    """The gates of an app and of the apps derived from it, for any number of threads and event loops at once.

    Nothing is locked while a call waits. A forked process needs gates of its own. With `shared`, the processes that use
    the same state share each limit and the ceiling.
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
        """Whether every call may be sent at once."""
        return not self._gates and self._ceiling is None

    def admit(
        self, scope: Scope, *, deadline: float | None, clock: "Clock", longest_closed: float = math.inf
    ) -> Steps[Ticket]:
        """A ticket, once the call may be sent. `deadline` is in seconds of `clock.monotonic()`.

        `longest_closed` are the seconds that a closed gate may cost. A call that was refused comes again as a new one:
        kept in front, the same few calls would use up their attempts in finding out whether the gate may be opened.

        Raises:
            WaitTooLong: the call would be let through after `deadline`, or the gate stays closed for too long.
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
        """Seconds that a call which came now would wait, as far as can be told.

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
        """Learn from a reply; without one there is nothing to learn."""
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
        # The gates and their law are loaded with the first refusal, or for a ceiling: most programs never need them.
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
        """Whether there was a wait."""
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
    """The limit per second that a reply names; that of a long window would forbid the bursts that the server allows."""
    if info.limit and info.window and info.window <= _LONGEST_WINDOW:
        return info.limit / info.window
    return None
