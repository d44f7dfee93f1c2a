"""How fast calls may follow each other: the control law of the gates, as arithmetic on numbers and times.

A pace hands out permits: `grant` says when the next calls may go. Times are seconds of any one clock.
"""

import math
from typing import Final, Protocol

import attrs

LEAD: Final = 0.05
"""Permits are handed out at most this many seconds ahead, so that a cut takes hold at once everywhere."""
SLACK: Final = 0.02
"""How late a permit may be used without being lost: threads and tasks wake up late."""
SHORTEST: Final = 2 * LEAD
"""Seconds a gate closes at least, so that permits already handed out are used up before the first new one."""
GUESS: Final = 1.0
"""Seconds to stay closed when a 429 does not say; doubled while nothing gets through."""
FIRST_RATE: Final = 20.0
GAIN: Final = 3.0
"""What each success adds to the rate while the limit is unknown: permits per second; doubles it every 0.35 s of full use."""
BURST: Final = 0.3
TRUST = 0.5
LAG = 1.0
GROW = 4.0
DEPTH: Final = 0.03
"""How far under the believed limit the rate starts after a cut, as a fraction of it."""
FIRST_PERIOD: Final = 2.5
PERIOD: Final = 60.0
LONGEST_PERIOD: Final = 600.0
SLOWEST: Final = 0.05
FASTEST: Final = 10_000.0


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

    def seconds_for(self, permits: int) -> float:
        """How long after `opens` so many permits will have been handed out, if nothing is refused."""


@attrs.define
class Ceiling:
    """A rate that the user set: `rate` per second, and `burst` at once after a pause."""

    rate: float
    burst: int
    opens: float = -math.inf

    def grant(self, now: float, wanted: int) -> Lease | None:
        interval = 1 / self.rate
        # The permit that is due now, and those saved up before it.
        start = max(self.opens, now - (self.burst - 1) * interval)
        return _lease(self, start, interval, now, wanted)

    def seconds_for(self, permits: int) -> float:
        return permits / self.rate


@attrs.define
class Adaptive:
    """A rate that follows what a server refuses.

    The limit is unknown at first: the rate grows by a constant with every success. A refusal cuts it to the limit just
    measured, then it nears that limit, stays there for long, and leaves it upwards ever faster if nothing is refused.
    """

    opens: float
    cut: float
    """When the rate was last cut."""
    reopened: float
    """The end of the last closing; a call let through before it says nothing about the rate since the cut."""
    limit: float | None = None
    """What the server is believed to allow, per second; `None` while nothing is known."""
    period: float = attrs.Factory(lambda: FIRST_PERIOD)
    """Seconds of full use from a cut back to the believed limit."""
    age: float = 0.0
    """Seconds of full use since the cut."""
    answered: int = 0
    """Calls not refused since the cut."""
    cold: bool = False
    strikes: int = 0
    """Cuts in a row without a call that was not refused."""

    @property
    def rate(self) -> float:
        if self.limit is None:
            rate = FIRST_RATE + GAIN * self.answered
        else:
            # After a closing that was too short, calls start slowly again.
            rate = self._rate_at(self.age)
            if self.cold:
                rate = min(rate, FIRST_RATE + GAIN * self.answered)
        return min(max(rate, SLOWEST), FASTEST)

    def _rate_at(self, age: float) -> float:
        return self.limit * (1 + DEPTH * (age / self.period - 1) ** 3)

    def grant(self, now: float, wanted: int) -> Lease | None:
        return _lease(self, max(self.opens, now - SLACK), 1 / self.rate, now, wanted)

    def seconds_for(self, permits: int) -> float:
        if self.limit is None:
            return math.log1p(permits * GAIN / self.rate) / GAIN
        return permits / self.rate

    def succeed(self, granted: float | None) -> None:
        """A call that was let through at `granted` was not refused."""
        if granted is None or granted < self.reopened:
            return
        self.age += 1 / self.rate
        self.answered += 1
        self.strikes = 0

    def refuse(self, now: float, granted: float | None, wait: float | None, hint: float | None) -> None:
        """A call was refused, or its reply says that the next one will be.

        `granted` is when the call was let through, `wait` and `hint` what the server said: seconds until it accepts calls
        again, and its limit per second.
        """
        stale = granted is None or granted < self.reopened
        if stale and wait is None:
            return  # It was on its way before the last cut and says nothing new.
        closed = (GUESS if self.limit is None else GUESS / 4) * 2**self.strikes if wait is None else wait
        self.opens = max(self.opens, now + max(closed, SHORTEST))
        reopened, self.reopened = self.reopened, self.opens
        if stale:
            return
        self.strikes += 1
        self.cold = not self.answered and wait is None
        if self.answered or hint is not None:
            self._learn(now, reopened, hint, closed)
            self.cut, self.age, self.answered = now, 0.0, 0

    def _learn(self, now: float, reopened: float, hint: float | None, closed: float) -> None:
        rate = self.rate
        # Refused at both ends, so the successes in between are what the server allows, unless it had permits to spare.
        least = min(self.answered / (now - self.cut), rate) if now > self.cut else 0.0
        if self.limit is None:
            if self.answered:
                self.limit = least ** (1 - TRUST) * rate**TRUST
        else:
            earlier = self._rate_at(max(self.age - LAG, 0.0))
            self.period = FIRST_PERIOD if rate > 4 * self.limit else self.period * GROW
            self.limit = max(least, min(earlier, rate / (1 + BURST / max(self.age, BURST))))
        if hint is not None and (self.limit is None or hint < self.limit):
            self.limit, self.period = hint, PERIOD
        if self.limit is not None:
            self.period = min(self.period, max(PERIOD, 20 * closed, 100 / self.limit), LONGEST_PERIOD)


def _lease(pace: Pace, start: float, interval: float, now: float, wanted: int) -> Lease | None:
    ahead = now + LEAD - start
    if ahead < 0 or wanted < 1:
        return None
    count = min(wanted, int(ahead / interval) + 1)
    pace.opens = start + count * interval
    return Lease(start, interval, count)
