"""`/auth/password`: sign-up and sign-in by password, changing it, and resetting it by email."""

from typing import Final

from hexclave_emulator.checking.rules import CODE, EMAIL, SIGN_IN_EMAIL, at_most
from hexclave_emulator.credentials.codes import look_up, mail_code, redeem
from hexclave_emulator.credentials.passwords import MAX_LENGTH, MIN_LENGTH, fits, hashed
from hexclave_emulator.domains.accounts import change_user, end_sessions, sign_up
from hexclave_emulator.domains.contact_channels import VERIFY, primary_channel, sign_in_channel
from hexclave_emulator.domains.sign_in import check_bot_challenge, check_callback, signed_in
from hexclave_emulator.domains.users import USERS, find_user
from hexclave_emulator.messages.exchange import Reply, ok, success
from hexclave_emulator.messages.refusals import Refusal, known, plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

RESET: Final = "reset_password"

_HOUR: Final = 3600 * 1000
_PASSWORD: Final = at_most(MAX_LENGTH)


def _check_enabled(request: Request) -> None:
    if not request.project.config["auth"]["password"]["allowSignIn"]:
        raise known("PASSWORD_AUTHENTICATION_NOT_ENABLED")


def _password_fault(password: str) -> Refusal | None:
    if len(password) < MIN_LENGTH:
        return known("PASSWORD_TOO_SHORT", min_length=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        return known("PASSWORD_TOO_LONG", maxLength=MAX_LENGTH)
    return None


@route("POST", "/auth/password/sign-up", access=CLIENT, rules={"body.email": SIGN_IN_EMAIL, "body.password": _PASSWORD})
def sign_up_with_password(request: Request, state: State) -> Reply:
    body = request.body
    _check_enabled(request)
    callback = body.get("verification_callback_url")
    if callback is not None:
        check_callback(request.project, callback)
    fault = _password_fault(body["password"])
    if fault is not None:
        raise fault
    check_bot_challenge(body)
    email = body["email"].lower()
    user = sign_up(
        request,
        state,
        {
            "primary_email": email,
            "primary_email_verified": False,
            "primary_email_auth_enabled": True,
            "password": body["password"],
        },
    )
    channel = primary_channel(state, user.id)
    if callback is not None and channel is not None:
        data = {"user_id": user.id, "email": email}
        mail_code(
            request, state, VERIFY, email, callback, data, life=7 * 24 * _HOUR, subject="Verify your email address"
        )
    return ok(signed_in(request, state, user, is_new_user=True))


@route("POST", "/auth/password/sign-in", access=CLIENT, rules={"body.email": EMAIL})
def sign_in_with_password(request: Request, state: State) -> Reply:
    _check_enabled(request)
    channel = sign_in_channel(state, request.project.id, request.body["email"])
    user = state[USERS].get(channel.user_id) if channel else None
    if user is None or not fits(request.body["password"], user.password_hash):
        raise known("EMAIL_PASSWORD_MISMATCH")
    return ok(signed_in(request, state, user))


@route("POST", "/auth/password/update", access=CLIENT, needs=("user",), rules={"body.new_password": _PASSWORD})
def update_password(request: Request, state: State) -> Reply:
    _check_enabled(request)
    if not fits(request.body["old_password"], request.user.password_hash):
        raise known("PASSWORD_CONFIRMATION_MISMATCH")
    fault = _password_fault(request.body["new_password"])
    if fault is not None:
        raise fault
    state[USERS].update(request.user, password_hash=hashed(request.body["new_password"]))
    end_sessions(state, request.user.id, except_token=request.headers.get("refresh-token"))
    return success()


@route("POST", "/auth/password/set", access=CLIENT, needs=("user",), rules={"body.password": _PASSWORD})
def set_password(request: Request, state: State) -> Reply:
    _check_enabled(request)
    if request.user.password_hash is not None:
        raise plain(400, "User already has a password set.")
    fault = _password_fault(request.body["password"])
    if fault is not None:
        raise fault
    state[USERS].update(request.user, password_hash=hashed(request.body["password"]))
    return success()


@route("POST", "/auth/password/send-reset-code", access=CLIENT, rules={"body.email": EMAIL})
def send_reset_code(request: Request, state: State) -> Reply:
    _check_enabled(request)
    check_callback(request.project, request.body["callback_url"])
    email = request.body["email"].lower()
    channel = sign_in_channel(state, request.project.id, email)
    if channel is not None:
        data = {"user_id": channel.user_id}
        callback = request.body["callback_url"]
        mail_code(request, state, RESET, email, callback, data, life=2 * _HOUR, subject="Reset your password")
    return ok({"success": "maybe, only if user with e-mail exists"})


@route("POST", "/auth/password/reset/check-code", access=CLIENT, rules={"body.code": CODE})
def check_reset_code(request: Request, state: State) -> Reply:
    look_up(request, state, RESET, request.body["code"])
    return ok({"is_code_valid": True})


@route("POST", "/auth/password/reset", access=CLIENT, rules={"body.code": CODE})
def reset_password(request: Request, state: State) -> Reply:
    data = redeem(request, state, RESET, request.body["code"])
    fault = _password_fault(request.body["password"])
    if fault is not None:
        raise fault.keeping()
    user = find_user(state, request.project.id, data["user_id"])
    change_user(request, state, user, {"password": request.body["password"]})
    return success()
