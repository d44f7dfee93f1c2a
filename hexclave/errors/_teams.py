"""Teams, their members and invitations."""

from hexclave.errors._details import RestrictedReason, detail
from hexclave.errors._status import ConflictError, KnownError, NotFoundError, PermissionDeniedError


class TeamAlreadyExists(KnownError, ConflictError):
    """A team with this id is there already; no known version of the API sends this."""

    code = "TEAM_ALREADY_EXISTS"
    team_id = detail(str)


class TeamInvitationEmailMismatch(KnownError, PermissionDeniedError):
    """The invitation went to an e-mail address that is not the user's."""

    code = "TEAM_INVITATION_EMAIL_MISMATCH"


class TeamInvitationRestrictedUserNotAllowed(KnownError, PermissionDeniedError):
    """A restricted user cannot accept an invitation."""

    code = "TEAM_INVITATION_RESTRICTED_USER_NOT_ALLOWED"
    hint = "`restricted_reason` says what the user has to do first."
    restricted_reason = detail(RestrictedReason)


class TeamMembershipAlreadyExists(KnownError, ConflictError):
    """The user is a member of the team already."""

    code = "TEAM_MEMBERSHIP_ALREADY_EXISTS"


class TeamMembershipNotFound(KnownError, NotFoundError):
    """The user is no member of the team."""

    code = "TEAM_MEMBERSHIP_NOT_FOUND"
    team_id = detail(str)
    user_id = detail(str)


class TeamNotFound(KnownError, NotFoundError):
    """The project has no team with this id."""

    code = "TEAM_NOT_FOUND"
    team_id = detail(str)
