"""Errors of team and project permissions."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ContainedPermissionNotFound(KnownError, BadRequestError):
    """The project does not define the contained permission."""

    code = "CONTAINED_PERMISSION_NOT_FOUND"
    permission_id = detail(str)


class PermissionIdAlreadyExists(KnownError, BadRequestError):
    """The project already defines a permission with this ID."""

    code = "PERMISSION_ID_ALREADY_EXISTS"
    hint = "Permission IDs must be unique across team and project permissions."
    permission_id = detail(str)


class PermissionNotFound(KnownError, NotFoundError):
    """The project does not define this permission."""

    code = "PERMISSION_NOT_FOUND"
    permission_id = detail(str)


class ProjectPermissionRequired(KnownError, AuthenticationError):
    """The signed-in user lacks a required project permission."""

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
    """The signed-in user lacks a required team permission."""

    code = "TEAM_PERMISSION_REQUIRED"
    team_id = detail(str)
    user_id = detail(str)
    permission_id = detail(str)


class PermissionScopeMismatch(KnownError, NotFoundError):
    """A team permission was given where a project permission is required, or vice versa."""

    code = "WRONG_PERMISSION_SCOPE"
    permission_id = detail(str)
    expected_scope = detail(str)
    actual_scope = detail(str)
