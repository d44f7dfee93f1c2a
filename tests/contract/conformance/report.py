"""What a replay found, for people to read."""

from collections.abc import Mapping, Sequence

from tests.contract.conformance.expected import REASONS
from tests.contract.conformance.replay import Outcome


def details(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """Every difference, with the request that shows it."""
    lines = []
    for name, found in outcomes.items():
        for outcome in found:
            if not outcome.differences:
                continue
            exchange = outcome.exchange
            note = f" ({exchange.note})" if exchange.note else ""
            access = exchange.api.get("access-type", "no access type")
            lines.append(f"{name} #{exchange.seq} {exchange.method} {exchange.path} as {access}{note}")
            lines += [f"    {difference}" for difference in outcome.differences]
            reason = REASONS.get(f"{name}#{exchange.seq}")
            lines += [f"    because {reason}"] if reason else []
    return "\n".join([*lines, ""]) if lines else ""


def table(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """One line for each scenario, and the sum."""
    rows = [(name, len(found), sum(not each.differences for each in found)) for name, found in outcomes.items()]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    lines = [f"{'scenario':<32} {'exchanges':>9} {'equal':>6} {'different':>9}"]
    lines += [f"{name:<32} {count:>9} {equal:>6} {count - equal:>9}" for name, count, equal in rows]
    _, count, equal = rows[-1]
    return "\n".join([*lines, f"{100 * equal / count:.1f} % equal"])
