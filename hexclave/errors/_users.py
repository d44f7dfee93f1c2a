"""Users, their e-mail addresses and other contact channels."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, NotFoundError


class CannotGetOwnUserWithoutUser(KnownError, BadRequestError):
    """`me` was asked for and nobody is signed in."""

    code = "CANNOT_GET_OWN_USER_WITHOUT_USER"
    hint = "Make the call in a session of a user, or name the user by id."


class ContactChannelAlreadyUsedForAuthBySomeoneElse(KnownError, ConflictError):
    """Another user signs in with this e-mail address."""

    code = "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"
    type = detail(str)
    contact_channel_value = detail(str)
    would_work_if_email_was_verified = detail(bool)


class EmailAlreadyVerified(KnownError, ConflictError):
    """The e-mail address needs no verification any more."""

    code = "EMAIL_ALREADY_VERIFIED"


class EmailIsNotPrimaryEmail(KnownError, BadRequestError):
    """The e-mail address is not the user's primary one."""

    code = "EMAIL_IS_NOT_PRIMARY_EMAIL"
    email = detail(str)
    primary_email = detail(str)


class EmailNotAssociatedWithUser(KnownError, BadRequestError):
    """No user signs in with this e-mail address."""

    code = "EMAIL_NOT_ASSOCIATED_WITH_USER"


class EmailNotVerified(KnownError, BadRequestError):
    """The action is for users with a verified e-mail address."""

    code = "EMAIL_NOT_VERIFIED"


class UserWithEmailAlreadyExists(KnownError, ConflictError):
    """A user with this e-mail address is there already."""

    code = "USER_EMAIL_ALREADY_EXISTS"
    email = detail(str)
    would_work_if_email_was_verified = detail(bool)


class UserIdDoesNotExist(KnownError, BadRequestError):
    """The body or the query names a user whom the project does not have."""

    code = "USER_ID_DOES_NOT_EXIST"
    user_id = detail(str)


class UserNotFound(KnownError, NotFoundError):
    """The project has no such user."""

    code = "USER_NOT_FOUND"
