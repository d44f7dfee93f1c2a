"""What users may do in the project as a whole. What they may do in a team: `app.teams.permissions`."""

from hexclave._call import Mode, Resource, call, pages
from hexclave._lift import does, mapped, performs, whole
from hexclave_api.models import ProjectPermission
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import permissions
from hexclave_api.pagination import Pages


class Permissions(Resource[Mode]):
    """The permissions of the signed-in user."""

    @pages
    def list(self, *, recursive: bool = True) -> Pages[ProjectPermission]:
        """The user's permissions; with `recursive` also those contained in others. GET /project-permissions."""
        return whole(permissions.list_project_permissions(user_id="me", recursive=recursive))

    @call
    def has(self, permission_id: str) -> Operation[bool]:
        """Whether the user has the permission, itself or contained in another. GET /project-permissions."""
        return _has("me", permission_id)


class ServerPermissions(Resource[Mode]):
    """The permissions of any user."""

    grant = performs(permissions.grant_project_permission)
    revoke = does(permissions.revoke_project_permission)

    @pages
    def list(
        self, user_id: str | Unset = UNSET, *, permission_id: str | Unset = UNSET, recursive: bool = True
    ) -> Pages[ProjectPermission]:
        """Who has which permission: of one user, or of all. GET /project-permissions.

        With `recursive` also those contained in others; `permission_id` leaves out all others.
        """
        return whole(
            permissions.list_project_permissions(user_id=user_id, permission_id=permission_id, recursive=recursive)
        )

    @call
    def has(self, user_id: str, permission_id: str) -> Operation[bool]:
        """Whether the user has the permission, itself or contained in another. GET /project-permissions."""
        return _has(user_id, permission_id)


def _has(user_id: str, permission_id: str) -> Operation[bool]:
    return mapped(
        permissions.list_project_permissions(user_id=user_id, recursive=True),
        lambda page: any(permission.id == permission_id for permission in page.items),
    )
