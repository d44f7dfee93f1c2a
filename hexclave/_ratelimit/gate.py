"""A gate: a FIFO queue of calls and the permits for them. It never blocks; its owner waits.

Methods are called with the owner's lock held, except for `refill`, which acquires it.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from hexclave._ratelimit.pacing import LEAD, Adaptive, Ceiling, Lease
from hexclave._steps import Steps

P = TypeVar("P", bound=Adaptive | Ceiling)

_PRECISE: Final = 0.1
_LONGEST_NAP: Final = 0.5
_SHORTEST_NAP: Final = 0.001


class Clock(Protocol):
    """Seconds; the `time` module is one."""

    def monotonic(self) -> float: ...
    def time(self) -> float: ...


class Wait(NamedTuple):
    """Seconds that a call in the queue has to wait."""

    closed: float
    """Until the gate opens."""
    queue: float
    """Estimate for the calls ahead, which changes with the rate."""

    @property
    def total(self) -> float:
        return self.closed + self.queue

    @property
    def nap(self) -> float:
        """Seconds until the next check, short enough to benefit from an increased rate."""
        queue = self.queue if self.queue <= _PRECISE else min(self.queue / 2, _LONGEST_NAP)
        return max(self.closed + queue, _SHORTEST_NAP)


class Gate(Generic[P]):
    """A FIFO gate: lower numbers go first."""

    def __init__(self, pace: P, now: float) -> None:
        self.pace = pace
        self.busy_at = now
        """When a call last had to wait or got a 429."""
        self._queue: list[int] = []
        self._permits = 0
        self._start = now
        self._interval = 0.0

    @property
    def empty(self) -> bool:
        return not self._queue

    def idle_since(self, time: float) -> bool:
        return not self._queue and max(self.busy_at, self.pace.opens) < time

    def join(self, number: int) -> None:
        if not self._queue and self._permits:
            self.give_back(self._start)
            self._permits = 0
        insort(self._queue, number)

    def leave(self, number: int) -> None:
        place = bisect_left(self._queue, number)
        if place < len(self._queue) and self._queue[place] == number:
            del self._queue[place]

    def lacks_permits(self, number: int, now: float) -> bool:
        """Return whether `number` has no permit and more can be requested."""
        return bisect_left(self._queue, number) >= self._permits and now >= self.pace.opens - LEAD

    @property
    def wanted(self) -> int:
        """Number of permits to request."""
        return len(self._queue) - self._permits

    def refill(self, lock: Lock, clock: Clock) -> Steps[None]:
        """Request permits from the pace; the lock is not held during steps."""
        with lock:
            self.take(self.pace.grant(clock.monotonic(), self.wanted))
        yield from ()

    def learn(self, change: Callable[[P], None]) -> None:
        """Change the pace."""
        change(self.pace)

    def take(self, lease: Lease | None) -> None:
        if lease is not None:
            # Unused permits were due earlier, so they become due just before the new ones.
            self._start = lease.start - self._permits * lease.interval
            self._interval = lease.interval
            self._permits += lease.count

    def give_back(self, opens: float) -> None:
        """Return the unused permits from `opens` on."""
        self.pace.opens = min(self.pace.opens, opens)

    def close(self, now: float) -> None:
        """Drop all permits after a 429."""
        self._permits = 0
        self.busy_at = now

    def ask(self, number: int, now: float) -> Wait | None:
        """Return the wait of `number`, or remove it from the queue and return `None` if it may go."""
        place = bisect_left(self._queue, number)
        wait = self._wait_at(place, now)
        if place >= self._permits or wait.queue > 0:
            self.busy_at = now
            return wait
        # A late call keeps its permit and does not block those behind it.
        del self._queue[place]
        self._permits -= 1
        self._start += self._interval
        return None

    def outlook(self, now: float) -> Wait:
        """Return the wait of a call that joined now."""
        return self._wait_at(len(self._queue), now)

    def _wait_at(self, place: int, now: float) -> Wait:
        if place >= self._permits:
            return Wait(max(self.pace.opens - now, 0.0), self.pace.seconds_for(place - self._permits))
        return Wait(0.0, max(self._start + place * self._interval - now, 0.0))
