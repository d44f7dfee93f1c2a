"""Rate limits: a gate before the calls of each limited scope, and the ceiling that a user may set.

A 429 closes the gate of its scope. Later calls wait there, first come first served, and are let through at a pace that
follows what the server accepts. A scope that was never refused has no gate; its calls pass for the price of a look-up.
"""

import itertools
import math
import threading
from bisect import bisect_left, insort
from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

import attrs

from hexclave._pacing import LEAD, Adaptive, Ceiling, Lease, Pace
from hexclave._ratelimit_headers import RateLimitInfo, read_rate_limit
from hexclave._steps import Sleep, Steps
from hexclave.errors import UnsafeUseError

LONGEST_CLOSED: Final = 300.0
"""Seconds a gate stays closed at most, whatever a reply asks for; then one call finds out."""
_FORGET: Final = 300.0
"""Seconds without a wait or a refusal after which a scope counts as unlimited again."""
_MOST_GATES: Final = 1_000
_PRECISE: Final = 0.1
_LONGEST_NAP: Final = 0.5
_SHORTEST_NAP: Final = 0.001


class Clock(Protocol):
    """Seconds; the `time` module is one."""

    def monotonic(self) -> float: ...
    def time(self) -> float: ...


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


@attrs.define(eq=False)
class Ticket:
    """One attempt at the gates."""

    scope: Scope
    number: int
    """Its place in every queue; of two, the lower came first."""
    passed: float | None = None
    """When the gate of the scope let it through; `None` if there was none."""


class _Gate:
    """A queue and the permits it has in hand. Guarded by the lock of the gates."""

    def __init__(self, pace: Pace, now: float) -> None:
        self.pace = pace
        self.busy_at = now
        """When somebody last had to wait or was refused."""
        self.queue: list[int] = []
        self._start = now
        self._interval = 0.0
        self._permits = 0

    def lacks_permits(self, number: int, now: float) -> bool:
        """Whether there is none for `number`, and asking for more makes sense."""
        return bisect_left(self.queue, number) >= self._permits and now >= self.pace.opens - LEAD

    @property
    def wanted(self) -> int:
        return len(self.queue) - self._permits

    def take(self, lease: Lease | None) -> None:
        if lease is not None:
            # Permits left over from before lie in the past, so they may as well be due just before the new ones.
            self._start = lease.start - self._permits * lease.interval
            self._interval = lease.interval
            self._permits += lease.count

    def drop_permits(self, now: float) -> None:
        self._permits = 0
        self.busy_at = now

    def ask(self, number: int, now: float) -> "_Wait | None":
        """How long `number` has to wait; `None`: it may go and has left the queue."""
        place = bisect_left(self.queue, number)
        if place >= self._permits:
            self.busy_at = now
            closed = max(self.pace.opens - now, 0.0)
            return _Wait(closed, self.pace.seconds_for(place - self._permits))
        # Whoever is late keeps its permit and does not hold up those behind it.
        due = self._start + place * self._interval
        if now < due:
            self.busy_at = now
            return _Wait(0.0, due - now)
        del self.queue[place]
        self._permits -= 1
        self._start += self._interval
        return None

    def leave(self, number: int) -> None:
        place = bisect_left(self.queue, number)
        if place < len(self.queue) and self.queue[place] == number:
            del self.queue[place]

    def forgotten(self, now: float) -> bool:
        return not self.queue and now > max(self.busy_at, self.pace.opens) + _FORGET


class _Wait(NamedTuple):
    closed: float
    """Seconds that are certain."""
    queue: float
    """Seconds that others, a cut or a faster pace may still change."""

    @property
    def total(self) -> float:
        return self.closed + self.queue

    @property
    def nap(self) -> float:
        """Seconds after which to ask again: early enough to profit from a pace that has grown."""
        queue = self.queue if self.queue <= _PRECISE else min(self.queue / 2, _LONGEST_NAP)
        return max(self.closed + queue, _SHORTEST_NAP)


class Gates:
    """The gates of an app and of the apps derived from it, for any number of threads and event loops at once.

    Nothing is locked while a call waits. A forked process needs gates of its own.
    """

    def __init__(self, *, ceiling: RateLimit | None = None) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._gates: dict[Scope, _Gate] = {}
        self._ceiling = None if ceiling is None else _Gate(Ceiling(ceiling.per_second, ceiling.burst), now=-math.inf)

    def admit(
        self,
        scope: Scope,
        *,
        deadline: float | None,
        clock: Clock,
        longest_closed: float = math.inf,
        again: Ticket | None = None,
    ) -> Steps[Ticket]:
        """A ticket, once the call may be sent. `deadline` is in seconds of `clock.monotonic()`.

        `longest_closed` are the seconds that a closed gate may cost; `again` is the ticket of the attempt before, which
        keeps its place in the queue.

        Raises:
            WaitTooLong: the call would be let through after `deadline`, or the gate stays closed for too long.
        """
        ticket = Ticket(scope, next(self._numbers) if again is None else again.number)
        gate = self._gates.get(scope)
        if gate is not None:
            yield from self._pass(gate, ticket, deadline, clock, longest_closed)
            ticket.passed = clock.monotonic()
        if self._ceiling is not None:
            yield from self._pass(self._ceiling, ticket, deadline, clock, longest_closed)
        return ticket

    def settle(self, ticket: Ticket, status: int | None, headers: Mapping[str, str], *, clock: Clock) -> None:
        """Learn from the outcome of an attempt; `status` is `None` where no reply came."""
        limited = status == 429
        if status is None or not (limited or ticket.scope in self._gates):
            return
        info = read_rate_limit(headers, now=clock.time())
        now = clock.monotonic()
        with self._lock:
            gate = self._gates.get(ticket.scope)
            passed = ticket.passed
            if gate is None:
                if not limited:
                    return
                self._forget(now)
                gate = self._gates[ticket.scope] = _Gate(Adaptive(now, now, now), now)
                passed = now
            pace = gate.pace
            assert isinstance(pace, Adaptive)
            if not limited:
                pace.succeed(passed)
            else:
                wait = None if info.wait is None else min(info.wait, LONGEST_CLOSED)
                pace.refuse(now, passed, wait, _announced(info))
                gate.drop_permits(now)

    def _pass(
        self, gate: _Gate, ticket: Ticket, deadline: float | None, clock: Clock, longest_closed: float
    ) -> Steps[None]:
        with self._lock:
            insort(gate.queue, ticket.number)
        try:
            while True:
                now = clock.monotonic()
                with self._lock:
                    if gate.lacks_permits(ticket.number, now):
                        gate.take(gate.pace.grant(now, gate.wanted))
                    wait = gate.ask(ticket.number, now)
                if wait is None:
                    return
                if wait.closed > longest_closed or (deadline is not None and now + wait.total > deadline):
                    raise WaitTooLong(wait.total)
                yield Sleep(wait.nap)
        finally:
            with self._lock:
                gate.leave(ticket.number)

    def _forget(self, now: float) -> None:
        for scope in [scope for scope, gate in self._gates.items() if gate.forgotten(now)]:
            del self._gates[scope]
        if len(self._gates) >= _MOST_GATES:
            idle = [scope for scope, gate in self._gates.items() if not gate.queue]
            if idle:
                del self._gates[min(idle, key=lambda scope: self._gates[scope].busy_at)]


def _announced(info: RateLimitInfo) -> float | None:
    """The limit per second that a reply names; that of a long window would forbid the bursts it allows."""
    if info.limit and info.window and info.window <= 60:
        return info.limit / info.window
    return None
