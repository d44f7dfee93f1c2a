"""Pacing: the control law of the gates, as pure arithmetic.

A pace grants permits that say when the next calls may be sent. Times are in seconds of any single clock.
"""

import math
from typing import Final, Protocol

import attrs

LEAD: Final = 0.05
"""Permits are granted at most this many seconds ahead, so that a rate cut takes effect quickly everywhere."""
_SLACK: Final = 0.02
"""Seconds that a permit may be used late, because threads and tasks wake up late."""
_SHORTEST_CLOSED: Final = 2 * LEAD
"""Longer than `LEAD`, so that permits from before a closing are not mistaken for later ones."""
LONGEST_CLOSED: Final = 300.0
"""Maximum seconds that a gate stays closed, whatever a reply asks for; then one call probes."""
_FIRST_GUESS: Final = 1.0
_NEXT_GUESS: Final = 0.25
_LONGEST_GUESS: Final = 60.0
"""Seconds to stay closed after a 429 without a wait: initially, later, and at most."""

_FIRST_RATE: Final = 20.0
_GAIN: Final = 3.0
"""While the limit is unknown, each success adds this to the rate, which under full load doubles it every 0.23 s."""
_SLOWEST: Final = 0.05
_FASTEST: Final = 10_000.0
"""Bounds of the rate: a call every 20 s keeps probing, and above the upper bound no gate is needed."""

_DEPTH: Final = 0.03
"""The factor below the estimated limit at which the rate starts after a cut."""
_FIRST_PERIOD: Final = 2.5
_GROWTH: Final = 4.0
_PERIOD: Final = 40.0
_LONGEST_PERIOD: Final = 600.0
_FEW: Final = 5.0
"""Calls per second below which all periods grow with the interval between calls."""
_UNNOTICED: Final = 0.3
_LAG: Final = 1.0
"""Seconds that a 429 may come after the limit was exceeded, because the server allows bursts."""


@attrs.frozen
class Lease:
    """Permits for `count` calls: the first at `start`, then one every `interval` seconds."""

    start: float
    interval: float
    count: int


class Pace(Protocol):
    opens: float
    """When the next free permit may be used."""

    def grant(self, now: float, wanted: int) -> Lease | None:
        """Return up to `wanted` permits for the next `LEAD` seconds."""
        ...

    def seconds_for(self, permits: int) -> float:
        """Return the seconds after `opens` until this many permits are granted, without further 429s."""
        ...

    def bound(self, now: float) -> None:
        """Limit times from another process to what this pace itself would set."""
        ...


@attrs.define
class Ceiling:
    """A configured rate: `rate` per second, and up to `burst` at once after a pause."""

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
    """A rate that adapts to the server's 429s: cubic growth after a multiplicative cut, as in TCP CUBIC.

    While the limit is unknown, every success increases the rate. A 429 cuts it to just below the limit it reveals. The
    rate then returns to that limit, stays near it for a while, and probes beyond it with increasing speed. The period
    of this grows from cut to cut, so that 429s become rare.
    """

    opens: float
    cut: float
    """When the rate was last cut."""
    reopened: float = float("-inf")
    """End of the last closing; calls admitted before it say nothing about the current rate."""
    limit: float | None = None
    """Estimated limit of the server per second; `None` while unknown."""
    period: float = _FIRST_PERIOD
    """Seconds under full load from a cut back to the estimated limit."""
    age: float = 0.0
    """Seconds under full load since the cut."""
    answered: int = 0
    """Calls since the cut that got no 429."""
    pressed: int = 0
    """Those of them that had to wait for a permit."""
    strikes: int = 0
    """Consecutive 429s."""
    cold: bool = False
    """True if the gate was reopened too early, so that the rate starts low again."""

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
        # Calls admitted before it are ignored, so a time in the future would stop all adaptation.
        self.reopened = min(self.reopened, self.opens)
        self.cut = min(self.cut, now)

    def succeed(self, granted: float, waited: bool) -> None:
        """Record a call admitted at `granted` that got no 429; `waited`: it had to wait for its permit."""
        if granted < self.reopened:
            return
        self.answered += 1
        self.strikes = 0
        # Calls that did not wait are ignored, because an unused rate says little about the limit.
        if waited:
            self.age += 1 / self.rate
            self.pressed += 1

    def refuse(self, now: float, granted: float, wait: float | None, announced: float | None) -> None:
        """Record a call admitted at `granted` that got a 429.

        `wait` and `announced` come from the reply's headers, if any: the seconds until the server accepts calls again,
        and its limit per second.
        """
        late = granted < self.reopened
        if late and wait is None:
            return  # It was in flight before the last cut and says nothing new.
        # Back off exponentially even if the server keeps sending a wait that proves too short.
        closed = wait or 0.0
        if not late and (wait is None or self.strikes):
            closed = max(closed, self._guess(_FIRST_GUESS if wait is None and self.limit is None else _NEXT_GUESS))
        self.opens = max(self.opens, now + max(closed, _SHORTEST_CLOSED))
        self.reopened = self.opens
        if late:
            return
        self.strikes += 1
        # Two 429s without a success in between: the gate opened too early; the rate is not the cause.
        self.cold = not self.answered
        if self.answered:
            self._learn(now, closed)
            self.cut, self.age, self.answered, self.pressed = now, 0.0, 0, 0
        if announced is not None and (self.limit is None or announced < self.limit):
            self.limit, self.period = announced, _PERIOD

    @property
    def _stretch(self) -> float:
        """Factor by which all periods grow when calls are rare."""
        return 1.0 if self.limit is None else max(1.0, _FEW / self.limit)

    def _guess(self, first: float) -> float:
        return min(first * self._stretch * 2.0 ** min(self.strikes, 10), _LONGEST_GUESS)

    def _learn(self, now: float, closed: float) -> None:
        rate, stretch = self.rate, self._stretch
        # Between two 429s, the accepted rate is a lower bound of the server's limit.
        least = min(self.answered / (now - self.cut), rate) if now > self.cut else 0.0
        if self.limit is None:
            self.limit = max(math.sqrt(least * rate), _SLOWEST)
            self.period = _FIRST_PERIOD * self._stretch
        else:
            earlier = self._rate_at(max(self.age - _LAG * stretch, 0.0), self.limit)
            unnoticed = rate / (1 + min(_UNNOTICED * stretch / max(self.age, _UNNOTICED), 1.0))
            if self.age < 1.5 * _LAG * stretch or rate > 4 * self.limit:
                # A 429 at once or far above the last estimate: the limit is uncertain, so probe faster again.
                self.period = _FIRST_PERIOD * stretch
            elif self.age > 3 * _LAG * stretch:
                self.period *= _GROWTH
            self.limit = max(least, min(earlier, unnoticed), _SLOWEST)
        # 429s should cost at most 5 % of the time and be at most 1 % of the calls.
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
