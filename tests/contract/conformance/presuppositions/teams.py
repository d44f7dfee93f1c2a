"""Existing teams."""

from typing import Any, Final

from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.teams import TEAMS, Team
from tests.contract.conformance.addressing import addressed, template
from tests.contract.conformance.recording import objects
from tests.contract.conformance.world import World, presupposes, views

_TAKES_ANY_TEAM: Final = ("GET /team-permissions", "GET /users")
"""Operations that succeed for teams that do not exist."""


@presupposes(30)
def make_teams(world: World) -> None:
    """Create teams when they first appear."""
    for exchange, view in views(world, "id", "display_name", "client_read_only_metadata"):
        is_team = "primary_email" not in view and "created_at_millis" in view | {"created_at_millis": 0}
        if is_team and "has_password" not in view:
            _make(world, exchange.project_id, view)


@presupposes(31)
def make_named_teams(world: World) -> None:
    """Create teams that are never shown in full, but named in replies or successful requests."""
    names = {view["team_id"]: view["team_display_name"] for _, view in reversed(views(world, "team_display_name"))}
    for exchange in world.exchanges:
        if not exchange.succeeded:
            continue
        named = [found.get("team_id") for found in objects(exchange.reply)]
        if template(world, exchange) not in _TAKES_ANY_TEAM:
            named.append(addressed(world, exchange).get("team_id"))
        for team_id in named:
            if isinstance(team_id, str):
                _make(world, exchange.project_id, {"id": team_id, "display_name": names.get(team_id, "Recorded")})


def _make(world: World, project_id: str | None, view: dict[str, Any]) -> None:
    if not world.is_presupposed(view["id"]) or world.state[TEAMS].get(view["id"]) is not None:
        return
    if world.state[PROJECTS].get(project_id or "") is None:
        return
    world.state[TEAMS].insert(
        Team(
            id=view["id"],
            project_id=project_id or "",
            display_name=view["display_name"],
            created_at_millis=view.get("created_at_millis", world.begins),
            profile_image_url=view.get("profile_image_url"),
            client_metadata=view.get("client_metadata"),
            client_read_only_metadata=view.get("client_read_only_metadata"),
            server_metadata=view.get("server_metadata"),
        )
    )
