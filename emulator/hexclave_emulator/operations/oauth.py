"""`/auth/oauth/authorize` and `/auth/oauth/callback`: redirects to a provider and back. All providers are fake."""

import json
from secrets import token_urlsafe
from typing import Final

import attrs

from hexclave_emulator.checking.rules import UNDESCRIBED, URL, Rule
from hexclave_emulator.credentials.codes import with_query
from hexclave_emulator.domains import fake_provider
from hexclave_emulator.domains.access import Caller, is_publishable_key, session_claims
from hexclave_emulator.domains.oauth_flows import LIFE, OAUTH_FLOWS, OAuthFlow, find_provider
from hexclave_emulator.domains.oauth_sign_in import link_account, sign_in_with_account
from hexclave_emulator.domains.projects import PROJECTS, Project, project_setting
from hexclave_emulator.domains.sign_in import check_bot_challenge, check_callback, is_trusted
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import Reply, ok
from hexclave_emulator.messages.refusals import Refusal, known, plain
from hexclave_emulator.operations.connected_accounts import keep_provider_token
from hexclave_emulator.operations.oauth_codes import redirect_with_code
from hexclave_emulator.operations.sessions import PUBLIC_CLIENT
from hexclave_emulator.routing.routes import OPEN, Request, route
from hexclave_emulator.state.tables import State

_COOKIE: Final = "stack-oauth-inner-"


@route(
    "GET",
    "/auth/oauth/authorize/{provider_id}",
    access=OPEN,
    rules={
        "query.redirect_uri": URL,
        "query.error_redirect_uri": URL,
        "query.error_redirect_url": UNDESCRIBED & URL,
        "query.code_challenge_method": Rule(values=("S256",)),
    },
    april={"query.code_challenge_method": Rule(values=("S256", "plain"))},
)
def authorize(request: Request, state: State) -> Reply:
    query = request.query
    project = _client(request, state)
    provider_id = request.params["provider_id"]
    provider = find_provider(project, provider_id)
    if query["type"] == "link" and not query["token"]:
        raise plain(400, "?token= query parameter is required for link type")
    check_bot_challenge(query)
    user_id = _user_id(request, project)
    extra_scopes = query.get("provider_scope", "").split()
    if user_id is not None and extra_scopes and provider.get("isShared"):
        raise known("OAUTH_EXTRA_SCOPE_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS")
    wants_json = "json" in (query.get("stack_response_mode"), query.get("hexclave_response_mode"))
    flow = state[OAUTH_FLOWS].insert(
        OAuthFlow(
            id=token_urlsafe(32),
            project_id=project.id,
            provider_id=provider_id,
            user_id=user_id,
            is_link=query["type"] == "link",
            redirect_uri=query["redirect_uri"].partition("#")[0],
            state=query["state"],
            code_challenge=query["code_challenge"],
            code_challenge_method=query["code_challenge_method"],
            scopes=list(dict.fromkeys([*fake_provider.DEFAULT_SCOPES, *extra_scopes])),
            error_redirect_uri=query.get("error_redirect_uri") or query.get("error_redirect_url"),
            after_callback_redirect_url=query.get("after_callback_redirect_url"),
            has_cookie=not wants_json,
            expires_at_millis=request.now + LIFE,
        )
    )
    location = fake_provider.authorization_url(request.base_url, provider_id, flow.scopes, flow.id)
    if wants_json:
        return ok({"location": location})
    # The cookie proves at the callback that the same browser started the flow.
    cookie = f"{_COOKIE}{flow.id}=true; Path=/; Max-Age={LIFE // 1000}; HttpOnly"
    return Reply(307, b"", {"location": location, "set-cookie": cookie}, bare=True)


def _client(request: Request, state: State) -> Project:
    client_id, key = request.query["client_id"], request.query["client_secret"]
    project_id, _, branch = client_id.partition("#")
    project = state[PROJECTS].get(project_id)
    if project is None or branch not in ("", "main"):
        raise known("INVALID_OAUTH_CLIENT_ID_OR_SECRET", client_id=client_id)
    if key == PUBLIC_CLIENT:
        if project_setting(project, "project.requirePublishableClientKey"):
            raise known("PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT", project_id=project.id)
    elif not is_publishable_key(request.emulator, project.id, key):
        raise known("INVALID_PUBLISHABLE_CLIENT_KEY", project_id=project.id)
    return project


