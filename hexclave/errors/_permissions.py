"""Errors of team and project permissions."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ContainedPermissionNotFound(KnownError, BadRequestError):
    """The project does not define the contained permission."""

    code: str | None = "CONTAINED_PERMISSION_NOT_FOUND"
    permission_id: str | None = detail(str)


class PermissionIdAlreadyExists(KnownError, BadRequestError):
    """The project already defines a permission with this ID."""

    code: str | None = "PERMISSION_ID_ALREADY_EXISTS"
    hint = "Permission IDs must be unique across team and project permissions."
    permission_id: str | None = detail(str)


class PermissionNotFound(KnownError, NotFoundError):
    """The project does not define this permission."""

    code: str | None = "PERMISSION_NOT_FOUND"
    permission_id: str | None = detail(str)


class ProjectPermissionRequired(KnownError, AuthenticationError):
    """The signed-in user lacks a required project permission."""

    code: str | None = "PROJECT_PERMISSION_REQUIRED"
    user_id: str | None = detail(str)
    permission_id: str | None = detail(str)


class TeamPermissionNotFound(KnownError, AuthenticationError):
    """The user does not have this permission in the team."""

    code: str | None = "TEAM_PERMISSION_NOT_FOUND"
    team_id: str | None = detail(str)
    user_id: str | None = detail(str)
    permission_id: str | None = detail(str)


class TeamPermissionRequired(KnownError, AuthenticationError):
    """The signed-in user lacks a required team permission."""

    code: str | None = "TEAM_PERMISSION_REQUIRED"
    team_id: str | None = detail(str)
    user_id: str | None = detail(str)
    permission_id: str | None = detail(str)


class PermissionScopeMismatch(KnownError, NotFoundError):
    """A team permission was given where a project permission is required, or vice versa."""

    code: str | None = "WRONG_PERMISSION_SCOPE"
    permission_id: str | None = detail(str)
    expected_scope: str | None = detail(str)
    actual_scope: str | None = detail(str)
