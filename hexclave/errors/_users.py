"""Errors of users and their contact channels."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, NotFoundError


class CannotGetOwnUserWithoutUser(KnownError, BadRequestError):
    """`me` was requested without a signed-in user."""

    code: str | None = "CANNOT_GET_OWN_USER_WITHOUT_USER"
    hint = "Make the call in a user's session, or pass the user's ID."


class ContactChannelAlreadyUsedForAuthBySomeoneElse(KnownError, ConflictError):
    """Another user already signs in with this email address."""

    code: str | None = "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"
    type: str | None = detail(str)
    contact_channel_value: str | None = detail(str)
    would_work_if_email_was_verified: bool | None = detail(bool)


class EmailAlreadyVerified(KnownError, ConflictError):
    """The email address is already verified."""

    code: str | None = "EMAIL_ALREADY_VERIFIED"


class EmailIsNotPrimaryEmail(KnownError, BadRequestError):
    """The email address is not the user's primary email."""

    code: str | None = "EMAIL_IS_NOT_PRIMARY_EMAIL"
    email: str | None = detail(str)
    primary_email: str | None = detail(str)


class EmailNotAssociatedWithUser(KnownError, BadRequestError):
    """No user signs in with this email address."""

    code: str | None = "EMAIL_NOT_ASSOCIATED_WITH_USER"


class EmailNotVerified(KnownError, BadRequestError):
    """The user's email address must be verified first."""

    code: str | None = "EMAIL_NOT_VERIFIED"


class UserWithEmailAlreadyExists(KnownError, ConflictError):
    """A user with this email already exists."""

    code: str | None = "USER_EMAIL_ALREADY_EXISTS"
    email: str | None = detail(str)
    would_work_if_email_was_verified: bool | None = detail(bool)


class UserIdDoesNotExist(KnownError, BadRequestError):
    """The body or query refers to a user that does not exist in the project."""

    code: str | None = "USER_ID_DOES_NOT_EXIST"
    user_id: str | None = detail(str)


class UserNotFound(KnownError, NotFoundError):
    """The project has no user with this ID."""

    code: str | None = "USER_NOT_FOUND"
