"""Which permissions there are."""

from collections.abc import Sequence

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, paginates, performs
from hexclave_api.models import PermissionDefinition
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import permissions


class ProjectPermissionDefinitions(Resource[Mode]):
    """The permissions that users can have in the project. Ids are shared with those of teams."""

    list = paginates(permissions.list_project_permission_definitions)
    update = performs(permissions.update_project_permission_definition)
    delete = does(permissions.delete_project_permission_definition)

    @call
    def create(
        self,
        permission_id: str,
        *,
        description: str | Unset = UNSET,
        contained_permission_ids: Sequence[str] | Unset = UNSET,
    ) -> Operation[PermissionDefinition]:
        """The new permission; whoever has it also has those it contains. POST /project-permission-definitions.

        Raises:
            PermissionIdAlreadyExists: a permission of the project or of its teams has this id.
            ContainedPermissionNotFound: one of the contained ones does not exist.
        """
        return permissions.create_project_permission_definition(
            id_=permission_id, description=description, contained_permission_ids=contained_permission_ids
        )


class TeamPermissionDefinitions(Resource[Mode]):
    """The permissions that members can have in a team. Ids are shared with those of the project."""

    list = paginates(permissions.list_team_permission_definitions)
    update = performs(permissions.update_team_permission_definition)
    delete = does(permissions.delete_team_permission_definition)

    @call
    def create(
        self,
        permission_id: str,
        *,
        description: str | Unset = UNSET,
        contained_permission_ids: Sequence[str] | Unset = UNSET,
    ) -> Operation[PermissionDefinition]:
        """The new permission; whoever has it also has those it contains. POST /team-permission-definitions.

        Raises:
            PermissionIdAlreadyExists: a permission of the project or of its teams has this id.
            ContainedPermissionNotFound: one of the contained ones does not exist.
        """
        return permissions.create_team_permission_definition(
            id_=permission_id, description=description, contained_permission_ids=contained_permission_ids
        )
