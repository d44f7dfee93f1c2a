"""`/agent`: AI agents that act on behalf of a user. And `/browser-actions`."""

import secrets
from typing import Final

import attrs

from hexclave_emulator.checking.rules import USER_ID, at_most
from hexclave_emulator.domains.accounts import create_user
from hexclave_emulator.domains.projects import project_setting
from hexclave_emulator.domains.sessions import session_tokens, start_session
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.domains.users import USERS, User, find_user
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, text
from hexclave_emulator.messages.refusals import known, plain, schema_error
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table

_APP: Final = "apps.installed.agent-auth.enabled"
_LIFE: Final = 15 * 60 * 1000
_SESSION_LIFE: Final = 30 * 24 * 3600 * 1000
_LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
_DEFAULT_APP: Final = "http://localhost:3000"
_LINK_LIFE: Final = 5 * 60 * 1000
_IMPERSONATION_LIFE: Final = 2 * 3600 * 1000


@attrs.frozen(kw_only=True)
class AgentRegistration:
    """The registration of an agent that requests access."""

    id: str
    project_id: str
    claim_code: str
    poll_token: str
    agent: JsonObject
    user_hint: str | None
    expires_at_millis: int
    status: str = "waiting"
    user_id: str | None = None
    """The user who approved or denied it."""
    used_at_millis: int | None = None


@attrs.frozen(kw_only=True)
class BrowserAction:
    """A single-use link that performs one action in a browser."""

    id: str
    project_id: str
    type: str
    origin: str
    user_id: str | None
    expires_at_millis: int
    session_expires_at_millis: int | None


AGENT_REGISTRATIONS: Final = table(
    "agent_registrations", AgentRegistration, indexes=("project_id", "claim_code", "poll_token")
)
BROWSER_ACTIONS: Final = table("browser_actions", BrowserAction, indexes=("project_id", "user_id"))


@route("GET", "/agent/auth.md", access=CLIENT)
def get_guide(request: Request, _state: State) -> Reply:
    _require_app(request)
    base = f"{request.base_url}/api/v1"
    lines = [
        f"# Sign in to {request.project.display_name} as an agent",
        "",
        f"1. POST {base}/agent/register with your name. The reply has a code for a person and a token for you.",
        "2. Show the link to the person who shall let you in.",
        f"3. POST {base}/agent/register/poll with the token until the status is no longer that of waiting.",
    ]
    return text("\n".join(lines))


@route("GET", "/agent/discovery", access=CLIENT)
def discover(request: Request, _state: State) -> Reply:
    base, project = f"{request.base_url}/api/v1", request.project
    return ok(
        {
            "issuer": f"{base}/projects/{project.id}",
            "registration_endpoint": f"{base}/agent/register",
            "token_endpoint": f"{base}/auth/oauth/token",
            "revocation_endpoint": f"{base}/auth/sessions/current",
            "agent_auth_md": f"{base}/agent/auth.md",
            "hexclave_agent_auth": {
                "enabled": bool(project_setting(project, _APP)),
                "project_id": project.id,
                "project_display_name": project.display_name,
                "publishable_client_key": None,
                "publishable_client_key_required": bool(
                    project_setting(project, "project.requirePublishableClientKey")
                ),
                "poll_endpoint": f"{base}/agent/register/poll",
                "confirm_endpoint": f"{base}/agent/register/confirm",
                "sessions_endpoint": f"{base}/auth/sessions",
                "anonymous_session_header": {"x-hexclave-allow-anonymous-user": "true"},
                "claim_code_format": "XXXX-XXXX",
                "default_attempt_lifetime_millis": _LIFE,
                "agent_session_lifetime_millis": _SESSION_LIFE,
                "required_headers": {"x-hexclave-access-type": "client", "x-hexclave-project-id": project.id},
            },
        }
    )


