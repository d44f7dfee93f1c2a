"""OAuth authorization codes: issuing, exchanging for tokens, and transferring a session to another domain."""

import base64
import hashlib
import hmac
from secrets import token_hex
from typing import Final

import attrs

from hexclave_emulator.checking.rules import URL, Rule, at_most, matches
from hexclave_emulator.credentials.codes import with_query
from hexclave_emulator.domains.projects import Project
from hexclave_emulator.domains.sessions import SESSIONS, session_tokens, start_session
from hexclave_emulator.domains.sign_in import check_callback, check_second_factor
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.operations.sessions import GRANTS, missing_parameter
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State, table

_LIFE: Final = 5 * 60 * 1000


@attrs.frozen(kw_only=True)
class AuthorizationCode:
    id: str
    """The code."""
    project_id: str
    user_id: str
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str
    is_new_user: bool
    after_callback_redirect_url: str | None
    session_id: str | None
    """The session to transfer; `None` starts a new one."""
    expires_at_millis: int


CODES: Final = table("authorization_codes", AuthorizationCode, indexes=("project_id", "user_id"))


def redirect_with_code(
    request: Request,
    state: State,
    user: User,
    *,
    redirect_uri: str,
    app_state: str,
    code_challenge: str,
    code_challenge_method: str,
    is_new_user: bool = False,
    after_callback_redirect_url: str | None = None,
    session_id: str | None = None,
) -> str:
    """Return the redirect URI with a new code for this user."""
    code = state[CODES].insert(
        AuthorizationCode(
            id=token_hex(32),
            project_id=user.project_id,
            user_id=user.id,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            code_challenge_method=code_challenge_method,
            is_new_user=is_new_user,
            after_callback_redirect_url=after_callback_redirect_url,
            session_id=session_id,
            expires_at_millis=request.now + _LIFE,
        )
    )
    return with_query(redirect_uri, code=code.id, state=app_state)


def _code_grant(request: Request, state: State, project: Project) -> JsonObject:
    body = request.body
    if not body.get("code"):
        raise missing_parameter("code")
    code = state[CODES].get(body["code"])
    user = state[USERS].get(code.user_id) if code is not None else None
    is_good = code is not None and code.project_id == project.id and code.expires_at_millis > request.now
    if code is None or user is None or not is_good or not _proves(body.get("code_verifier", ""), code):
        raise known("INVALID_AUTHORIZATION_CODE")
    if body.get("redirect_uri") != code.redirect_uri:
        raise plain(
            400,
            "Invalid redirect URI. Your redirect URI must be the same as the one used to get the authorization code.",
        )
    state[CODES].delete(code.id)
    check_second_factor(request, state, user)
    session = state[SESSIONS].get(code.session_id) if code.session_id is not None else None
    if session is None or session.expires_at_millis <= request.now:
        session = start_session(request, state, user)
    return {
        **session_tokens(request, state, session),
        "newUser": code.is_new_user,
        "is_new_user": code.is_new_user,
        "afterCallbackRedirectUrl": code.after_callback_redirect_url,
        "after_callback_redirect_url": code.after_callback_redirect_url,
    }


GRANTS["authorization_code"] = _code_grant


def _proves(verifier: str, code: AuthorizationCode) -> bool:
    if not verifier:
        return False
    made = verifier
    if code.code_challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(made.encode(), code.code_challenge.encode())


@route(
    "POST",
    "/auth/oauth/cross-domain/authorize",
    access=CLIENT,
    rules={
        "body.redirect_uri": URL,
        "body.after_callback_redirect_url": URL,
        "body.state": Rule((lambda value: None if value else "must not be empty",)) & at_most(512),
        "body.code_challenge": matches(
            "[A-Za-z0-9._~-]{43,128}", 'must match the following: "/^[A-Za-z0-9._~-]{43,128}$/"'
        ),
    },
)
def authorize_other_domain(request: Request, state: State) -> Reply:
    body, user = request.body, request.user
    refresh_token = request.headers.get("refresh-token")
    if not refresh_token:
        raise plain(400, "Cross-domain auth handoff requires passing the current refresh token.")
    session = state[SESSIONS].first(refresh_token=refresh_token)
    if session is None or session.id != request.caller.session_id:
        raise plain(401, "Cross-domain auth handoff refresh token does not match the authenticated session.")
    if session.expires_at_millis <= request.now:
        raise plain(401, "Cross-domain auth handoff refresh token is not valid.")
    after = body.get("after_callback_redirect_url")
    for url in (body["redirect_uri"], after):
        if url is not None:
            check_callback(request.project, url)
    redirect_url = redirect_with_code(
        request,
        state,
        user,
        redirect_uri=body["redirect_uri"],
        app_state=body["state"],
        code_challenge=body["code_challenge"],
        code_challenge_method=body["code_challenge_method"],
        after_callback_redirect_url=after,
        session_id=session.id,
    )
    return ok({"redirect_url": redirect_url})
