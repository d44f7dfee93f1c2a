"""`/team-member-profiles`: the profiles of members in a team."""

from typing import Final

from hexclave_emulator.checking.rules import USER_ID, UUID, Rule
from hexclave_emulator.domains.images import kept_image
from hexclave_emulator.domains.permissions import check_member, check_team_permission
from hexclave_emulator.domains.teams import MEMBERSHIPS, PICTURE_URL, Membership, find_team
from hexclave_emulator.domains.users import find_user, user_view
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, page
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

_ONE: Final[dict[str, Rule]] = {"params.team_id": UUID, "params.user_id": USER_ID}


def _view(request: Request, state: State, member: Membership) -> JsonObject:
    user = find_user(state, member.project_id, member.user_id)
    view: JsonObject = {
        "team_id": member.team_id,
        "user_id": member.user_id,
        "display_name": user.display_name if member.display_name is None else member.display_name,
        "profile_image_url": (user.profile_image_url if member.profile_image_url is None else member.profile_image_url),
    }
    if not request.is_client:
        view["user"] = user_view(state, request.project, user, as_client=False)
    return view


@route("GET", "/team-member-profiles", access=CLIENT, rules={"query.team_id": UUID, "query.user_id": USER_ID})
def list_profiles(request: Request, state: State) -> Reply:
    where = {name: request.query[name] for name in ("team_id", "user_id") if name in request.query}
    if "user_id" in where:
        where["user_id"] = request.user_id(where["user_id"])
    if request.is_client:
        current = request.user_id("me")
        if "team_id" not in where:
            raise plain(400, "team_id is required for access type client")
        check_member(state, request.project, where["team_id"], current)
        if where.get("user_id") != current:
            check_team_permission(state, request.project, where["team_id"], current, "$read_members")
    else:
        if "team_id" in where:
            find_team(state, request.project.id, where["team_id"])
        if "user_id" in where:
            find_user(state, request.project.id, where["user_id"])
    # As in the API: by their random keys, so the order is arbitrary.
    members = sorted(
        state[MEMBERSHIPS].where(project_id=request.project.id, **where), key=lambda each: (each.user_id, each.team_id)
    )
    return page([_view(request, state, each) for each in members])


@route("GET", "/team-member-profiles/{team_id}/{user_id}", access=CLIENT, rules=_ONE)
def get_profile(request: Request, state: State) -> Reply:
    team_id, user_id = request.params["team_id"], request.user_id(request.params["user_id"])
    if request.is_client and user_id != request.user_id("me"):
        check_team_permission(state, request.project, team_id, request.user.id, "$read_members")
    return ok(_view(request, state, check_member(state, request.project, team_id, user_id)))


@route(
    "PATCH",
    "/team-member-profiles/{team_id}/{user_id}",
    access=CLIENT,
    rules=_ONE | {"body.profile_image_url": PICTURE_URL},
)
def patch_profile(request: Request, state: State) -> Reply:
    team_id, user_id = request.params["team_id"], request.user_id(request.params["user_id"])
    if request.is_client and user_id != request.user_id("me"):
        raise plain(403, "Cannot update another user's profile")
    member = check_member(state, request.project, team_id, user_id)
    changes = dict(request.body)
    if "profile_image_url" in changes:
        url = changes["profile_image_url"]
        changes["profile_image_url"] = kept_image(request, state, url, "team-member-profile-images")
    return ok(_view(request, state, state[MEMBERSHIPS].update(member, **changes)))
