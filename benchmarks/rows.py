"""Rows of the results table, and helpers that measure both sides alternately, so that load affects both equally."""

import statistics
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    against: str
    measured: float
    """The median."""
    lowest: float
    highest: float
    target: float | None = None
    """`None` if the row is only for comparison."""
    unit: str = "x"
    at_least: bool = False
    """True if higher values are better."""

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def spread(values: Iterable[float]) -> tuple[float, float, float]:
    """Return the median, the lowest and the highest value."""
    listed = list(values)
    return statistics.median(listed), min(listed), max(listed)


def ratios(ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int) -> list[float]:
    """Return our time divided by theirs, for each round."""
    ours()
    theirs()
    found = []
    for number in range(rounds):
        if number % 2:
            mine, other = ours(), theirs()
        else:
            other, mine = theirs(), ours()
        found.append(mine / other)
    return found


def timed(action: Callable[[], object], times: int) -> Callable[[], float]:
    """Return a function that runs the action `times` times and returns the elapsed seconds."""

    def run() -> float:
        started = time.perf_counter()
        for _ in range(times):
            action()
        return time.perf_counter() - started

    return run
