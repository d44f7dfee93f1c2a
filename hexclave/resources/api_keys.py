"""API keys of users. Those of teams: `app.teams.api_keys`."""

from datetime import datetime

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import performs, silent, whole
from hexclave.api_keys import key_of
from hexclave_api.models import CreatedUserApiKey, UserApiKey
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import api_keys
from hexclave_api.pagination import Pages
from hexclave_api.secret import SecretText
from hexclave_api.times import moment_millis


class _AnyApiKeys(Resource[Mode]):
    get = performs(api_keys.get_user_api_key)

    @call
    def update(self, api_key_id: str, *, description: str) -> Operation[UserApiKey]:
        """The key with another description. PATCH /user-api-keys/{api_key_id}.

        Raises:
            ApiKeyNotFound: there is no such key.
        """
        return api_keys.update_user_api_key(api_key_id, description=description)

    @call
    def revoke(self, api_key_id: str) -> Operation[None]:
        """Makes the key unusable for good. PATCH /user-api-keys/{api_key_id}.

        Raises:
            ApiKeyNotFound: there is no such key.
        """
        return silent(api_keys.update_user_api_key(api_key_id, revoked=True))


class ApiKeys(_AnyApiKeys[Mode]):
    """The API keys of the signed-in user."""

    @pages
    def list(self) -> Pages[UserApiKey]:
        """The user's keys; of each, only the last four characters are shown. GET /user-api-keys."""
        return whole(api_keys.list_user_api_keys(user_id="me"))

    @call
    def create(
        self, *, description: str, expires_at: datetime | None = None, is_public: bool | Unset = UNSET
    ) -> Operation[CreatedUserApiKey]:
        """A new key; its `value` is told this once. POST /user-api-keys.

        `expires_at` needs a timezone; `None` is never. Public keys begin with `pk` and stay valid when they are found
        in published code.

        Raises:
            BadRequestError: the project does not let users have API keys.
        """
        return _create("me", description, expires_at, is_public)


class ServerApiKeys(_AnyApiKeys[Mode]):
    """The API keys of any user."""

    @pages
    def list(self, user_id: str) -> Pages[UserApiKey]:
        """The user's keys; of each, only the last four characters are shown. GET /user-api-keys."""
        return whole(api_keys.list_user_api_keys(user_id=user_id))

    @call
    def create(
        self, user_id: str, *, description: str, expires_at: datetime | None = None, is_public: bool | Unset = UNSET
    ) -> Operation[CreatedUserApiKey]:
        """A new key of the user; its `value` is told this once. POST /user-api-keys.

        `expires_at` needs a timezone; `None` is never. Public keys begin with `pk` and stay valid when they are found
        in published code.

        Raises:
            BadRequestError: the project does not let users have API keys.
        """
        return _create(user_id, description, expires_at, is_public)

    @call
    def check(self, api_key: SecretText) -> Operation[UserApiKey]:
        """What the API knows of a key that somebody presented. POST /user-api-keys/check.

        Raises:
            InvalidApiKeyError: not sent: its form or checksum is wrong, or it is a team's.
            ApiKeyNotValid: it does not work: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return api_keys.check_user_api_key(api_key=key_of("user", api_key))


def _create(
    user_id: str, description: str, expires_at: datetime | None, is_public: bool | Unset
) -> Operation[CreatedUserApiKey]:
    return api_keys.create_user_api_key(
        user_id=user_id,
        description=description,
        expires_at_millis=moment_millis(expires_at, "expires_at"),
        is_public=is_public,
    )
