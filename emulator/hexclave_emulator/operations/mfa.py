"""`/auth/mfa/sign-in`: the second factor, six digits of an authenticator app (RFC 6238)."""

import base64
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from hexclave_emulator.checking.rules import CODE
from hexclave_emulator.credentials.codes import look_up, redeem
from hexclave_emulator.domains.sessions import session_tokens, start_session
from hexclave_emulator.domains.sign_in import MFA_CODE
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State

_STEP: Final = 30
"""Seconds for which the digits are valid; like the API, without a tolerance."""


def totp_digits(secret_base64: str, seconds: int) -> str:
    """Return the digits that an authenticator app shows for the secret at this Unix time."""
    # Authenticator apps support no other hash; secrets may have any length.
    key = base64.b64decode(secret_base64)
    totp = TOTP(key, 6, SHA1(), _STEP, enforce_key_length=False)  # noqa: S303 -- RFC 6238
    return totp.generate(max(0, seconds)).decode()


@route("POST", "/auth/mfa/sign-in", access=CLIENT, rules={"body.code": CODE})
def sign_in_with_second_factor(request: Request, state: State) -> Reply:
    body = request.body
    attempt = look_up(request, state, MFA_CODE, body["code"])
    user = find_user(state, request.project.id, attempt.data["user_id"])
    # Without a secret, no digits can match: the second factor was disabled in the meantime.
    secret = user.totp_secret_base64
    expected = totp_digits(secret, request.emulator.clock.seconds()) if secret is not None else ""
    if not expected or not hmac.compare_digest(expected.encode(), body["totp"].encode()):
        raise known("INVALID_TOTP_CODE")
    data = redeem(request, state, MFA_CODE, body["code"])
    tokens = session_tokens(request, state, start_session(request, state, user))
    return ok({**tokens, "user_id": user.id, "is_new_user": data["is_new_user"]})
