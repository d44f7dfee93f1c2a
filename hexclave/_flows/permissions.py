"""Permissions in the project; for those in a team, see `app.teams.permissions`."""

from hexclave._flows.base import Flows
from hexclave_api.operation import Operation
from hexclave_api.operations import permissions


class PermissionFlows(Flows):
    """The permissions of the signed-in user."""

    resource = "permissions"
    access = ("client",)

    def has(self, permission_id: str) -> Operation[bool]:
        """Return True if the user has the permission, directly or through another. GET /project-permissions."""
        return _has("me", permission_id)


class ServerPermissionFlows(Flows):
    """The permissions of any user."""

    resource = "permissions"
    access = ("server", "admin")

    def has(self, user_id: str, permission_id: str) -> Operation[bool]:
        """Return True if the user has the permission, directly or through another. GET /project-permissions."""
        return _has(user_id, permission_id)


def _has(user_id: str, permission_id: str) -> Operation[bool]:
    listed = permissions.list_project_permissions(user_id=user_id, recursive=True)
    return listed.mapped(lambda page: permission_id in {each.id for each in page.items})
