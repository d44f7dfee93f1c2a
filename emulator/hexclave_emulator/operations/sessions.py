"""`/auth/sessions`: making, listing, refreshing and ending sessions; the token endpoint of OAuth; the public keys."""

from collections.abc import Callable
from typing import Final

from hexclave_emulator.checking.rules import OPTIONAL, USER_ID, UUID, between
from hexclave_emulator.credentials import tokens
from hexclave_emulator.domains.access import is_publishable_key
from hexclave_emulator.domains.accounts import user_in_body
from hexclave_emulator.domains.projects import PROJECTS, Project, project_setting
from hexclave_emulator.domains.sessions import (
    DEFAULT_LIFE,
    SESSIONS,
    access_token,
    live_session,
    session_tokens,
    start_session,
)
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, page, success
from hexclave_emulator.messages.refusals import Refusal, known, plain
from hexclave_emulator.routing.routes import CLIENT, OPEN, SERVER, Request, route
from hexclave_emulator.state.tables import State

PUBLIC_CLIENT: Final = "__stack_public_client__"
"""Placeholder for a missing publishable client key where OAuth requires a client secret."""


@route(
    "POST",
    "/auth/sessions",
    access=SERVER,
    rules={"body.user_id": USER_ID, "body.expires_in_millis": between(1, 31708800000)},
)
def post_session(request: Request, state: State) -> Reply:
    body = request.body
    user = user_in_body(state, request.project, request.user_id(body["user_id"]))
    session = start_session(
        request,
        state,
        user,
        life=body.get("expires_in_millis") or DEFAULT_LIFE,
        is_impersonation=bool(body.get("is_impersonation")),
    )
    return ok(session_tokens(request, state, session))


@route("GET", "/auth/sessions", access=CLIENT, rules={"query.user_id": USER_ID})
def list_sessions(request: Request, state: State) -> Reply:
    user_id = _listed_user(request, "Client can only list sessions for their own user.")
    sessions = [
        session
        for session in state[SESSIONS].where(user_id=user_id, project_id=request.project.id)
        if session.expires_at_millis > request.now and (request.caller.type == "admin" or not session.is_impersonation)
    ]
    return page(
        [
            {
                "id": session.id,
                "user_id": session.user_id,
                "created_at": session.created_at_millis,
                "last_used_at": session.last_used_at_millis,
                "is_impersonation": session.is_impersonation,
                "is_current_session": session.id == request.caller.session_id,
                **({} if request.release < "2026-10" else {"agent_name": session.agent_name}),
            }
            for session in reversed(sessions)
        ]
    )


@route("DELETE", "/auth/sessions/{id}", access=CLIENT, rules={"params.id": UUID, "query.user_id": USER_ID})
def delete_session(request: Request, state: State) -> Reply:
    user_id = _listed_user(request, "Client can only delete sessions for their own user.")
    if request.params["id"] == request.caller.session_id:
        raise known("CANNOT_DELETE_CURRENT_SESSION")
    session = state[SESSIONS].get(request.params["id"])
    if session is None or session.user_id != user_id or session.project_id != request.project.id:
        raise plain(404, "Session not found.")
    state[SESSIONS].delete(session.id)
    return success()


def _listed_user(request: Request, otherwise: str) -> str:
    user_id = request.user_id(request.query["user_id"])
    if request.is_client and (request.caller.user is None or request.caller.user.id != user_id):
        raise plain(403, otherwise)
    return user_id


@route("DELETE", "/auth/sessions/current", access=CLIENT)
def sign_out(request: Request, state: State) -> Reply:
    session_id = request.caller.session_id
    if session_id is None:
        # The API treats a missing token as one that has just expired.
        raise known(
            "ACCESS_TOKEN_EXPIRED", expired_at_millis=request.now, project_id=None, user_id=None, refresh_token_id=None
        )
    if state[SESSIONS].get(session_id) is None:
        if request.release == "2026-04":
            raise plain(500, "Something went wrong.")
        raise known("REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED")
    state[SESSIONS].delete(session_id)
    return success()


@route("POST", "/auth/sessions/current/refresh", access=CLIENT, needs=("refresh_token",))
def refresh(request: Request, state: State) -> Reply:
    session = live_session(request, state, request.project.id, request.headers["refresh-token"])
    return ok({"access_token": access_token(request, state, session)})


Grant = Callable[[Request, State, Project], JsonObject]
GRANTS: Final[dict[str, Grant]] = {}
"""Grants of the token endpoint, by `grant_type`. The OAuth domain adds `authorization_code`."""


@route("POST", "/auth/oauth/token", access=OPEN, rules={"body.client_id": OPTIONAL, "body.client_secret": OPTIONAL})
def exchange_token(request: Request, state: State) -> Reply:
    project = _oauth_client(request, state)
    grant = GRANTS.get(request.body["grant_type"])
    if grant is None:
        raise known("INVALID_AUTHORIZATION_CODE")
    reply = {
        "token_type": "Bearer",
        "expires_in": 3599,
        "scope": "legacy",
        "afterCallbackRedirectUrl": None,
        "after_callback_redirect_url": None,
    }
    return ok(reply | grant(request, state, project), headers={"cache-control": "no-store", "pragma": "no-cache"})


def _oauth_client(request: Request, state: State) -> Project:
    project_id, _, branch = request.body.get("client_id", "").partition("#")
    client_secret = request.body.get("client_secret", "")
    project = state[PROJECTS].get(project_id)
    if project is None or branch not in ("", "main"):
        raise known("INVALID_OAUTH_CLIENT_ID_OR_SECRET", client_id=None)
    if client_secret == PUBLIC_CLIENT:
        if project_setting(project, "project.requirePublishableClientKey"):
            raise known("PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT", project_id=project.id)
    elif not is_publishable_key(request.emulator, project.id, client_secret):
        raise known("INVALID_OAUTH_CLIENT_ID_OR_SECRET", client_id=None)
    return project


def missing_parameter(name: str) -> Refusal:
    """Return OAuth's own error (RFC 6749, section 5.2), which is not one of the API's known errors."""
    error = {"error": "invalid_request", "error_description": f"Missing parameter: `{name}`"}
    return Refusal(ok(error, status=400, headers={"cache-control": "no-store", "pragma": "no-cache"}))


def _refresh_grant(request: Request, state: State, project: Project) -> JsonObject:
    if not request.body.get("refresh_token"):
        raise missing_parameter("refresh_token")
    session = live_session(request, state, project.id, request.body["refresh_token"])
    return {"access_token": access_token(request, state, session)}


GRANTS["refresh_token"] = _refresh_grant


@route("GET", "/projects/{project_id}/.well-known/jwks.json", access=OPEN)
def get_public_keys(request: Request, state: State) -> Reply:
    project_id = request.params["project_id"]
    if state[PROJECTS].get(project_id) is None:
        raise plain(404, "Project not found")
    anonymous = request.query.get("include_anonymous")
    kinds: list[tokens.Kind] = ["regular"]
    if anonymous or request.query.get("include_restricted"):
        kinds.append("restricted")
    if anonymous:
        kinds.append("anonymous")
    emulator = request.emulator
    keys = [
        key.jwk()
        for kind in kinds
        for key in tokens.signing_keys(emulator.secret, tokens.audience(project_id, kind), emulator.short_coordinates)
    ]
    return ok({"keys": keys}, headers={"cache-control": "public, max-age=3600"})
