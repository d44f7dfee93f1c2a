"""Teams, and what belongs to them."""

from typing import Literal

from hexclave._call import Mode, Resource, call, pages
from hexclave._context import Context
from hexclave._exchange import exchange
from hexclave._lift import begun, does, finds, found, paginates, performs, silent
from hexclave._steps import Steps
from hexclave.api_keys import InvalidApiKeyError, key_of
from hexclave.errors import ApiKeyNotValid, TeamMembershipNotFound, TeamNotFound
from hexclave.resources.team_api_keys import ServerTeamApiKeys, TeamApiKeys
from hexclave.resources.team_invitations import ServerTeamInvitations, TeamInvitations
from hexclave.resources.team_members import ServerTeamMembers, TeamMembers
from hexclave.resources.team_permissions import ServerTeamPermissions, TeamPermissions
from hexclave_api.models import ServerTeam, Team, TeamApiKey
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import api_keys, teams
from hexclave_api.pagination import Pages
from hexclave_api.secret import SecretText


class Teams(Resource[Mode]):
    """The teams of the signed-in user."""

    get = performs(teams.get_team)
    find = finds(teams.get_team, TeamNotFound, TeamMembershipNotFound)
    update = performs(teams.update_team)
    delete = does(teams.delete_team)

    @pages
    def list(
        self,
        *,
        query: str | Unset = UNSET,
        order_by: Literal["created_at"] | Unset = UNSET,
        desc: bool | Unset = UNSET,
        limit: int | Unset = UNSET,
    ) -> Pages[Team]:
        """The teams that the user is in. GET /teams.

        All in one page unless `limit` (at most 200) asks for smaller ones. `query` keeps those with this text in their
        name, or with exactly this id. The arguments need a server of release 2026-09 or newer.
        """
        return begun(teams.list_teams, user_id="me", query=query, order_by=order_by, desc=desc, limit=limit)

    @call
    def create(
        self,
        *,
        display_name: str,
        profile_image_url: str | Unset | None = UNSET,
        client_metadata: JsonValue | Unset = UNSET,
    ) -> Operation[Team]:
        """A new team with the user as its first member. POST /teams.

        The selected team of the user stays as it is; `app.me.update(selected_team_id=…)` changes it.

        Raises:
            PermissionDeniedError: the project does not let clients create teams.
        """
        return teams.create_team(
            display_name=display_name,
            creator_user_id="me",
            profile_image_url=profile_image_url,
            client_metadata=client_metadata,
        )

    @call
    def leave(self, team_id: str) -> Operation[None]:
        """Ends the user's membership. DELETE /team-memberships/{team_id}/me.

        Raises:
            TeamMembershipNotFound: the user is not in the team.
        """
        return silent(teams.remove_team_member(team_id, "me"))

    @property
    def members(self) -> TeamMembers[Mode]:
        """Who is in a team."""
        return TeamMembers(self._app)

    @property
    def invitations(self) -> TeamInvitations[Mode]:
        """Invitations, sent and received."""
        return TeamInvitations(self._app)

    @property
    def permissions(self) -> TeamPermissions[Mode]:
        """What the user may do in teams."""
        return TeamPermissions(self._app)

    @property
    def api_keys(self) -> TeamApiKeys[Mode]:
        """The API keys of teams."""
        return TeamApiKeys(self._app)


class ServerTeams(Resource[Mode]):
    """All teams of the project."""

    list = paginates(teams.list_teams_as_server)
    get = performs(teams.get_team_as_server)
    find = finds(teams.get_team_as_server, TeamNotFound)
    create = performs(teams.create_team_as_server)
    update = performs(teams.update_team_as_server)
    delete = does(teams.delete_team)

    @call
    def get_by_api_key(self, api_key: SecretText) -> Steps[ServerTeam]:
        """The team that an API key belongs to. POST /team-api-keys/check, then GET /teams/{team_id}.

        Raises:
            InvalidApiKeyError: not sent: its form or checksum is wrong, or it is a user's.
            ApiKeyNotValid: it does not work: `ApiKeyNotFound`, `ApiKeyExpired`, `ApiKeyRevoked`, `WrongApiKeyType`.
        """
        return _owner(self._context, api_keys.check_team_api_key(api_key=key_of("team", api_key)))

    @call
    def find_by_api_key(self, api_key: SecretText) -> Steps[ServerTeam | None]:
        """The team that an API key belongs to; `None` if it does not work. Every other failure is raised.

        POST /team-api-keys/check, then GET /teams/{team_id}; neither where form or checksum of the key are wrong.
        """
        try:
            check = api_keys.check_team_api_key(api_key=key_of("team", api_key))
        except InvalidApiKeyError:
            return None
        finally:
            del api_key
        return (yield from found(_owner(self._context, check), ApiKeyNotValid, TeamNotFound))

    @property
    def members(self) -> ServerTeamMembers[Mode]:
        """Who is in which team."""
        return ServerTeamMembers(self._app)

    @property
    def invitations(self) -> ServerTeamInvitations[Mode]:
        """Invitations to teams."""
        return ServerTeamInvitations(self._app)

    @property
    def permissions(self) -> ServerTeamPermissions[Mode]:
        """What members may do in their teams."""
        return ServerTeamPermissions(self._app)

    @property
    def api_keys(self) -> ServerTeamApiKeys[Mode]:
        """The API keys of teams."""
        return ServerTeamApiKeys(self._app)


def _owner(context: Context, check: Operation[TeamApiKey]) -> Steps[ServerTeam]:
    key = yield from exchange(context, check)
    return (yield from exchange(context, teams.get_team_as_server(key.team_id)))
