"""`/auth/otp`: sign-in by a code from an email, which also creates new users. And `/auth/anonymous`."""

from typing import Final

from hexclave_emulator.checking.rules import CODE, SIGN_IN_EMAIL
from hexclave_emulator.credentials.codes import look_up, mail_code, redeem
from hexclave_emulator.domains.accounts import create_user, sign_up
from hexclave_emulator.domains.contact_channels import CHANNELS, sign_in_channel
from hexclave_emulator.domains.sign_in import check_bot_challenge, check_callback, signed_in
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

SIGN_IN: Final = "sign_in"


@route("POST", "/auth/otp/send-sign-in-code", access=CLIENT, rules={"body.email": SIGN_IN_EMAIL})
def send_sign_in_code(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    if not project.config["auth"]["otp"]["allowSignIn"]:
        raise plain(403, "OTP sign-in is not enabled for this project")
    check_callback(project, body["callback_url"])
    email = body["email"].lower()
    channel = sign_in_channel(state, project.id, email)
    if channel is None:
        check_bot_challenge(body)
        if not project.config["auth"]["allowSignUp"]:
            raise known("SIGN_UP_NOT_ENABLED")
    data = {"email": email, "user_id": channel.user_id if channel else None}
    code = mail_code(request, state, SIGN_IN, email, body["callback_url"], data, life=10 * 60 * 1000, subject="Sign in")
    return ok({"nonce": code.nonce})


@route("POST", "/auth/otp/sign-in/check-code", access=CLIENT, rules={"body.code": CODE})
def check_sign_in_code(request: Request, state: State) -> Reply:
    look_up(request, state, SIGN_IN, request.body["code"])
    return ok({"is_code_valid": True})


@route("POST", "/auth/otp/sign-in", access=CLIENT, rules={"body.code": CODE})
def sign_in_with_code(request: Request, state: State) -> Reply:
    email = redeem(request, state, SIGN_IN, request.body["code"])["email"]
    channel = sign_in_channel(state, request.project.id, email)
    user = state[USERS].get(channel.user_id) if channel is not None else None
    is_new = user is None or channel is None
    if user is None or channel is None:
        fields = {
            "primary_email": email,
            "primary_email_verified": True,
            "primary_email_auth_enabled": True,
            "otp_auth_enabled": True,
        }
        user = sign_up(request, state, fields)
    else:
        if not user.otp_auth_enabled:
            # The owner of the address may only take over the account if the account's address was verified.
            if not channel.is_verified:
                raise known("USER_EMAIL_ALREADY_EXISTS", email=email, would_work_if_email_was_verified=True).keeping()
            user = state[USERS].update(user, otp_auth_enabled=True)
        state[CHANNELS].update(channel, is_verified=True)
    return ok({**signed_in(request, state, user, is_new_user=is_new), "is_new_user": is_new})


@route("POST", "/auth/anonymous/sign-up", access=CLIENT)
def sign_up_anonymously(request: Request, state: State) -> Reply:
    return ok(signed_in(request, state, create_user(request, state, {"is_anonymous": True}), is_new_user=True))
