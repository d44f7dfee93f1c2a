"""`/oauth-providers`: the OAuth accounts that users have linked."""

from hexclave_emulator.checking.rules import EMAIL, USER_ID, UUID
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS, OAuthAccount
from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, page, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.operations.connected_accounts import PROVIDER_TOKENS
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_ONE = {"params.user_id": USER_ID, "params.provider_id": UUID}


def _view(project: Project, account: OAuthAccount, *, as_client: bool) -> JsonObject:
    view = {
        "user_id": account.user_id,
        "id": account.id,
        "provider_config_id": account.provider_id,
        "type": _type(project, account.provider_id),
        "allow_sign_in": account.allow_sign_in,
        "allow_connected_accounts": account.allow_connected_accounts,
    }
    if account.email:
        view["email"] = account.email
    return view if as_client else view | {"account_id": account.account_id}


def _type(project: Project, provider_id: str) -> str:
    provider: JsonObject = _configured(project).get(provider_id) or {}
    return str(provider.get("type") or provider_id)


def _configured(project: Project) -> JsonObject:
    return project_setting(project, "auth.oauth.providers") or {}


@route("GET", "/oauth-providers", access=CLIENT, rules={"query.user_id": USER_ID})
def list_oauth_providers(request: Request, state: State) -> Reply:
    given = request.query.get("user_id")
    user_id = request.user_id(given) if given is not None else None
    if request.is_client and request.user_id("me") != user_id:
        raise plain(403, "Client can only list OAuth providers for their own user.")
    if user_id is None:
        accounts = state[OAUTH_ACCOUNTS].where(project_id=request.project.id)
    else:
        find_user(state, request.project.id, user_id)
        accounts = state[OAUTH_ACCOUNTS].where(user_id=user_id)
    return page([_view(request.project, each, as_client=request.is_client) for each in accounts])


@route("POST", "/oauth-providers", access=SERVER, rules={"body.user_id": USER_ID, "body.email": EMAIL})
def create_oauth_provider(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    provider_id = body["provider_config_id"]
    if provider_id not in _configured(project):
        raise plain(404, f"OAuth provider {provider_id} not found or not configured")
    user = find_user(state, project.id, request.user_id(body["user_id"]))
    account = OAuthAccount(
        id=new_id(),
        project_id=project.id,
        user_id=user.id,
        provider_id=provider_id,
        account_id=body["account_id"],
        email=body.get("email"),
        allow_sign_in=body["allow_sign_in"],
        allow_connected_accounts=body["allow_connected_accounts"],
        created_at_millis=request.now,
    )
    _check_unique(state, account)
    return created(_view(project, state[OAUTH_ACCOUNTS].insert(account), as_client=False))


@route("GET", "/oauth-providers/{user_id}/{provider_id}", access=CLIENT, rules=_ONE)
def get_oauth_provider(request: Request, state: State) -> Reply:
    return ok(_view(request.project, _account(request, state, "read"), as_client=request.is_client))


@route("PATCH", "/oauth-providers/{user_id}/{provider_id}", access=CLIENT, rules=_ONE | {"body.email": EMAIL})
def update_oauth_provider(request: Request, state: State) -> Reply:
    account = state[OAUTH_ACCOUNTS].update(_account(request, state, "update"), **request.body)
    _check_unique(state, account)
    return ok(_view(request.project, account, as_client=request.is_client))


@route("DELETE", "/oauth-providers/{user_id}/{provider_id}", access=CLIENT, rules=_ONE)
def delete_oauth_provider(request: Request, state: State) -> Reply:
    account = _account(request, state, "delete")
    for token in state[PROVIDER_TOKENS].where(account_row_id=account.id):
        state[PROVIDER_TOKENS].delete(token.id)
    state[OAUTH_ACCOUNTS].delete(account.id)
    return success()


def _account(request: Request, state: State, action: str) -> OAuthAccount:
    user_id = request.user_id(request.params["user_id"])
    if request.is_client and request.user_id("me") != user_id:
        raise plain(403, f"Client can only {action} OAuth providers for their own user.")
    find_user(state, request.project.id, user_id)
    account = state[OAUTH_ACCOUNTS].get(request.params["provider_id"])
    if account is None or account.user_id != user_id:
        raise plain(404, f"OAuth provider {request.params['provider_id']} for user {user_id} not found")
    return account


def _check_unique(state: State, account: OAuthAccount) -> None:
    """Refuse duplicates: an account signs in one user, and a user has one account of a provider for sign-in."""
    others = [each for each in state[OAUTH_ACCOUNTS].where(user_id=account.user_id) if each.id != account.id]
    of_provider = [each for each in others if each.provider_id == account.provider_id]
    if account.allow_sign_in and any(each.allow_sign_in for each in of_provider):
        raise plain(400, "The same provider type with sign-in enabled already exists for this user.")
    if any(each.account_id == account.account_id for each in of_provider):
        raise plain(400, "The same provider type with the same account ID already exists for this user.")
    same = state[OAUTH_ACCOUNTS].where(account_id=account.account_id, project_id=account.project_id, allow_sign_in=True)
    if account.allow_sign_in and any(each.id != account.id for each in same):
        raise known("OAUTH_PROVIDER_ACCOUNT_ID_ALREADY_USED_FOR_SIGN_IN")
