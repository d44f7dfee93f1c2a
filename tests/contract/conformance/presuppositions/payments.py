"""Existing customers of a scenario: users and teams that appear nowhere else."""

from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.teams import TEAMS, Team
from hexclave_emulator.domains.users import USERS, User
from tests.contract.conformance.recording import Exchange
from tests.contract.conformance.world import World, presupposes


@presupposes(40)
def make_customers(world: World) -> None:
    """Create the customers of successful requests."""
    for exchange in world.exchanges:
        found = _customer(exchange)
        project_id = exchange.project_id or ""
        if found is None or not exchange.succeeded or world.state[PROJECTS].get(project_id) is None:
            continue
        customer_type, customer_id = found
        if not world.is_presupposed(customer_id):
            continue
        if customer_type == "user" and world.state[USERS].get(customer_id) is None:
            world.state[USERS].insert(
                User(
                    id=customer_id,
                    project_id=project_id,
                    signed_up_at_millis=world.begins,
                    last_active_at_millis=world.begins,
                )
            )
        if customer_type == "team" and world.state[TEAMS].get(customer_id) is None:
            world.state[TEAMS].insert(
                Team(id=customer_id, project_id=project_id, display_name="Recorded", created_at_millis=world.begins)
            )


def _customer(exchange: Exchange) -> tuple[str, str] | None:
    parts = exchange.route.partition(" ")[2].split("/")
    if parts[:1] != ["payments"]:
        return None
    if parts[1:2] == ["purchases"]:
        body = exchange.body if isinstance(exchange.body, dict) else {}
        return (body["customer_type"], body["customer_id"]) if "customer_id" in body else None
    return (parts[2], parts[3]) if len(parts) > 3 else None
