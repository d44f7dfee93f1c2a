"""Rows of the table, and how they are measured: both sides in turn, so that a busy machine disturbs both alike."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    against: str
    measured: float
    target: float
    unit: str = "x"
    at_least: bool = False
    """Whether more is better."""

    @property
    def met(self) -> bool:
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def ratio(ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int) -> float:
    """The median over the rounds of ours ÷ theirs."""
    ours()
    theirs()
    ratios = []
    for number in range(rounds):
        if number % 2:
            mine, other = ours(), theirs()
        else:
            other, mine = theirs(), ours()
        ratios.append(mine / other)
    return statistics.median(ratios)


def timed(action: Callable[[], object], times: int) -> Callable[[], float]:
    """A function that performs the action so often and gives the seconds it took."""

    def run() -> float:
        started = time.perf_counter()
        for _ in range(times):
            action()
        return time.perf_counter() - started

    return run
