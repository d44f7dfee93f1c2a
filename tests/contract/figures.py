"""Figures on the accuracy of the description."""

from collections import Counter
from itertools import chain
from typing import Any

import attrs

from tests.contract.judging import Verdict, unmatched, verdicts
from tests.contract.recordings import Exchange, scenarios


@attrs.frozen
class Figures:
    judged: tuple[Verdict, ...]
    others: tuple[tuple[Exchange, str], ...]

    @property
    def successes(self) -> int:
        """Count recorded successes, with or without an operation."""
        exchanges = [verdict.exchange for verdict in self.judged] + [exchange for exchange, _ in self.others]
        return sum(exchange.succeeded for exchange in exchanges)

    @property
    def values(self) -> int:
        """Count recorded successes whose replies match the description exactly."""
        return sum(v.exchange.succeeded and v.error is None and not v.deviations for v in self.judged)

    def __str__(self) -> str:
        faults = Counter(verdict.faults[0].kind for verdict in self.judged if verdict.faults)
        errors = Counter(type(verdict.error).__name__ for verdict in self.judged if verdict.error is not None)
        reasons = Counter(f"{exchange.method} {exchange.path} ({reason})" for exchange, reason in self.others)
        return "\n".join(
            [
                f"exchanges: {len(self.judged) + len(self.others)}",
                f"calls of described operations: {len(self.judged)}",
                f"  rebuilt exactly: {sum(verdict.rebuilt for verdict in self.judged)}",
                f"  wrong on purpose: {faults.total()} ({_listed(faults)})",
                f"successes: {self.successes}",
                f"  parsed strictly: {self.values} ({self.values / self.successes:.1%})",
                f"  deviating from the description: {sum(bool(verdict.deviations) for verdict in self.judged)}",
                f"errors raised: {errors.total()} of {len(errors)} classes ({_listed(errors)})",
                f"no operation: {len(self.others)}",
                *(f"  {count} {text}" for text, count in reasons.items()),
            ]
        )


def figures() -> Figures:
    return Figures(_all(verdicts), _all(unmatched))


def _all(of_scenario: Any) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(map(of_scenario, scenarios())))


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items()))
