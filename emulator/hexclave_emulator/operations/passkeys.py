"""`/auth/passkey`: registering a passkey, and signing in with it."""

import base64
from typing import Any, Final

import attrs

from hexclave_emulator.credentials import webauthn
from hexclave_emulator.credentials.codes import issue, redeem
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.sign_in import is_trusted, signed_in
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table

_REGISTRATION: Final = "passkey_registration"
_AUTHENTICATION: Final = "passkey_authentication"
_TIMEOUT: Final = 60_000
"""Timeout of the browser's prompt in milliseconds; the code is valid a little longer."""
_LIFE: Final = _TIMEOUT + 5000
_RP_ID: Final = "THIS_VALUE_WILL_BE_REPLACED.example.com"
"""Clients replace it with their own host."""
_ALGORITHMS: Final = (-8, -7, -257)
"""EdDSA, ES256 and RS256, by their COSE numbers."""
_RECORDED_CHALLENGE: Final = "TU9DSw"
"""The challenge of an API in test mode, like the recorded one: `MOCK`."""


@attrs.frozen(kw_only=True)
class Passkey:
    """A user's passkey; each user has at most one."""

    id: str
    project_id: str
    user_id: str
    credential_id: str
    public_key: str
    counter: int


PASSKEYS: Final = table("passkeys", Passkey, indexes=("project_id", "user_id", "credential_id"))


@route("POST", "/auth/passkey/initiate-passkey-registration", access=CLIENT, needs=("user",))
def start_registration(request: Request, state: State) -> Reply:
    _check_enabled(request)
    user = request.user
    channel = primary_channel(state, user.id)
    name = user.display_name or (channel.value if channel else None) or "Stack Auth User"
    challenge = _challenge(request)
    options = {
        "challenge": challenge,
        "rp": {"name": request.project.display_name, "id": _RP_ID},
        "user": {"id": _base64url(user.id.encode()), "name": name, "displayName": name},
        "pubKeyCredParams": [{"alg": algorithm, "type": "public-key"} for algorithm in _ALGORITHMS],
        "timeout": _TIMEOUT,
        "attestation": "none",
        "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "required",
            "userVerification": "preferred",
            "requireResidentKey": True,
        },
        "extensions": {"credProps": True},
    }
    return _asked(request, state, _REGISTRATION, options)


@route("POST", "/auth/passkey/register", access=CLIENT)
def register(request: Request, state: State) -> Reply:
    challenge = redeem(request, state, _REGISTRATION, request.body["code"])["challenge"]
    _check_enabled(request)
    user = request.user
    try:
        answer = _checked(request, request.body["credential"], "webauthn.create", challenge)
        public_key = webauthn.public_key(answer)
    except webauthn.RejectedError as error:
        raise known("PASSKEY_REGISTRATION_FAILED", f"Passkey registration failed: {error}.").keeping() from None
    for old in state[PASSKEYS].where(user_id=user.id):
        state[PASSKEYS].delete(old.id)
    state[PASSKEYS].insert(
        Passkey(
            id=new_id(),
            project_id=user.project_id,
            user_id=user.id,
            credential_id=answer.credential_id,
            public_key=public_key,
            counter=answer.counter,
        )
    )
    state[USERS].update(user, passkey_auth_enabled=True)
    return ok({"user_handle": answer.credential_id})


@route("POST", "/auth/passkey/initiate-passkey-authentication", access=CLIENT)
def start_authentication(request: Request, state: State) -> Reply:
    _check_enabled(request)
    options = {
        "rpId": _RP_ID,
        "challenge": _challenge(request),
        "allowCredentials": [],
        "timeout": _TIMEOUT,
        "userVerification": "preferred",
    }
    return _asked(request, state, _AUTHENTICATION, options)


@route("POST", "/auth/passkey/sign-in", access=CLIENT)
def sign_in_with_passkey(request: Request, state: State) -> Reply:
    challenge = redeem(request, state, _AUTHENTICATION, request.body["code"])["challenge"]
    _check_enabled(request)
    given = request.body["authentication_response"]
    credential_id = given.get("id")
    passkey = None
    if isinstance(credential_id, str):
        passkey = state[PASSKEYS].first(credential_id=credential_id, project_id=request.project.id)
    user = state[USERS].get(passkey.user_id) if passkey is not None else None
    if passkey is None or user is None or not user.passkey_auth_enabled:
        raise known("PASSKEY_AUTHENTICATION_FAILED", "Passkey not found").keeping()
    try:
        answer = _checked(request, given, "webauthn.get", challenge)
        webauthn.verify(answer, passkey.public_key)
        if (answer.counter or passkey.counter) and answer.counter <= passkey.counter:
            raise webauthn.RejectedError("the passkey seems to have been copied")  # noqa: TRY301 -- one way to refuse
    except webauthn.RejectedError as error:
        raise known("PASSKEY_AUTHENTICATION_FAILED", f"Passkey authentication failed: {error}.").keeping() from None
    state[PASSKEYS].update(passkey, counter=answer.counter)
    return ok({**signed_in(request, state, user), "is_new_user": False})


def _check_enabled(request: Request) -> None:
    if not request.project.config["auth"]["passkey"]["allowSignIn"]:
        raise known("PASSKEY_AUTHENTICATION_NOT_ENABLED")


def _challenge(request: Request) -> str:
    return _RECORDED_CHALLENGE if request.release == "2026-04" else _base64url(secret(52).encode())


def _asked(request: Request, state: State, kind: str, options: JsonObject) -> Reply:
    data = {"challenge": options["challenge"]}
    code = issue(state, request.project.id, kind, data, now=request.now, life=_LIFE)
    return ok({"options_json": options, "code": code.code})


def _checked(request: Request, credential: Any, kind: str, challenge: str) -> webauthn.Answer:
    answer = webauthn.read(credential)
    if not is_trusted(request.project, answer.origin):
        raise webauthn.RejectedError("the origin is not allowed")
    webauthn.check(answer, kind=kind, challenge=challenge)
    return answer


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
