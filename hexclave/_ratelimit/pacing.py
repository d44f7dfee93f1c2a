"""How fast calls may follow each other: the control law of the gates, as arithmetic on numbers and times.

A pace hands out permits: `grant` says when the next calls may go. Times are seconds of any one clock.
"""

import math
from typing import Final, Protocol

import attrs

LEAD: Final = 0.05
"""Permits are handed out at most this many seconds ahead, so that a cut soon takes hold everywhere."""
_SLACK: Final = 0.02
"""How late a permit may be used without being lost: threads and tasks wake up late."""
_SHORTEST_CLOSED: Final = 2 * LEAD
"""So that no permit handed out before a closing is mistaken for one of the time after it."""
LONGEST_CLOSED: Final = 300.0
"""Seconds a gate stays closed at most, whatever a reply asks for; then one call finds out."""
_FIRST_GUESS: Final = 1.0
_NEXT_GUESS: Final = 0.25
_LONGEST_GUESS: Final = 60.0
"""Seconds to stay closed where a 429 does not say: before anything is known, later, and at most."""

_FIRST_RATE: Final = 20.0
_GAIN: Final = 3.0
"""While the limit is unknown, each success adds this to the rate; in full use that doubles it every 0.23 s."""
_SLOWEST: Final = 0.05
_FASTEST: Final = 10_000.0
"""Bounds of the rate: one call in 20 s always finds out, and beyond the upper one no gate is needed."""

_DEPTH: Final = 0.03
"""How far below the believed limit the rate starts after a cut."""
_FIRST_PERIOD: Final = 2.5
_GROWTH: Final = 4.0
_PERIOD: Final = 40.0
_LONGEST_PERIOD: Final = 600.0
_FEW: Final = 5.0
"""Calls per second below which all times grow with the time between calls."""
_UNNOTICED: Final = 0.3
_LAG: Final = 1.0
"""A limiter refuses up to so many seconds after its limit was passed, because it allows bursts."""


@attrs.frozen
class Lease:
    """Leave for `count` calls: the first at `start`, then one every `interval` seconds."""

    start: float
    interval: float
    count: int


class Pace(Protocol):
    opens: float
    """When the next permit that is still free may be used."""

    def grant(self, now: float, wanted: int) -> Lease | None:
        """Up to `wanted` permits that may be used within `LEAD` seconds."""
        ...

    def seconds_for(self, permits: int) -> float:
        """How long after `opens` so many permits will have been handed out, if nothing is refused."""
        ...

    def bound(self, now: float) -> None:
        """Bring times that were stored elsewhere into the bounds of what this pace does itself."""
        ...


@attrs.define
class Ceiling:
    """A rate that the user set: `rate` per second, and `burst` at once after a pause."""

    rate: float
    burst: int
    opens: float = float("-inf")

    def grant(self, now: float, wanted: int) -> Lease | None:
        interval = 1 / self.rate
        saved = (self.burst - 1) * interval
        return _lease(self, max(self.opens, now - saved), interval, now, wanted)

    def seconds_for(self, permits: int) -> float:
        return permits / self.rate

    def bound(self, now: float) -> None:
        self.opens = min(self.opens, now + LEAD + 1 / self.rate)


