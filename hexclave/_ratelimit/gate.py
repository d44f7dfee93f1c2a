"""One gate: the queue before it and the permits it has in hand. Nothing here waits; its owner does.

Methods are called with the owner's lock held, except for `refill`, which takes it itself.
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
    """How long somebody in the queue has to wait, in seconds."""

    closed: float
    """What is certain, because the gate is closed."""
    queue: float
    """What those in front need; a cut or a faster pace may still change it."""

    @property
    def total(self) -> float:
        return self.closed + self.queue

    @property
    def nap(self) -> float:
        """When to ask again: early enough to profit from a pace that has grown."""
        queue = self.queue if self.queue <= _PRECISE else min(self.queue / 2, _LONGEST_NAP)
        return max(self.closed + queue, _SHORTEST_NAP)


class Gate(Generic[P]):
    """First come, first served: whoever has the lower number goes first."""

    def __init__(self, pace: P, now: float) -> None:
        self.pace = pace
        self.busy_at = now
        """When somebody last had to wait or was refused."""
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
        """Whether there is no permit for `number`, and asking for more makes sense."""
        return bisect_left(self._queue, number) >= self._permits and now >= self.pace.opens - LEAD

    @property
    def wanted(self) -> int:
        """Permits to ask for."""
        return len(self._queue) - self._permits

    def refill(self, lock: Lock, clock: Clock) -> Steps[None]:
        """Ask the pace for permits; the lock is not held while a step is performed."""
        with lock:
            self.take(self.pace.grant(clock.monotonic(), self.wanted))
        yield from ()

    def learn(self, change: Callable[[P], None]) -> None:
        """Change the pace."""
        change(self.pace)

    def take(self, lease: Lease | None) -> None:
        if lease is not None:
            # What is left over from before was due earlier, so it may as well be due just before the new permits.
            self._start = lease.start - self._permits * lease.interval
            self._interval = lease.interval
            self._permits += lease.count

    def give_back(self, opens: float) -> None:
        """Callers gave up, and the permits from `opens` on are free again."""
        self.pace.opens = min(self.pace.opens, opens)

    def close(self, now: float) -> None:
        """Give up the permits in hand: something was refused."""
        self._permits = 0
        self.busy_at = now

    def ask(self, number: int, now: float) -> Wait | None:
        """How long `number` has to wait; `None`: it may go and has left the queue."""
        place = bisect_left(self._queue, number)
        wait = self._wait_at(place, now)
        if place >= self._permits or wait.queue > 0:
            self.busy_at = now
            return wait
        # Whoever is late keeps its permit and does not hold up those behind it.
        del self._queue[place]
        self._permits -= 1
        self._start += self._interval
        return None

    def outlook(self, now: float) -> Wait:
        """How long somebody who joined now would have to wait."""
        return self._wait_at(len(self._queue), now)

    def _wait_at(self, place: int, now: float) -> Wait:
        if place >= self._permits:
            return Wait(max(self.pace.opens - now, 0.0), self.pace.seconds_for(place - self._permits))
        return Wait(0.0, max(self._start + place * self._interval - now, 0.0))
