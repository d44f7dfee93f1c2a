"""Earlier events: a count by type reveals how many existed besides those that the scenario reports."""

from collections import Counter

from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.operations.analytics import EVENTS, ReportedEvent
from hexclave_emulator.state.ids import new_id
from tests.contract.conformance.world import World, presupposes, views


@presupposes(42)
def make_events(world: World) -> None:
    """Create events of each type until the count matches."""
    reported: Counter[str] = Counter(
        event["event_type"]
        for exchange in world.exchanges
        if exchange.route == "POST analytics/events/batch" and exchange.succeeded
        for event in exchange.body["events"]
    )
    for exchange, row in views(world, "event_type", "n"):
        if world.state[PROJECTS].get(exchange.project_id or "") is None or not isinstance(row["n"], int):
            continue
        for _ in range(row["n"] - reported[row["event_type"]]):
            world.state[EVENTS].insert(
                ReportedEvent(
                    id=new_id(),
                    project_id=exchange.project_id or "",
                    user_id=None,
                    session_id=None,
                    segment_id=None,
                    event_type=row["event_type"],
                    event_at_millis=world.begins,
                    data={},
                    created_at_millis=world.begins,
                )
            )
