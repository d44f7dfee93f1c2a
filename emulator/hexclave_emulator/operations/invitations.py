"""`/team-invitations`: emails with a code for joining a team."""

from typing import Final

from hexclave_emulator.checking.rules import CODE, EMAIL, URL, USER_ID, UUID, Rule
from hexclave_emulator.credentials.codes import CODES, DAY, Code, look_up, mail_code, redeem
from hexclave_emulator.domains.contact_channels import CHANNELS
from hexclave_emulator.domains.permissions import check_member, check_team_permission
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.domains.team_members import add_member
from hexclave_emulator.domains.teams import TEAMS, Team, find_team, membership
from hexclave_emulator.domains.users import User, find_user, restricted_reason
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, page, success
from hexclave_emulator.messages.refusals import Refusal, known, plain, unguarded
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

INVITATION: Final = "team_invitation"
"""The type of the code; `data` has the team and the invited address. The code's id is the invitation's."""

_LIFE: Final = 7 * DAY
_CODE: Final[dict[str, Rule]] = {"body.code": CODE}


@route(
    "POST",
    "/team-invitations/send-code",
    access=CLIENT,
    rules={"body.team_id": UUID, "body.email": EMAIL, "body.callback_url": URL},
)
def send_invitation(request: Request, state: State) -> Reply:
    body = request.body
    if request.is_client:
        check_team_permission(state, request.project, body["team_id"], request.user.id, "$invite_members")
    check_callback(request.project, body["callback_url"])
    with unguarded(request.release):
        team = find_team(state, request.project.id, body["team_id"])
    data = {"team_id": team.id, "email": body["email"]}
    subject = f"You have been invited to join {team.display_name}"
    code = mail_code(request, state, INVITATION, body["email"], body["callback_url"], data, life=_LIFE, subject=subject)
    return ok({"success": True, "id": code.id})


@route("GET", "/team-invitations", access=CLIENT, rules={"query.team_id": UUID, "query.user_id": USER_ID})
def list_invitations(request: Request, state: State) -> Reply:
    query = request.query
    if "team_id" in query and "user_id" in query:
        raise plain(400, "Cannot specify both team_id and user_id")
    if "user_id" in query:
        user_id = _own_id(request, query["user_id"])
        emails = _verified_emails(state, user_id)
        return _page(state, [each for each in _open(request, state) if each.data["email"] in emails])
    if "team_id" not in query:
        raise plain(400, "Must specify either team_id or user_id")
    team_id = query["team_id"]
    if request.is_client:
        current = request.user_id("me")
        for permission_id in ("$read_members", "$invite_members"):
            check_team_permission(state, request.project, team_id, current, permission_id)
    find_team(state, request.project.id, team_id)
    return _page(state, [each for each in _open(request, state) if each.data["team_id"] == team_id])


@route("DELETE", "/team-invitations/{id}", access=CLIENT, rules={"params.id": UUID, "query.team_id": UUID})
def delete_invitation(request: Request, state: State) -> Reply:
    team_id = request.query.get("team_id")
    if team_id is None:
        raise plain(400, "team_id is required for deleting a team invitation")
    if request.is_client:
        current = request.user_id("me")
        check_member(state, request.project, team_id, current)
        check_team_permission(state, request.project, team_id, current, "$remove_members")
    find_team(state, request.project.id, team_id)
    with unguarded(request.release):
        invitation = state[CODES].get(request.params["id"])
        if invitation is None or invitation.kind != INVITATION or invitation.data["team_id"] != team_id:
            raise known("VERIFICATION_CODE_NOT_FOUND")
    state[CODES].delete(invitation.id)
    return success()


@route("POST", "/team-invitations/accept/check-code", access=CLIENT, rules=_CODE)
def check_invitation_code(request: Request, state: State) -> Reply:
    look_up(request, state, INVITATION, request.body["code"])
    return ok({"is_code_valid": True})


@route("POST", "/team-invitations/accept/details", access=CLIENT, rules=_CODE)
def get_invitation_details(request: Request, state: State) -> Reply:
    invitation = look_up(request, state, INVITATION, request.body["code"])
    _check_unrestricted(request, state, request.user)
    team = find_team(state, request.project.id, invitation.data["team_id"])
    return ok({"team_id": team.id, "team_display_name": team.display_name})


@route("POST", "/team-invitations/accept", access=CLIENT, rules=_CODE)
def accept_invitation(request: Request, state: State) -> Reply:
    data = redeem(request, state, INVITATION, request.body["code"])
    try:
        _check_unrestricted(request, state, request.user)
        _enter(request, state, find_team(state, request.project.id, data["team_id"]), request.user.id)
    except Refusal as refusal:
        # A refused attempt still consumes the code.
        raise refusal.keeping() from None
    return ok({})


@route("POST", "/team-invitations/{id}/accept", access=CLIENT, rules={"params.id": UUID, "query.user_id": USER_ID})
def accept_invitation_by_id(request: Request, state: State) -> Reply:
    user_id = _own_id(request, request.query["user_id"])
    if request.is_client:
        _check_unrestricted(request, state, request.user)
    invitation = next((each for each in _open(request, state) if each.id == request.params["id"]), None)
    if invitation is None or invitation.data["email"] not in _verified_emails(state, user_id):
        raise known("VERIFICATION_CODE_NOT_FOUND")
    team = find_team(state, request.project.id, invitation.data["team_id"])
    _enter(request, state, team, find_user(state, request.project.id, user_id).id)
    state[CODES].update(invitation, used_at_millis=request.now)
    return ok({})


def _own_id(request: Request, given: str) -> str:
    """Return the user in the query, who must be the caller for clients."""
    user_id = request.user_id(given)
    if request.is_client and (request.caller.user is None or request.caller.user.id != user_id):
        raise known("CANNOT_GET_OWN_USER_WITHOUT_USER")
    return user_id


def _check_unrestricted(request: Request, state: State, user: User) -> None:
    reason = restricted_reason(state, request.project, user)
    if reason is not None:
        raise known("TEAM_INVITATION_RESTRICTED_USER_NOT_ALLOWED", restricted_reason=reason)


def _enter(request: Request, state: State, team: Team, user_id: str) -> None:
    if membership(state, team.id, user_id) is None:
        add_member(request, state, team.id, user_id)


def _open(request: Request, state: State) -> list[Code]:
    """Return invitations that can still be accepted."""
    return [
        each
        for each in state[CODES].where(project_id=request.project.id, kind=INVITATION)
        if each.used_at_millis is None and each.expires_at_millis > request.now
    ]


def _verified_emails(state: State, user_id: str) -> set[str]:
    return {each.value for each in state[CHANNELS].where(user_id=user_id, is_verified=True)}


def _page(state: State, invitations: list[Code]) -> Reply:
    # As in the API: by their random keys, so the order is arbitrary.
    return page(_views(state, sorted(invitations, key=lambda each: each.id)))


def _views(state: State, invitations: list[Code]) -> list[JsonObject]:
    """Return the views for lists; invitations to deleted teams are omitted."""
    teams = {each.id: state[TEAMS].get(each.data["team_id"]) for each in invitations}
    return [
        {
            "id": each.id,
            "team_id": team.id,
            "team_display_name": team.display_name,
            "expires_at_millis": each.expires_at_millis,
            "recipient_email": each.data["email"],
        }
        for each in invitations
        if (team := teams[each.id]) is not None
    ]
