"""`/connected-accounts`: accounts at OAuth providers whose access tokens an app may use."""

from secrets import token_urlsafe
from typing import Final

import attrs

from hexclave_emulator.checking.rules import TEXT, UNDESCRIBED, USER_ID
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS, OAuthAccount
from hexclave_emulator.domains.oauth_flows import find_provider
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import Reply, created, page
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_LIFE: Final = 3600 * 1000
"""Lifetime of a provider's access token in milliseconds."""
_MARGIN: Final = 5 * 60 * 1000
"""A token with less time left is replaced."""


@attrs.frozen(kw_only=True)
class ProviderToken:
    """An access token of a provider, with permission to renew it."""

    id: str
    project_id: str
    user_id: str
    account_row_id: str
    access_token: str
    scopes: list[str]
    expires_at_millis: int


PROVIDER_TOKENS: Final = table("provider_tokens", ProviderToken, indexes=("project_id", "user_id", "account_row_id"))


def keep_provider_token(request: Request, state: State, account: OAuthAccount, scopes: list[str]) -> None:
    """Create a new access token of the provider, as every sign-in with it does."""
    state[PROVIDER_TOKENS].insert(
        ProviderToken(
            id=new_id(),
            project_id=account.project_id,
            user_id=account.user_id,
            account_row_id=account.id,
            access_token=token_urlsafe(32),
            scopes=scopes,
            expires_at_millis=request.now + _LIFE,
        )
    )


@route("GET", "/connected-accounts/{user_id}", access=CLIENT, rules={"params.user_id": USER_ID})
def list_connected_accounts(request: Request, state: State) -> Reply:
    user_id = request.user_id(request.params["user_id"])
    if request.is_client and request.user_id("me") != user_id:
        raise plain(403, "Client can only list connected accounts for their own user.")
    find_user(state, request.project.id, user_id)
    return page(
        [
            {"user_id": each.user_id, "provider": each.provider_id, "provider_account_id": each.account_id}
            for each in state[OAUTH_ACCOUNTS].where(user_id=user_id, allow_connected_accounts=True)
        ]
    )


@route(
    "POST",
    "/connected-accounts/{user_id}/{provider_id}/access-token",
    access=CLIENT,
    rules={"params.user_id": USER_ID},
)
def get_token_of_provider(request: Request, state: State) -> Reply:
    return _token(request, state, request.user_id(request.params["user_id"]))


@route(
    "POST",
    "/connected-accounts/{user_id}/{provider_id}/{provider_account_id}/access-token",
    access=CLIENT,
    rules={"params.user_id": USER_ID},
)
def get_token_of_account(request: Request, state: State) -> Reply:
    user_id = request.user_id(request.params["user_id"])
    return _token(request, state, user_id, account_id=request.params["provider_account_id"])


@route(
    "POST",
    "/auth/oauth/connected-accounts/{provider_id}/access-token",
    access=CLIENT,
    needs=("user",),
    rules={"body.scope": UNDESCRIBED & TEXT},
)
def get_token_of_own_provider(request: Request, state: State) -> Reply:
    return _token(request, state, request.user.id)


def _token(request: Request, state: State, user_id: str, **of_account: str) -> Reply:
    if request.is_client and (request.caller.user is None or request.caller.user.id != user_id):
        raise plain(403, "Client can only access its own connected accounts")
    provider_id = request.params["provider_id"]
    if find_provider(request.project, provider_id).get("isShared"):
        raise known("OAUTH_ACCESS_TOKEN_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS")
    find_user(state, request.project.id, user_id)
    accounts = state[OAUTH_ACCOUNTS].where(
        user_id=user_id, provider_id=provider_id, allow_connected_accounts=True, **of_account
    )
    if not accounts:
        raise known("OAUTH_CONNECTION_NOT_CONNECTED_TO_USER")
    tokens = [token for each in accounts for token in state[PROVIDER_TOKENS].where(account_row_id=each.id)]
    wanted = set((request.body.get("scope") or "").split())
    token = next((each for each in tokens if wanted <= set(each.scopes)), None)
    if token is None:
        raise known("OAUTH_CONNECTION_DOES_NOT_HAVE_REQUIRED_SCOPE")
    if token.expires_at_millis <= request.now + _MARGIN:
        token = state[PROVIDER_TOKENS].update(
            token, access_token=token_urlsafe(32), expires_at_millis=request.now + _LIFE
        )
    return created({"access_token": token.access_token})
