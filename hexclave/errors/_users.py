"""Errors of users and their contact channels."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, NotFoundError


class CannotGetOwnUserWithoutUser(KnownError, BadRequestError):
    """`me` was requested without a signed-in user."""

    code = "CANNOT_GET_OWN_USER_WITHOUT_USER"
    hint = "Make the call in a user's session, or pass the user's ID."


class ContactChannelAlreadyUsedForAuthBySomeoneElse(KnownError, ConflictError):
    """Another user already signs in with this email address."""

    code = "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"
    type = detail(str)
    contact_channel_value = detail(str)
    would_work_if_email_was_verified = detail(bool)


class EmailAlreadyVerified(KnownError, ConflictError):
    """The email address is already verified."""

    code = "EMAIL_ALREADY_VERIFIED"


class EmailIsNotPrimaryEmail(KnownError, BadRequestError):
    """The email address is not the user's primary email."""

    code = "EMAIL_IS_NOT_PRIMARY_EMAIL"
    email = detail(str)
    primary_email = detail(str)


class EmailNotAssociatedWithUser(KnownError, BadRequestError):
    """No user signs in with this email address."""

    code = "EMAIL_NOT_ASSOCIATED_WITH_USER"


class EmailNotVerified(KnownError, BadRequestError):
    """The user's email address must be verified first."""

    code = "EMAIL_NOT_VERIFIED"


class UserWithEmailAlreadyExists(KnownError, ConflictError):
    """A user with this email already exists."""

    code = "USER_EMAIL_ALREADY_EXISTS"
    email = detail(str)
    would_work_if_email_was_verified = detail(bool)


class UserIdDoesNotExist(KnownError, BadRequestError):
    """The body or query refers to a user that does not exist in the project."""

    code = "USER_ID_DOES_NOT_EXIST"
    user_id = detail(str)


class UserNotFound(KnownError, NotFoundError):
    """The project has no user with this ID."""

    code = "USER_NOT_FOUND"