def _user_id(request: Request, project: Project) -> str | None:
    token = request.query["token"]
    claims = request.emulator.token_claims(token) if token else None
    if claims is not None and claims["project_id"] != project.id:
        raise plain(403, "The access token is not valid for this project")
    claims = session_claims(request.emulator, {"access-token": token, "allow-anonymous-user": "true"}, project.id)
    return None if claims is None else str(claims["sub"])


@route(
    "GET",
    "/auth/oauth/callback/{provider_id}",
    access=OPEN,
    rules={f"query.{name}": UNDESCRIBED for name in ("code", "state", "error", "error_description", "iss")},
)
def finish(request: Request, state: State) -> Reply:
    flow = state[OAUTH_FLOWS].get(request.query.get("state", ""))
    project = state[PROJECTS].get(flow.project_id) if flow is not None else None
    if flow is None or project is None:
        raise plain(400, "Invalid OAuth state. Please try signing in again.")
    if flow.has_cookie and not _has_cookie(request, flow):
        raise plain(
            400,
            "Inner OAuth cookie not found. This is likely because you refreshed the page during the OAuth sign in "
            "process. Please try signing in again",
        )
    try:
        location = _signed_in(request, state, project, flow)
    except Refusal as refusal:
        target = flow.error_redirect_uri
        if refusal.code is None or target is None or not is_trusted(project, target):
            raise
        error = refusal.reply.json()
        details = json.dumps(error.get("details", {}), separators=(",", ":"))
        location = with_query(target, errorCode=error["code"], message=error["error"], details=details)
        raise Refusal(Reply(307, b"", {"location": location, **_without_cookie(flow)}, bare=True)) from None
    state[OAUTH_FLOWS].delete(flow.id)
    return ok({}, status=303, headers={"location": location, **_without_cookie(flow)})


def _signed_in(request: Request, state: State, project: Project, flow: OAuthFlow) -> str:
    """Return the next location of the browser, with a code for the user who signed in."""
    if flow.expires_at_millis <= request.now:
        raise known("OUTER_OAUTH_TIMEOUT")
    provider_id = request.params["provider_id"]
    find_provider(project, provider_id)
    if flow.provider_id != provider_id:
        raise plain(400, "Invalid OAuth state. Please try signing in again.")
    if "error" in request.query:
        raise known("OAUTH_PROVIDER_ACCESS_DENIED")
    login = fake_provider.exchange_code(state, flow, request.query.get("code", ""))
    if login is None:
        raise plain(400, "Inner OAuth callback failed due to invalid grant. Please try again.")
    check_callback(project, flow.redirect_uri)
    user = state[USERS].get(flow.user_id) if flow.user_id is not None else None
    acting = attrs.evolve(request, caller=Caller("client", project, user))
    if flow.is_link:
        user, is_new = acting.user, False
        account = link_account(acting, state, user, provider_id, login)
    else:
        user, account, is_new = sign_in_with_account(acting, state, provider_id, login)
    keep_provider_token(request, state, account, flow.scopes)
    return redirect_with_code(
        request,
        state,
        user,
        redirect_uri=flow.redirect_uri,
        app_state=flow.state,
        code_challenge=flow.code_challenge,
        code_challenge_method=flow.code_challenge_method,
        is_new_user=is_new,
        after_callback_redirect_url=flow.after_callback_redirect_url,
    )


def _has_cookie(request: Request, flow: OAuthFlow) -> bool:
    cookies = request.headers.get("cookie", "").split(";")
    return f"{_COOKIE}{flow.id}=true" in map(str.strip, cookies)


def _without_cookie(flow: OAuthFlow) -> dict[str, str]:
    return {"set-cookie": f"{_COOKIE}{flow.id}=; Path=/; Max-Age=0"}
