"""Errors of teams, members and invitations."""

from hexclave.errors._details import RestrictedReason, detail
from hexclave.errors._status import ConflictError, KnownError, NotFoundError, PermissionDeniedError


class TeamAlreadyExists(KnownError, ConflictError):
    """A team with this ID already exists; not sent by any known version of the API."""

    code: str | None = "TEAM_ALREADY_EXISTS"
    team_id: str | None = detail(str)


class TeamInvitationEmailMismatch(KnownError, PermissionDeniedError):
    """The invitation was sent to a different email address than the user's."""

    code: str | None = "TEAM_INVITATION_EMAIL_MISMATCH"


class TeamInvitationRestrictedUserNotAllowed(KnownError, PermissionDeniedError):
    """A restricted user cannot accept an invitation."""

    code: str | None = "TEAM_INVITATION_RESTRICTED_USER_NOT_ALLOWED"
    hint = "See `restricted_reason` for what the user must do first."
    restricted_reason: RestrictedReason | None = detail(RestrictedReason)


class TeamMembershipAlreadyExists(KnownError, ConflictError):
    """The user is already a member of the team."""

    code: str | None = "TEAM_MEMBERSHIP_ALREADY_EXISTS"


class TeamMembershipNotFound(KnownError, NotFoundError):
    """The user is not a member of the team."""

    code: str | None = "TEAM_MEMBERSHIP_NOT_FOUND"
    team_id: str | None = detail(str)
    user_id: str | None = detail(str)


class TeamNotFound(KnownError, NotFoundError):
    """The project has no team with this ID."""

    code: str | None = "TEAM_NOT_FOUND"
    team_id: str | None = detail(str)
