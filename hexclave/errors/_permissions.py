"""Permissions of users, in a team and in the whole project."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ContainedPermissionNotFound(KnownError, BadRequestError):
    """The permission is to contain one that the project does not define."""

    code = "CONTAINED_PERMISSION_NOT_FOUND"
    permission_id = detail(str)


class PermissionIdAlreadyExists(KnownError, BadRequestError):
    """The project defines a permission with this id already."""

    code = "PERMISSION_ID_ALREADY_EXISTS"
    hint = "Ids of team permissions and project permissions must differ from each other too."
    permission_id = detail(str)


class PermissionNotFound(KnownError, NotFoundError):
    """The project does not define this permission."""

    code = "PERMISSION_NOT_FOUND"
    permission_id = detail(str)


class ProjectPermissionRequired(KnownError, AuthenticationError):
    """The signed-in user lacks a permission in the project."""

    code = "PROJECT_PERMISSION_REQUIRED"
    user_id = detail(str)
    permission_id = detail(str)


class TeamPermissionNotFound(KnownError, AuthenticationError):
    """The user does not have this permission in the team."""

    code = "TEAM_PERMISSION_NOT_FOUND"
    team_id = detail(str)
    user_id = detail(str)
    permission_id = detail(str)


class TeamPermissionRequired(KnownError, AuthenticationError):
    """The signed-in user lacks a permission in the team."""

    code = "TEAM_PERMISSION_REQUIRED"
    team_id = detail(str)
    user_id = detail(str)
    permission_id = detail(str)


class PermissionScopeMismatch(KnownError, NotFoundError):
    """The permission is one for teams and a project permission is wanted, or the reverse."""

    code = "WRONG_PERMISSION_SCOPE"
    permission_id = detail(str)
    expected_scope = detail(str)
    actual_scope = detail(str)
