"""`/users` and `/users/me`."""

from typing import Final

from hexclave_emulator.checking.rules import BASE64, COUNTRY, EMAIL, SAID_TWICE, URL, UUID, Rule, at_most, between
from hexclave_emulator.domains.accounts import change_user, create_user, delete_user, give_personal_team
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.teams import MEMBERSHIPS
from hexclave_emulator.domains.users import USERS, User, find_user, restricted_reason, user_view
from hexclave_emulator.messages.exchange import Reply, created, cursor_page, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.tables import State

_FIELDS: Final[dict[str, Rule]] = {
    "body.display_name": at_most(256),
    "body.profile_image_url": URL,
    "body.primary_email": EMAIL,
    "body.password": at_most(70),
    "body.totp_secret_base64": BASE64,
    "body.country_code": COUNTRY,
    "body.selected_team_id": UUID,
}
_ONE: Final[dict[str, Rule]] = {"params.user_id": UUID}


@route(
    "GET",
    "/users",
    access=SERVER,
    rules={"query.limit": between(1), "query.cursor": UUID, "query.team_id": UUID},
)
def list_users(request: Request, state: State) -> Reply:
    query = request.query
    order_by = query.get("order_by", "signed_up_at")
    if query.get("only_anonymous") and not query.get("include_anonymous") and request.release == "2026-04":
        raise plain(400, "only_anonymous=true requires include_anonymous=true")

    users = [user for user in state[USERS].where(project_id=request.project.id) if _is_wanted(request, state, user)]
    users.sort(key=lambda user: getattr(user, f"{order_by}_millis"))
    if query.get("desc"):
        users.reverse()
    limit: int | None = query.get("limit")
    if "cursor" in query:
        ids = [user.id for user in users]
        users = users[ids.index(query["cursor"]) :] if query["cursor"] in ids else []
    following = users[limit].id if limit is not None and limit < len(users) else None
    views = [user_view(state, request.project, user, as_client=False) for user in users[:limit]]
    return cursor_page(views, following)


def _is_wanted(request: Request, state: State, user: User) -> bool:
    query = request.query
    anonymous = bool(query.get("include_anonymous") or query.get("only_anonymous"))
    reason = restricted_reason(state, request.project, user)
    if reason is not None:
        is_let_in = anonymous if user.is_anonymous else anonymous or query.get("include_restricted")
        if not is_let_in:
            return False
    if query.get("only_anonymous") and not user.is_anonymous:
        return False
    if "team_id" in query and state[MEMBERSHIPS].first(team_id=query["team_id"], user_id=user.id) is None:
        return False
    channel = primary_channel(state, user.id)
    email = channel.value if channel else ""
    if email.rpartition("@")[2] in query.get("excluded_email_domains", ()):
        return False
    words = query.get("query", "").lower()
    return not words or words == user.id or words in (user.display_name or "").lower() or words in email.lower()


@route("POST", "/users", access=SERVER, rules=_FIELDS | {"body": SAID_TWICE})
def post_user(request: Request, state: State) -> Reply:
    user = create_user(request, state, request.body)
    reply = created(user_view(state, request.project, user, as_client=False))
    give_personal_team(request, state, user)
    return reply


@route("GET", "/users/{user_id}", access=SERVER, rules=_ONE)
def get_user(request: Request, state: State) -> Reply:
    user = find_user(state, request.project.id, request.params["user_id"])
    return ok(user_view(state, request.project, user, as_client=False))


@route("PATCH", "/users/{user_id}", access=SERVER, rules=_FIELDS | _ONE)
def patch_user(request: Request, state: State) -> Reply:
    user = change_user(request, state, find_user(state, request.project.id, request.params["user_id"]), request.body)
    return ok(user_view(state, request.project, user, as_client=False))


@route("DELETE", "/users/{user_id}", access=SERVER, rules=_ONE)
def remove_user(request: Request, state: State) -> Reply:
    delete_user(request, state, find_user(state, request.project.id, request.params["user_id"]))
    return success()


@route("GET", "/users/me", access=CLIENT)
def get_current_user(request: Request, state: State) -> Reply:
    return ok(user_view(state, request.project, _current(request), as_client=request.is_client))


@route("PATCH", "/users/me", access=CLIENT, rules=_FIELDS)
def patch_current_user(request: Request, state: State) -> Reply:
    user = change_user(request, state, _current(request), request.body)
    return ok(user_view(state, request.project, user, as_client=request.is_client))


@route("DELETE", "/users/me", access=CLIENT)
def remove_current_user(request: Request, state: State) -> Reply:
    user = _current(request)
    if request.is_client and not request.project.config["users"]["allowClientUserDeletion"]:
        raise plain(400, "Client user deletion is not enabled for this project")
    delete_user(request, state, user)
    return success()


def _current(request: Request) -> User:
    if request.caller.user is None:
        raise known("CANNOT_GET_OWN_USER_WITHOUT_USER")
    return request.caller.user
