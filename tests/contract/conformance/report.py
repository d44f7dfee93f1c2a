"""The report of a replay."""

from collections.abc import Mapping, Sequence

from tests.contract.conformance.replay import Outcome


def details(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Every difference, with the request that shows it; errors that only say it in other words behind them."""
    lines: list[str] = []
    for name, found in outcomes.items():
        for outcome in found:
            if outcome.differences:
                lines += [_heading(name, outcome), *(f"    {each}" for each in outcome.differences)]
                lines += [f"    because {outcome.reason.why}"] if outcome.reason is not None else []
    for name, found in outcomes.items():
        for outcome in found:
            if outcome.words and not outcome.differences:
                lines += [f"{_heading(name, outcome)}, in other words", *(f"    {each}" for each in outcome.words)]
    return "\n".join([*lines, ""]) if lines else ""


def _heading(name: str, outcome: Outcome) -> str:
    exchange = outcome.exchange
    note = f" ({exchange.note})" if exchange.note else ""
    access = exchange.api.get("access-type", "no access type")
    return f"{name} #{exchange.seq} {exchange.method} {exchange.path} as {access}{note}"


def table(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """One line for each scenario, and the sums: equal replies, and among the errors those equal in words."""
    rows = [(name, *_counts(found)) for name, found in outcomes.items()]
    everything = [each for found in outcomes.values() for each in found]
    count, equal, errors, in_words = _counts(everything)
    rows.append(("all", count, equal, errors, in_words))
    lines = [f"{'scenario':<32} {'exchanges':>9} {'equal':>6} {'different':>9} {'errors':>7} {'in words':>9}"]
    lines += [
        f"{name:<32} {total:>9} {same:>6} {total - same:>9} {wrong:>7} {said:>9}"
        for name, total, same, wrong, said in rows
    ]
    unexplained = sum(1 for each in everything if each.differences and each.reason is None)
    lines.append(f"{100 * equal / count:.1f} % equal; {unexplained} differ without a reason that is written down")
    if errors:
        lines.append(f"{100 * in_words / errors:.1f} % of the errors equal in words")
    return "\n".join(lines)


def _counts(found: Sequence[Outcome]) -> tuple[int, int, int, int]:
    errors = [each for each in found if each.exchange.code is not None]
    return (
        len(found),
        sum(not each.differences for each in found),
        len(errors),
        sum(not each.differences and not each.words for each in errors),
    )
