"""`/contact-channels`: the email addresses of users, and their verification."""

from typing import Final

from hexclave_emulator.checking.rules import CODE, EMAIL, URL, USER_ID, UUID, Rule
from hexclave_emulator.credentials.codes import DAY, look_up, mail_code, redeem
from hexclave_emulator.domains.accounts import user_in_body
from hexclave_emulator.domains.contact_channels import (
    CHANNELS,
    VERIFY,
    ContactChannel,
    channel_view,
    sign_in_channel,
)
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, page, success
from hexclave_emulator.messages.refusals import known, plain, schema_error, unguarded
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_ONE: Final[dict[str, Rule]] = {"params.user_id": USER_ID, "params.contact_channel_id": UUID}
_LISTED: Final[dict[str, Rule]] = {"query.user_id": USER_ID, "query.contact_channel_id": UUID}


def _check_own(request: Request, user_id: str | None, verb: str) -> None:
    if request.is_client and user_id != request.user_id("me"):
        raise plain(403, f"Client can only {verb} contact channels for their own user.")


def _found(request: Request, state: State) -> ContactChannel | None:
    channel = state[CHANNELS].get(request.params["contact_channel_id"])
    user_id = request.user_id(request.params["user_id"])
    return (
        channel
        if channel is not None and (channel.project_id, channel.user_id) == (request.project.id, user_id)
        else None
    )


@route("GET", "/contact-channels", access=CLIENT, rules=_LISTED)
def list_channels(request: Request, state: State) -> Reply:
    user_id = request.user_id(request.query["user_id"]) if "user_id" in request.query else None
    _check_own(request, user_id, "list")
    where: JsonObject = {"project_id": request.project.id}
    if user_id is not None:
        where["user_id"] = user_id
    if "contact_channel_id" in request.query:
        where["id"] = request.query["contact_channel_id"]
    # As in the API: by their random keys, so the order is arbitrary.
    found = sorted(state[CHANNELS].where(**where), key=lambda each: (each.user_id, each.id))
    return page([channel_view(each) for each in found])


@route("POST", "/contact-channels", access=CLIENT, rules={"body.user_id": USER_ID, "body.value": EMAIL})
def post_channel(request: Request, state: State) -> Reply:
    body = request.body
    user_id, email = request.user_id(body["user_id"]), body["value"].lower()
    _check_own(request, user_id, "create")
    if state[CHANNELS].first(user_id=user_id, value=email) is not None:
        raise plain(400, "Contact channel already exists")
    if body["used_for_auth"] and sign_in_channel(state, request.project.id, email) is not None:
        raise _taken(email)
    with unguarded(request.release):
        user_in_body(state, request.project, user_id)
    if body.get("is_primary"):
        _demote(state, user_id)
    channel = ContactChannel(
        id=new_id(),
        project_id=request.project.id,
        user_id=user_id,
        value=email,
        is_primary=body.get("is_primary", False),
        is_verified=body.get("is_verified", False),
        used_for_auth=body["used_for_auth"],
        created_at_millis=request.now,
    )
    return created(channel_view(state[CHANNELS].insert(channel)))


@route("GET", "/contact-channels/{user_id}/{contact_channel_id}", access=CLIENT, rules=_ONE)
def get_channel(request: Request, state: State) -> Reply:
    _check_own(request, request.user_id(request.params["user_id"]), "read")
    channel = _found(request, state)
    if channel is None:
        raise plain(404, "Contact channel not found.")
    return ok(channel_view(channel))


@route("PATCH", "/contact-channels/{user_id}/{contact_channel_id}", access=CLIENT, rules=_ONE)
def patch_channel(request: Request, state: State) -> Reply:
    _check_own(request, request.user_id(request.params["user_id"]), "update")
    channel = _found(request, state)
    if channel is None:
        raise plain(400, "Contact channel not found")
    names = ("is_primary", "is_verified", "used_for_auth")
    changes: JsonObject = {name: request.body[name] for name in names if name in request.body}
    if "value" in request.body:
        changes = {"value": _new_value(request), "is_verified": False, **changes}
    email = changes.get("value", channel.value)
    if changes.get("used_for_auth", channel.used_for_auth):
        other = sign_in_channel(state, request.project.id, email)
        if other is not None and other.id != channel.id:
            raise _taken(None)
    with unguarded(request.release):
        twin = state[CHANNELS].first(user_id=channel.user_id, value=email)
        if twin is not None and twin.id != channel.id:
            raise plain(400, "Contact channel already exists")
    if changes.get("is_primary"):
        _demote(state, channel.user_id)
    return ok(channel_view(state[CHANNELS].update(channel, **changes)))


@route("DELETE", "/contact-channels/{user_id}/{contact_channel_id}", access=CLIENT, rules=_ONE)
def delete_channel(request: Request, state: State) -> Reply:
    _check_own(request, request.user_id(request.params["user_id"]), "delete")
    channel = _found(request, state)
    if channel is None:
        raise plain(400, "Contact channel not found")
    state[CHANNELS].delete(channel.id)
    return success()


def _new_value(request: Request) -> str:
    """Return the new value of the address. Without a type, the API accepts any text unchanged."""
    value: str = request.body["value"]
    if request.body.get("type") != "email":
        return value
    faults = [f"body.value {fault}" for check in EMAIL.checks if (fault := check(value)) is not None]
    if faults:
        raise schema_error(request.method, request.path, faults)
    return value.lower()


def _taken(email: str | None) -> Exception:
    return known(
        "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE",
        type="email",
        contact_channel_value=email,
        would_work_if_email_was_verified=False,
    )


def _demote(state: State, user_id: str) -> None:
    """Make the old primary address secondary: a user has only one."""
    for each in state[CHANNELS].where(user_id=user_id, is_primary=True):
        state[CHANNELS].update(each, is_primary=False)


@route(
    "POST",
    "/contact-channels/{user_id}/{contact_channel_id}/send-verification-code",
    access=CLIENT,
    rules=_ONE | {"body.callback_url": URL},
)
def send_verification_code(request: Request, state: State) -> Reply:
    user_id = request.user_id(request.params["user_id"])
    if request.is_client:
        if user_id != request.user_id("me"):
            raise plain(400, "Can only send verification code for your own user")
    else:
        user_in_body(state, request.project, user_id)
    channel = _found(request, state)
    if channel is None:
        raise plain(404, "Contact channel not found")
    if channel.is_verified:
        raise known("EMAIL_ALREADY_VERIFIED")
    callback = request.body["callback_url"]
    check_callback(request.project, callback)
    data = {"user_id": user_id, "email": channel.value}
    mail_code(request, state, VERIFY, channel.value, callback, data, life=7 * DAY, subject="Verify your email address")
    return success()


@route("POST", "/contact-channels/verify/check-code", access=CLIENT, rules={"body.code": CODE})
def check_verification_code(request: Request, state: State) -> Reply:
    look_up(request, state, VERIFY, request.body["code"])
    return ok({"is_code_valid": True})


@route("POST", "/contact-channels/verify", access=CLIENT, rules={"body.code": CODE})
def verify_channel(request: Request, state: State) -> Reply:
    data = redeem(request, state, VERIFY, request.body["code"])
    channel = state[CHANNELS].first(user_id=data["user_id"], value=data["email"])
    if channel is None:
        raise plain(400, "Contact channel not found. Was your contact channel deleted?").keeping()
    state[CHANNELS].update(channel, is_verified=True)
    return success()