@route("POST", "/agent/register", access=CLIENT)
def register(request: Request, state: State) -> Reply:
    _require_app(request)
    body, app_url = request.body, request.body.get("app_url", _DEFAULT_APP)
    check_callback(request.project, app_url)
    found = state[AGENT_REGISTRATIONS].insert(
        AgentRegistration(
            id=new_id(),
            project_id=request.project.id,
            claim_code=f"{_letters()}-{_letters()}",
            poll_token=secret(),
            agent=body["agent"],
            user_hint=body.get("user_hint"),
            expires_at_millis=request.now + body.get("expires_in_millis", _LIFE),
        )
    )
    anonymous = create_user(request, state, {"is_anonymous": True})
    return ok(
        {
            "claim_code": found.claim_code,
            "confirm_url": f"{app_url.rstrip('/')}/handler/agent-auth-confirm?claim_code={found.claim_code}",
            "poll_token": found.poll_token,
            "expires_at_millis": found.expires_at_millis,
            "anonymous_session": _session(request, state, anonymous, None),
        }
    )


@route("POST", "/agent/register/confirm", access=CLIENT)
def confirm(request: Request, state: State) -> Reply:
    _require_app(request)
    user, action = request.user, request.body["action"]
    if user.is_anonymous:
        raise known("ANONYMOUS_AUTHENTICATION_NOT_ALLOWED")
    code = request.body["claim_code"].strip().upper()
    found = state[AGENT_REGISTRATIONS].first(claim_code=code, project_id=request.project.id)
    is_over = found is None or found.expires_at_millis <= request.now or found.status != "waiting"
    if found is None or is_over:
        raise known("AGENT_AUTH_INVALID_CLAIM_CODE")
    if action != "inspect":
        status = "success" if action == "approve" else "denied"
        found = state[AGENT_REGISTRATIONS].update(found, status=status, user_id=user.id)
    agent = found.agent
    return ok(
        {
            "agent": {"name": agent["name"], "description": agent.get("description"), "url": agent.get("url")},
            "user_hint": found.user_hint,
            "expires_at_millis": found.expires_at_millis,
            "status": found.status,
        }
    )


@route("POST", "/agent/register/poll", access=CLIENT)
def poll(request: Request, state: State) -> Reply:
    _require_app(request)
    found = state[AGENT_REGISTRATIONS].first(poll_token=request.body["poll_token"], project_id=request.project.id)
    if found is None:
        raise known("INVALID_POLLING_CODE")
    if found.used_at_millis is not None:
        return ok({"status": "used"})
    if found.expires_at_millis <= request.now:
        return ok({"status": "expired"})
    user = state[USERS].get(found.user_id or "")
    if found.status != "success" or user is None:
        return ok({"status": found.status})
    state[AGENT_REGISTRATIONS].update(found, used_at_millis=request.now)
    session = _session(request, state, user, found.agent["name"])
    return created({"status": found.status, "session": session})


@route("POST", "/browser-actions", access=SERVER, rules={"body.user_id": USER_ID, "body.origin": at_most(300)})
def create_browser_action(request: Request, state: State) -> Reply:
    body = request.body
    check_callback(request.project, body["origin"])
    user_id = body.get("user_id")
    if body["type"] == "impersonation":
        if user_id is None:
            raise schema_error(request.method, request.path, ["body.user_id must be defined"])
        user_id = find_user(state, request.project.id, request.user_id(user_id)).id
    elif user_id is not None:
        raise plain(400, "user_id is only allowed for impersonation.")
    life = body.get("session_expires_in_millis", _IMPERSONATION_LIFE)
    made = state[BROWSER_ACTIONS].insert(
        BrowserAction(
            id=new_id(),
            project_id=request.project.id,
            type=body["type"],
            origin=body["origin"],
            user_id=user_id,
            expires_at_millis=request.now + body.get("expires_in_millis", _LINK_LIFE),
            session_expires_at_millis=request.now + life if user_id is not None else None,
        )
    )
    url = f"{made.origin.rstrip('/')}/?hexclave_browser_action={made.id}"
    return ok({"id": made.id, "url": url, "expires_at_millis": made.expires_at_millis})


def _require_app(request: Request) -> None:
    if not project_setting(request.project, _APP):
        raise known("AGENT_AUTH_NOT_ENABLED")


def _letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))


def _session(request: Request, state: State, user: User, agent_name: str | None) -> JsonObject:
    session = start_session(request, state, user, life=_SESSION_LIFE, agent_name=agent_name)
    return {"user_id": user.id, **session_tokens(request, state, session)}
