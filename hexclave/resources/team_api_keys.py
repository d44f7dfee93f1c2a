"""API keys of teams."""

from datetime import datetime

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import silent, whole
from hexclave.api_keys import key_of
from hexclave_api.models import CreatedTeamApiKey, TeamApiKey
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import api_keys
from hexclave_api.pagination import Pages
from hexclave_api.secret import SecretText
from hexclave_api.times import moment_millis


class TeamApiKeys(Resource[Mode]):
    """The API keys of teams. Clients need the permission `$manage_api_keys` in the team."""

    @pages
    def list(self, team_id: str) -> Pages[TeamApiKey]:
        """The team's keys; of each, only the last four characters are shown. GET /team-api-keys."""
        return whole(api_keys.list_team_api_keys(team_id=team_id))

    @call
    def get(self, team_id: str, api_key_id: str) -> Operation[TeamApiKey]:
        """One of the team's keys. GET /team-api-keys/{api_key_id}.

        Raises:
            ApiKeyNotFound: there is no such key.
        """
        return api_keys.get_team_api_key(api_key_id, team_id=team_id)

    @call
    def create(
        self, team_id: str, *, description: str, expires_at: datetime | None = None, is_public: bool | Unset = UNSET
    ) -> Operation[CreatedTeamApiKey]:
        """A new key of the team; its `value` is told this once. POST /team-api-keys.

        `expires_at` needs a timezone; `None` is never. Public keys begin with `pk` and stay valid when they are found
        in published code.

        Raises:
            BadRequestError: the project does not let teams have API keys.
        """
        return api_keys.create_team_api_key(
            team_id=team_id,
            description=description,
            expires_at_millis=moment_millis(expires_at, "expires_at"),
            is_public=is_public,
        )

    @call
    def update(self, team_id: str, api_key_id: str, *, description: str) -> Operation[TeamApiKey]:
        """The key with another description. PATCH /team-api-keys/{api_key_id}.

        Raises:
            ApiKeyNotFound: there is no such key.
        """
        return api_keys.update_team_api_key(api_key_id, team_id=team_id, description=description)

    @call
    def revoke(self, team_id: str, api_key_id: str) -> Operation[None]:
        """Makes the key unusable for good. PATCH /team-api-keys/{api_key_id}.

        Raises:
            ApiKeyNotFound: there is no such key.
        """
        return silent(api_keys.update_team_api_key(api_key_id, team_id=team_id, revoked=True))


class ServerTeamApiKeys(TeamApiKeys[Mode]):
    """The API keys of any team."""

    @call
    def check(self, api_key: SecretText) -> Operation[TeamApiKey]:
        """What the API knows of a key that somebody presented. POST /team-api-keys/check.

        Raises:
            InvalidApiKeyError: not sent: its form or checksum is wrong, or it is a user's.
            ApiKeyNotValid: it does not work: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return api_keys.check_team_api_key(api_key=key_of("team", api_key))
