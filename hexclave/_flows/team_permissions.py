"""Permissions of members in their teams."""

from hexclave._flows.base import Flows
from hexclave_api.operation import Operation
from hexclave_api.operations import permissions


class TeamPermissionFlows(Flows):
    """The permissions of the signed-in user in teams."""

    resource = "teams.permissions"
    access = ("client",)

    def has(self, team_id: str, permission_id: str) -> Operation[bool]:
        """Return True if the user has the team permission, directly or through another. GET /team-permissions."""
        return _has(team_id, "me", permission_id)


class ServerTeamPermissionFlows(Flows):
    """The permissions of any user in any team."""

    resource = "teams.permissions"
    access = ("server", "admin")

    def has(self, team_id: str, user_id: str, permission_id: str) -> Operation[bool]:
        """Return True if the user has the team permission, directly or through another. GET /team-permissions."""
        return _has(team_id, user_id, permission_id)


def _has(team_id: str, user_id: str, permission_id: str) -> Operation[bool]:
    listed = permissions.list_team_permissions(team_id=team_id, user_id=user_id, recursive=True)
    return listed.mapped(lambda page: permission_id in {each.id for each in page.items})
