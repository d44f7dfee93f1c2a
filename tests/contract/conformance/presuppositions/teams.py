"""Teams from before, and those of their members whom a recording shows as such."""

from hexclave.emulator.domains.projects import PROJECTS
from hexclave.emulator.domains.teams import MEMBERSHIPS, TEAMS, Membership, Team
from hexclave.emulator.domains.users import USERS
from hexclave.emulator.ids import new_id
from tests.contract.conformance.recording import claims
from tests.contract.conformance.world import World, presupposes, views


@presupposes(30)
def make_teams(world: World) -> None:
    """Teams at first sight."""
    for exchange, view in views(world, "id", "display_name", "client_read_only_metadata"):
        is_team = "primary_email" not in view and "created_at_millis" in view | {"created_at_millis": 0}
        project_id = exchange.project_id or ""
        if not is_team or "has_password" in view or not world.is_presupposed(view["id"]):
            continue
        if world.state[TEAMS].get(view["id"]) is not None or world.state[PROJECTS].get(project_id) is None:
            continue
        world.state[TEAMS].insert(
            Team(
                id=view["id"],
                project_id=project_id,
                display_name=view["display_name"],
                created_at_millis=view.get("created_at_millis", world.begins),
                profile_image_url=view["profile_image_url"],
                client_metadata=view["client_metadata"],
                client_read_only_metadata=view["client_read_only_metadata"],
                server_metadata=view.get("server_metadata"),
            )
        )


@presupposes(31)
def make_members(world: World) -> None:
    """Members that lists of users and teams show, and owners of a selected team."""
    for user in list(world.state[USERS]):
        if user.selected_team_id:
            _join(world, user.selected_team_id, user.id)
    for exchange in world.exchanges:
        if not exchange.succeeded or not isinstance(exchange.reply, dict):
            continue
        items = exchange.reply.get("items") or ()
        if exchange.route == "GET users" and "team_id" in exchange.query:
            for item in items:
                _join(world, exchange.query["team_id"], item["id"])
        if exchange.route == "GET teams" and "user_id" in exchange.query:
            said = claims(exchange.api.get("access-token", ""))
            user_id = exchange.query["user_id"]
            for item in items:
                _join(world, item["id"], said["sub"] if user_id == "me" and said else user_id)


def _join(world: World, team_id: str, user_id: str) -> None:
    user = world.state[USERS].get(user_id)
    if user is None or not world.is_presupposed(team_id):
        return
    if world.state[TEAMS].get(team_id) is None:
        world.state[TEAMS].insert(
            Team(id=team_id, project_id=user.project_id, display_name="Recorded", created_at_millis=world.begins)
        )
    if world.state[MEMBERSHIPS].first(team_id=team_id, user_id=user_id) is None:
        world.state[MEMBERSHIPS].insert(
            Membership(
                id=new_id(),
                project_id=user.project_id,
                team_id=team_id,
                user_id=user_id,
                created_at_millis=world.begins,
            )
        )
