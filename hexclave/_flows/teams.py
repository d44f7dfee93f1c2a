"""Teams, found by their API keys."""

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._flows.base import Flows, found
from hexclave._steps import Steps
from hexclave.api_keys import InvalidApiKeyError, key_of
from hexclave.errors import ApiKeyNotValid, TeamNotFound
from hexclave_api.models import ServerTeam, TeamApiKey
from hexclave_api.operation import Operation
from hexclave_api.operations import api_keys, teams
from hexclave_api.secret import SecretText


class TeamFlows(Flows):
    """All teams of the project."""

    resource = "teams"
    access = ("server", "admin")

    def get_by_api_key(self, api_key: SecretText) -> Steps[ServerTeam]:
        """Return the team that an API key belongs to. POST /team-api-keys/check, then GET /teams/{team_id}.

        Raises:
            InvalidApiKeyError: the format or checksum is wrong, or it is a user's key; raised before any call.
            ApiKeyNotValid: the key is rejected: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return _owner(self._context, api_keys.check_team_api_key(api_key=key_of("team", api_key)))

    def find_by_api_key(self, api_key: SecretText) -> Steps[ServerTeam | None]:
        """Return the team that an API key belongs to, or `None` if the key is not valid. Other failures are raised.

        POST /team-api-keys/check, then GET /teams/{team_id}; no call if the format or checksum of the key is wrong.
        """
        try:
            check = api_keys.check_team_api_key(api_key=key_of("team", api_key))
        except InvalidApiKeyError:
            return None
        finally:
            del api_key
        return (yield from found(_owner(self._context, check), ApiKeyNotValid, TeamNotFound))


def _owner(context: Context, check: Operation[TeamApiKey]) -> Steps[ServerTeam]:
    key = yield from exchange(context, check)
    return (yield from exchange(context, teams.get_team_as_server(key.team_id)))
