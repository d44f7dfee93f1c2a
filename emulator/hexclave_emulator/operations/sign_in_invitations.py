"""Invitations to sign in: a sign-in code by email, requested by someone other than the recipient."""

from typing import Final

from hexclave_emulator.checking.rules import SIGN_IN_EMAIL
from hexclave_emulator.credentials.codes import DAY, mail_code
from hexclave_emulator.domains.contact_channels import sign_in_channel
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.messages.exchange import Reply, success
from hexclave_emulator.operations.code_auth import SIGN_IN
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.tables import State

_LIFE: Final = 7 * DAY


@route("POST", "/internal/send-sign-in-invitation", access=SERVER, rules={"body.email": SIGN_IN_EMAIL})
def invite_to_sign_in(request: Request, state: State) -> Reply:
    url, email = request.body["callback_url"], request.body["email"].lower()
    check_callback(request.project, url)
    channel = sign_in_channel(state, request.project.id, email)
    data = {"email": email, "user_id": channel.user_id if channel else None}
    subject = f"You have been invited to sign in to {request.project.display_name}"
    mail_code(request, state, SIGN_IN, email, url, data, life=_LIFE, subject=subject)
    return success()
