"""Accounts at OAuth providers whose APIs can be called on behalf of the user."""

from collections.abc import Sequence

from hexclave._flows.base import Flows
from hexclave.errors import UnsafeUseError
from hexclave_api.operation import UNSET, Operation
from hexclave_api.operations import oauth
from hexclave_api.secret import Secret


class ConnectedAccountFlows(Flows):
    """The connected accounts of the signed-in user; `app.auth.start_oauth(link=True)` connects one."""

    resource = "connected_accounts"
    access = ("client",)

    def get_access_token(
        self, provider_id: str, *, provider_account_id: str | None = None, scopes: Sequence[str] = ()
    ) -> Operation[Secret]:
        """Return a token for the provider's own API with the scopes.

        Without `provider_account_id` the user must have connected exactly one account of the provider.

        POST /connected-accounts/{user_id}/{provider_id}/{provider_account_id}/access-token.

        Raises:
            OAuthConnectionNotConnectedToUser: the user has no such account.
            OAuthConnectionDoesNotHaveRequiredScope: request it with `app.auth.start_oauth(provider_scopes=…)`.
            OAuthAccessTokenNotAvailable: the provider issued no token; the user has to reconnect.
        """
        return _access_token("me", provider_id, provider_account_id, scopes)


class ServerConnectedAccountFlows(Flows):
    """The connected accounts of any user."""

    resource = "connected_accounts"
    access = ("server", "admin")

    def get_access_token(
        self, user_id: str, provider_id: str, *, provider_account_id: str | None = None, scopes: Sequence[str] = ()
    ) -> Operation[Secret]:
        """Return a token for the provider's own API with the scopes, on behalf of the user.

        Without `provider_account_id` the user must have connected exactly one account of the provider.

        POST /connected-accounts/{user_id}/{provider_id}/{provider_account_id}/access-token.

        Raises:
            OAuthConnectionNotConnectedToUser: the user has no such account.
            OAuthConnectionDoesNotHaveRequiredScope: the user has not granted all of the scopes.
            OAuthAccessTokenNotAvailable: the provider issued no token; the user has to reconnect.
        """
        return _access_token(user_id, provider_id, provider_account_id, scopes)


def _access_token(
    user_id: str, provider_id: str, provider_account_id: str | None, scopes: Sequence[str]
) -> Operation[Secret]:
    if isinstance(scopes, str):
        raise UnsafeUseError("scopes must be a list of strings, not a string.")
    scope = " ".join(scopes) or UNSET
    if provider_account_id is None:
        operation = oauth.get_connected_account_access_token_by_provider(user_id, provider_id, scope=scope)
    else:
        operation = oauth.get_connected_account_access_token(user_id, provider_id, provider_account_id, scope=scope)
    return operation.mapped(lambda token: token.access_token)
