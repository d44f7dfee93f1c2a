"""Accounts at OAuth providers that users sign in with."""

from hexclave._call import Mode, Resource, pages
from hexclave._lift import does, mine, performs, whole
from hexclave_api.models import OAuthProvider, ServerOAuthProvider
from hexclave_api.operation import UNSET, Unset
from hexclave_api.operations import oauth
from hexclave_api.pagination import Pages


class OAuthProviders(Resource[Mode]):
    """The accounts that the signed-in user signs in with; `app.auth.start_oauth(link=True)` adds one."""

    get = performs(mine(oauth.get_oauth_provider))
    update = performs(mine(oauth.update_oauth_provider))
    delete = does(mine(oauth.delete_oauth_provider))

    @pages
    def list(self) -> Pages[OAuthProvider]:
        """The user's accounts at OAuth providers. GET /oauth-providers."""
        return whole(oauth.list_oauth_providers(user_id="me"))


class ServerOAuthProviders(Resource[Mode]):
    """The accounts that any user signs in with."""

    get = performs(oauth.get_oauth_provider_as_server)
    create = performs(oauth.create_oauth_provider)
    update = performs(oauth.update_oauth_provider_as_server)
    delete = does(oauth.delete_oauth_provider)

    @pages
    def list(self, user_id: str | Unset = UNSET) -> Pages[ServerOAuthProvider]:
        """The accounts at OAuth providers of a user, or of all users. GET /oauth-providers."""
        return whole(oauth.list_oauth_providers_as_server(user_id=user_id))
