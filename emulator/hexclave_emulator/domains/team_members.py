"""Creating and deleting teams, adding and removing members: the parts shared by several operations."""

from typing import Final

from hexclave_emulator.domains.images import kept_image
from hexclave_emulator.domains.permissions import GRANTS, default_permissions, grant
from hexclave_emulator.domains.teams import MEMBERSHIPS, TEAMS, Membership, Team, team_view
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.routing.routes import Request
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import DEFINITIONS, State
from hexclave_emulator.webhooks.events import emit

_PLAIN_FIELDS: Final = ("display_name", "client_metadata", "client_read_only_metadata", "server_metadata")


def create_team(request: Request, state: State, given: JsonObject, *, creator_id: str | None) -> Team:
    """Create a team from the fields of `POST /teams`; the creator, if any, becomes its first member."""
    team = state[TEAMS].insert(
        Team(
            id=new_id(), project_id=request.project.id, created_at_millis=request.now, **_changes(request, state, given)
        )
    )
    if creator_id is not None:
        _join(request, state, team.id, creator_id, default_permissions(request.project, "teamCreator"))
    emit(state, team.project_id, "team.created", team_view(team, as_client=False), now=request.now)
    return team


def change_team(request: Request, state: State, team: Team, given: JsonObject) -> Team:
    """Change the team by the fields of `PATCH /teams/{team_id}`; return the new row."""
    team = state[TEAMS].update(team, **_changes(request, state, given))
    emit(state, team.project_id, "team.updated", team_view(team, as_client=False), now=request.now)
    return team


def _changes(request: Request, state: State, given: JsonObject) -> JsonObject:
    changes: JsonObject = {name: given[name] for name in _PLAIN_FIELDS if name in given}
    if "profile_image_url" in given:
        changes["profile_image_url"] = kept_image(request, state, given["profile_image_url"], "team-profile-images")
    return changes


def delete_team(request: Request, state: State, team: Team) -> None:
    """Remove the team and every row of a table that is indexed by `team_id`."""
    for each in state[MEMBERSHIPS].where(team_id=team.id):
        _forget_selection(state, each)
    for definition in DEFINITIONS.values():
        if "team_id" in definition.indexes:
            for row in state[definition].where(team_id=team.id):
                state[definition].delete(row.id)
    state[TEAMS].delete(team.id)
    emit(state, team.project_id, "team.deleted", {"id": team.id}, now=request.now)


def add_member(request: Request, state: State, team_id: str, user_id: str) -> JsonObject:
    """Add a user to a team, with the default permissions of members; return the view of the membership."""
    permission_ids = default_permissions(request.project, "teamMember")
    _join(request, state, team_id, user_id, permission_ids)
    view = {"team_id": team_id, "user_id": user_id}
    emit(state, request.project.id, "team_membership.created", view, now=request.now)
    for permission_id in permission_ids:
        emit(state, request.project.id, "team_permission.created", {"id": permission_id, **view}, now=request.now)
    return view


def _join(request: Request, state: State, team_id: str, user_id: str, permission_ids: list[str]) -> None:
    state[MEMBERSHIPS].insert(
        Membership(
            id=new_id(),
            project_id=request.project.id,
            team_id=team_id,
            user_id=user_id,
            created_at_millis=request.now,
        )
    )
    for permission_id in permission_ids:
        grant(state, request.project, user_id, permission_id, team_id=team_id)


def remove_member(request: Request, state: State, member: Membership) -> None:
    """Remove a user from a team, with the user's permissions there."""
    _forget_selection(state, member)
    for each in state[GRANTS].where(team_id=member.team_id, user_id=member.user_id):
        state[GRANTS].delete(each.id)
    state[MEMBERSHIPS].delete(member.id)
    view = {"team_id": member.team_id, "user_id": member.user_id}
    emit(state, member.project_id, "team_membership.deleted", view, now=request.now)


def _forget_selection(state: State, member: Membership) -> None:
    user = state[USERS].get(member.user_id)
    if user is not None and user.selected_team_id == member.team_id:
        state[USERS].update(user, selected_team_id=None)
