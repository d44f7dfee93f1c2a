"""`/teams` and `/team-memberships`."""

import re
from typing import Final

from hexclave_emulator.checking.rules import REQUIRED, SAID_TWICE, USER_ID, UUID, Rule, between
from hexclave_emulator.domains.permissions import check_member, check_team_permission
from hexclave_emulator.domains.team_members import add_member, change_team, create_team, delete_team, remove_member
from hexclave_emulator.domains.teams import MEMBERSHIPS, PICTURE_URL, TEAMS, find_team, membership, team_view
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import Reply, created, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.paging import paged
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.tables import State

_FIELDS: Final = {"body.profile_image_url": PICTURE_URL}
_ONE: Final[dict[str, Rule]] = {"params.team_id": UUID}
_MEMBER: Final[dict[str, Rule]] = {"params.team_id": UUID, "params.user_id": USER_ID}
_PICTURE: Final = re.compile(r"data:image/(png|jpg|jpeg|gif|bmp|webp);base64,[A-Za-z0-9+/]+={0,2}")


def _check_picture(request: Request) -> None:
    """Refuse external images from clients."""
    url = request.body.get("profile_image_url")
    if request.is_client and url and _PICTURE.fullmatch(url) is None:
        raise plain(400, "Invalid profile image URL")


@route("GET", "/teams", access=CLIENT, rules={"query.user_id": USER_ID, "query.limit": between(1)})
def list_teams(request: Request, state: State) -> Reply:
    user_id = request.user_id(request.query["user_id"]) if "user_id" in request.query else None
    if request.is_client and user_id != request.user_id("me"):
        raise plain(
            403,
            'Client can only list teams for their own user. user_id must be either "me" or the ID of the current user',
        )
    teams = state[TEAMS].where(project_id=request.project.id)
    if user_id is not None:
        theirs = {each.team_id for each in state[MEMBERSHIPS].where(user_id=user_id)}
        teams = [each for each in teams if each.id in theirs]
    views = [team_view(each, as_client=request.is_client) for each in teams]
    return paged(request, views, words=("id", "display_name"))


@route("POST", "/teams", access=CLIENT, rules=_FIELDS | {"body.creator_user_id": USER_ID, "body": SAID_TWICE})
def post_team(request: Request, state: State) -> Reply:
    body = request.body
    creator_id = request.user_id(body["creator_user_id"]) if "creator_user_id" in body else None
    if request.is_client:
        current = request.user.id
        if not request.project.config["teams"]["allowClientTeamCreation"]:
            raise plain(403, "Client team creation is disabled for this project")
        _check_picture(request)
        if creator_id not in (None, current):
            raise plain(
                403,
                "You cannot create a team as a user that is not yourself. "
                "Make sure you set the creator_user_id to 'me'.",
            )
        creator_id = current
    elif creator_id is not None:
        find_user(state, request.project.id, creator_id)
    team = create_team(request, state, body, creator_id=creator_id)
    return created(team_view(team, as_client=request.is_client))


@route("GET", "/teams/{team_id}", access=CLIENT, rules=_ONE)
def get_team(request: Request, state: State) -> Reply:
    team_id = request.params["team_id"]
    if request.is_client:
        check_member(state, request.project, team_id, request.user.id)
    return ok(team_view(find_team(state, request.project.id, team_id), as_client=request.is_client))


@route("PATCH", "/teams/{team_id}", access=CLIENT, rules=_ONE | _FIELDS | {"body": SAID_TWICE})
def patch_team(request: Request, state: State) -> Reply:
    team_id = request.params["team_id"]
    _check_picture(request)
    if request.is_client:
        check_team_permission(state, request.project, team_id, request.user.id, "$update_team")
    team = change_team(request, state, find_team(state, request.project.id, team_id), request.body)
    return ok(team_view(team, as_client=request.is_client))


@route("DELETE", "/teams/{team_id}", access=CLIENT, rules=_ONE)
def remove_team(request: Request, state: State) -> Reply:
    team_id = request.params["team_id"]
    if request.is_client:
        check_team_permission(state, request.project, team_id, request.user.id, "$delete_team")
    delete_team(request, state, find_team(state, request.project.id, team_id))
    return success()


@route("POST", "/team-memberships/{team_id}/{user_id}", access=SERVER, rules=_MEMBER | {"body": REQUIRED})
def post_membership(request: Request, state: State) -> Reply:
    team_id, user_id = request.params["team_id"], request.user_id(request.params["user_id"])
    find_user(state, request.project.id, user_id)
    find_team(state, request.project.id, team_id)
    if membership(state, team_id, user_id) is not None:
        raise known("TEAM_MEMBERSHIP_ALREADY_EXISTS")
    return created(add_member(request, state, team_id, user_id))


@route("DELETE", "/team-memberships/{team_id}/{user_id}", access=CLIENT, rules=_MEMBER)
def delete_membership(request: Request, state: State) -> Reply:
    team_id, user_id = request.params["team_id"], request.user_id(request.params["user_id"])
    if request.is_client and user_id != request.user_id("me"):
        check_team_permission(state, request.project, team_id, request.user.id, "$remove_members")
    remove_member(request, state, check_member(state, request.project, team_id, user_id))
    return success()