@attrs.define
class Adaptive:
    """A rate that follows what a server refuses, additive upwards and multiplicative downwards.

    While the limit is unknown, every success adds to the rate. A refusal cuts the rate to just below the limit that it
    betrays. From there the rate comes back to that limit, stays near it for long, then leaves it upwards ever faster.
    The periods of this grow from cut to cut, so that refusals become rare.
    """

    opens: float
    cut: float
    """When the rate was last cut."""
    reopened: float = float("-inf")
    """The end of the last closing; a call let through before it says nothing about the rate since the cut."""
    limit: float | None = None
    """What the server is believed to allow, per second; `None` while nothing is known."""
    period: float = _FIRST_PERIOD
    """Seconds of full use from a cut back to the believed limit."""
    age: float = 0.0
    """Seconds of full use since the cut."""
    answered: int = 0
    """Calls not refused since the cut."""
    pressed: int = 0
    """Those of them that had to wait for their permit."""
    strikes: int = 0
    """Refusals since the last call that was not refused."""
    cold: bool = False
    """Whether the last guess how long to stay closed was too short, so that the rate starts low again."""

    @property
    def rate(self) -> float:
        rate = _FIRST_RATE + _GAIN * self.pressed
        if self.limit is not None:
            limited = self._rate_at(self.age, self.limit)
            rate = min(rate, limited) if self.cold else limited
        return min(max(rate, _SLOWEST), _FASTEST)

    def grant(self, now: float, wanted: int) -> Lease | None:
        return _lease(self, max(self.opens, now - _SLACK), 1 / self.rate, now, wanted)

    def seconds_for(self, permits: int) -> float:
        if self.limit is None:
            return math.log1p(permits * _GAIN / self.rate) / _GAIN
        return permits / self.rate

    def bound(self, now: float) -> None:
        self.opens = min(self.opens, now + LONGEST_CLOSED)
        # Calls let through before it count for nothing, so one that lies ahead would end all adapting.
        self.reopened = min(self.reopened, self.opens)
        self.cut = min(self.cut, now)

    def succeed(self, granted: float, waited: bool) -> None:
        """A call that was let through at `granted` was not refused; `waited` for its permit or not."""
        if granted < self.reopened:
            return
        self.answered += 1
        self.strikes = 0
        # Calls that need not wait try out nothing: a rate that is not used up says little about the limit.
        if waited:
            self.age += 1 / self.rate
            self.pressed += 1

    def refuse(self, now: float, granted: float, wait: float | None, announced: float | None) -> None:
        """A call that was let through at `granted` was refused.

        `wait` and `announced` are what the server said, if anything: the seconds until it accepts calls again, and its
        limit per second.
        """
        late = granted < self.reopened
        if late and wait is None:
            return  # It was on its way before the last cut and says nothing new.
        # A server that goes on refusing after the wait it named is asked ever less often all the same.
        closed = wait or 0.0
        if not late and (wait is None or self.strikes):
            closed = max(closed, self._guess(_FIRST_GUESS if wait is None and self.limit is None else _NEXT_GUESS))
        self.opens = max(self.opens, now + max(closed, _SHORTEST_CLOSED))
        self.reopened = self.opens
        if late:
            return
        self.strikes += 1
        # Refused again without a success in between: it was opened too early, and the rate is not to blame.
        self.cold = not self.answered
        if self.answered:
            self._learn(now, closed)
            self.cut, self.age, self.answered, self.pressed = now, 0.0, 0, 0
        if announced is not None and (self.limit is None or announced < self.limit):
            self.limit, self.period = announced, _PERIOD

    @property
    def _stretch(self) -> float:
        """By how much all times are longer because calls are few."""
        return 1.0 if self.limit is None else max(1.0, _FEW / self.limit)

    def _guess(self, first: float) -> float:
        return min(first * self._stretch * 2.0 ** min(self.strikes, 10), _LONGEST_GUESS)

    def _learn(self, now: float, closed: float) -> None:
        rate, stretch = self.rate, self._stretch
        # Refused at both ends, so what was accepted in between is the least that the server allows.
        least = min(self.answered / (now - self.cut), rate) if now > self.cut else 0.0
        if self.limit is None:
            self.limit = max(math.sqrt(least * rate), _SLOWEST)
            self.period = _FIRST_PERIOD * self._stretch
        else:
            earlier = self._rate_at(max(self.age - _LAG * stretch, 0.0), self.limit)
            unnoticed = rate / (1 + min(_UNNOTICED * stretch / max(self.age, _UNNOTICED), 1.0))
            if self.age < 1.5 * _LAG * stretch or rate > 4 * self.limit:
                # Refused at once or far above the last limit: little is known about the limit, so look closer again.
                self.period = _FIRST_PERIOD * stretch
            elif self.age > 3 * _LAG * stretch:
                self.period *= _GROWTH
            self.limit = max(least, min(earlier, unnoticed), _SLOWEST)
        # A refusal should cost neither more than 5 % of the time nor be more than one call in a hundred.
        self.period = min(self.period, max(_PERIOD, 20 * closed, 100 / self.limit), _LONGEST_PERIOD)

    def _rate_at(self, age: float, limit: float) -> float:
        return limit * (1 + _DEPTH * (age / self.period - 1) ** 3)


def _lease(pace: Pace, start: float, interval: float, now: float, wanted: int) -> Lease | None:
    ahead = now + LEAD - start
    if ahead < 0 or wanted < 1:
        return None
    count = min(wanted, int(ahead / interval) + 1)
    pace.opens = start + count * interval
    return Lease(start, interval, count)
