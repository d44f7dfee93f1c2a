"""Existing members of teams and their permissions, derived from the first reply that reveals them."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from hexclave_emulator.domains.permissions import GRANTS, Grant, default_permissions
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.teams import MEMBERSHIPS, TEAMS, Membership, Team
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.state.ids import new_id
from tests.contract.conformance.addressing import addressed, caller_id, template
from tests.contract.conformance.recording import Exchange, objects
from tests.contract.conformance.world import World, presupposes

Pair: TypeAlias = tuple[str, str]
"""A team and a user."""

_MEMBER_OF_PATH: Final = (
    "DELETE /team-memberships/{team_id}/{user_id}",
    "GET /team-member-profiles/{team_id}/{user_id}",
    "PATCH /team-member-profiles/{team_id}/{user_id}",
    "POST /team-permissions/{team_id}/{user_id}/{permission_id}",
    "DELETE /team-permissions/{team_id}/{user_id}/{permission_id}",
)
_FOR_ADMINS: Final = (
    "PATCH /teams/{team_id}",
    "DELETE /teams/{team_id}",
    "DELETE /team-invitations/{id}",
    "GET /team-api-keys",
    "POST /team-api-keys",
    "GET /team-api-keys/{api_key_id}",
    "PATCH /team-api-keys/{api_key_id}",
)
"""Actions that clients can do only with more than the default permissions of members."""
_FOR_MEMBERS: Final = (
    *_FOR_ADMINS,
    "GET /teams/{team_id}",
    "GET /team-invitations",
    "POST /team-invitations/send-code",
    "GET /team-member-profiles",
)
_ACCEPTING: Final = ("POST /team-invitations/accept", "POST /team-invitations/{id}/accept")


@presupposes(32)
def make_members(world: World) -> None:
    """Create members that a reply shows before it shows their absence, and owners of a selected team."""
    for user in list(world.state[USERS]):
        if user.selected_team_id:
            _join(world, user.selected_team_id, user.id)
    decided: dict[Pair, bool] = {}
    invited: set[str] = set()
    for exchange in world.exchanges:
        for pair, is_member in _evidence(world, exchange, invited):
            decided.setdefault(pair, is_member)
        invited |= {str(found["team_id"]) for found in objects(exchange.reply) if "recipient_email" in found}
        if template(world, exchange) == "POST /team-invitations/send-code" and exchange.succeeded:
            invited.add(addressed(world, exchange)["team_id"])
    shown = [pair for exchange in world.exchanges for pair in _profiles(world, exchange)]
    for pair in dict.fromkeys([*shown, *decided]):
        if decided.get(pair):
            _join(world, *pair)


def _profiles(world: World, exchange: Exchange) -> list[Pair]:
    """Return members in the order in which they joined."""
    if template(world, exchange) != "GET /team-member-profiles" or not exchange.succeeded:
        return []
    return [(item["team_id"], item["user_id"]) for item in exchange.reply["items"]]


def _evidence(world: World, exchange: Exchange, invited: set[str]) -> Iterator[tuple[Pair, bool]]:
    """Return pairs that were in the team before this exchange, or were not."""
    operation, named, caller = template(world, exchange), addressed(world, exchange), caller_id(exchange)
    pair = (named.get("team_id"), named.get("user_id"))
    details = exchange.reply.get("details") if isinstance(exchange.reply, dict) else None
    if isinstance(details, dict) and "team_id" in details and "user_id" in details:
        yield (details["team_id"], details["user_id"]), exchange.code != "TEAM_MEMBERSHIP_NOT_FOUND"
    elif exchange.code == "TEAM_MEMBERSHIP_ALREADY_EXISTS" or (
        exchange.code == "PERMISSION_NOT_FOUND" and operation in _MEMBER_OF_PATH
    ):
        yield _checked(pair), True
    if not exchange.succeeded:
        return
    if operation == "POST /team-memberships/{team_id}/{user_id}":
        yield _checked(pair), False
    elif operation in _MEMBER_OF_PATH:
        yield _checked(pair), True
    elif operation in _ACCEPTING:
        for team_id in invited:
            yield (team_id, named.get("user_id") or caller or ""), False
    elif operation in _FOR_MEMBERS and exchange.api.get("access-type") == "client" and caller and pair[0]:
        yield (pair[0], caller), True
    items = exchange.reply.get("items") if isinstance(exchange.reply, dict) else None
    for item in items if isinstance(items, list) else ():
        if operation == "GET /users" and pair[0]:
            yield (pair[0], item["id"]), True
        elif operation == "GET /teams" and pair[1]:
            yield (item["id"], pair[1]), True
        elif "team_id" in item and "user_id" in item:
            yield (item["team_id"], item["user_id"]), True


def _checked(pair: tuple[object, object]) -> Pair:
    return str(pair[0]), str(pair[1])


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


@presupposes(33)
def give_members_permissions(world: World) -> None:
    """Grant the permissions in the first list of a member; without a list, those of a creator or of a member."""
    listed, admins = _listed(world), _admins(world)
    for member in list(world.state[MEMBERSHIPS]):
        project = world.state[PROJECTS].get(member.project_id)
        pair = (member.team_id, member.user_id)
        if project is None:
            continue
        kind = "teamCreator" if pair in admins else "teamMember"
        for permission_id in listed.get(pair, default_permissions(project, kind)):  # type: ignore[arg-type]  # one of two literals
            world.state[GRANTS].insert(
                Grant(
                    id=new_id(),
                    project_id=project.id,
                    team_id=member.team_id,
                    user_id=member.user_id,
                    permission_id=permission_id,
                )
            )


def _admins(world: World) -> set[Pair]:
    """Return callers who did something that members cannot do by default."""
    found = set()
    for exchange in world.exchanges:
        operation, named, caller = template(world, exchange), addressed(world, exchange), caller_id(exchange)
        is_client = exchange.succeeded and exchange.api.get("access-type") == "client"
        removes = operation.startswith("DELETE /team-memberships/") and named["user_id"] != caller
        if is_client and caller and "team_id" in named and (removes or operation in _FOR_ADMINS):
            found.add((named["team_id"], caller))
    return found


def _listed(world: World) -> dict[Pair, list[str]]:
    """Return the permissions in the first list with a member, without those granted during the scenario."""
    found: dict[Pair, list[str]] = {}
    given: set[tuple[str, str, str]] = set()
    for exchange in world.exchanges:
        operation, named = template(world, exchange), addressed(world, exchange)
        if not exchange.succeeded:
            continue
        if operation == "POST /team-permissions/{team_id}/{user_id}/{permission_id}":
            given.add((named["team_id"], named["user_id"], named["permission_id"]))
        elif operation == "GET /team-permissions" and "permission_id" not in named and named.get("recursive") != "true":
            shown: dict[Pair, list[str]] = {}
            for item in exchange.reply["items"]:
                pair = (item["team_id"], item["user_id"])
                shown.setdefault(pair, [])
                if (*pair, item["id"]) not in given:
                    shown[pair].append(item["id"])
            found = {**shown, **found}
    return found
