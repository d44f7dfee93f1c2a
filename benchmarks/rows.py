"""Rows of the table, and how they are measured: both sides in turn, so that a busy machine disturbs both alike."""

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
    """`None`: for comparison."""
    unit: str = "x"
    at_least: bool = False
    """Whether more is better."""

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def spread(values: Iterable[float]) -> tuple[float, float, float]:
    """Median, lowest and highest."""
    listed = list(values)
    return statistics.median(listed), min(listed), max(listed)


def ratios(ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int) -> list[float]:
    """Ours ÷ theirs of each round."""
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
    """A function that performs the action so often and gives the seconds it took."""

    def run() -> float:
        started = time.perf_counter()
        for _ in range(times):
            action()
        return time.perf_counter() - started

    return run
