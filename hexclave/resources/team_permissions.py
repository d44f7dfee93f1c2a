"""What members may do in their teams."""

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import does, mapped, performs, whole
from hexclave_api.models import TeamPermission
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import permissions
from hexclave_api.pagination import Pages


class TeamPermissions(Resource[Mode]):
    """The permissions of the signed-in user in teams."""

    @pages
    def list(self, team_id: str | Unset = UNSET, *, recursive: bool = True) -> Pages[TeamPermission]:
        """The user's permissions in a team, or in all. GET /team-permissions.

        With `recursive` also those contained in others.
        """
        return whole(permissions.list_team_permissions(team_id=team_id, user_id="me", recursive=recursive))

    @call
    def has(self, team_id: str, permission_id: str) -> Operation[bool]:
        """Whether the user has the permission in the team, itself or contained in another. GET /team-permissions."""
        return _has(team_id, "me", permission_id)


class ServerTeamPermissions(Resource[Mode]):
    """The permissions of any user in any team."""

    grant = performs(permissions.grant_team_permission)
    revoke = does(permissions.revoke_team_permission)

    @pages
    def list(
        self,
        team_id: str | Unset = UNSET,
        *,
        user_id: str | Unset = UNSET,
        permission_id: str | Unset = UNSET,
        recursive: bool = True,
    ) -> Pages[TeamPermission]:
        """Who has which permission: in one team or all, of one user or all. GET /team-permissions.

        With `recursive` also those contained in others; `permission_id` leaves out all others.
        """
        return whole(
            permissions.list_team_permissions(
                team_id=team_id, user_id=user_id, permission_id=permission_id, recursive=recursive
            )
        )

    @call
    def has(self, team_id: str, user_id: str, permission_id: str) -> Operation[bool]:
        """Whether the user has the permission in the team, itself or contained in another. GET /team-permissions."""
        return _has(team_id, user_id, permission_id)


def _has(team_id: str, user_id: str, permission_id: str) -> Operation[bool]:
    return mapped(
        permissions.list_team_permissions(team_id=team_id, user_id=user_id, recursive=True),
        lambda page: any(permission.id == permission_id for permission in page.items),
    )
