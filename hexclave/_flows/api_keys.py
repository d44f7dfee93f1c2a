"""API keys of users; for those of teams, see `app.teams.api_keys`."""

from datetime import datetime

from hexclave._flows.base import Flows
from hexclave.api_keys import key_of
from hexclave_api.models import CreatedUserApiKey, TeamApiKey, UserApiKey
from hexclave_api.operation import Operation, Unset
from hexclave_api.operations import api_keys
from hexclave_api.secret import SecretText
from hexclave_api.times import moment_millis


class ApiKeyFlows(Flows):
    """The API keys of any user."""

    resource = "api_keys"
    access = ("server", "admin")

    def check(self, api_key: SecretText) -> Operation[UserApiKey]:
        """Check an API key and return its details. POST /user-api-keys/check.

        Raises:
            InvalidApiKeyError: the format or checksum is wrong, or it is a team's key; raised before any call.
            ApiKeyNotValid: the key is rejected: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return api_keys.check_user_api_key(api_key=key_of("user", api_key))


class TeamApiKeyFlows(Flows):
    """The API keys of any team."""

    resource = "teams.api_keys"
    access = ("server", "admin")

    def check(self, api_key: SecretText) -> Operation[TeamApiKey]:
        """Check an API key and return its details. POST /team-api-keys/check.

        Raises:
            InvalidApiKeyError: the format or checksum is wrong, or it is a user's key; raised before any call.
            ApiKeyNotValid: the key is rejected: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return api_keys.check_team_api_key(api_key=key_of("team", api_key))


def _create(
    user_id: str, description: str, expires_at: datetime | None, is_public: bool | Unset
) -> Operation[CreatedUserApiKey]:
    return api_keys.create_user_api_key(
        user_id=user_id,
        description=description,
        expires_at_millis=moment_millis(expires_at, "expires_at"),
        is_public=is_public,
    )
