"""Errors of passwords: requirements, and setting or changing them."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class PasswordAuthenticationNotEnabled(KnownError, BadRequestError):
    """Password sign-in is not enabled for the project."""

    code = "PASSWORD_AUTHENTICATION_NOT_ENABLED"
    hint = "Enable password sign-in in the project."


class PasswordConfirmationMismatch(KnownError, BadRequestError):
    """The current password is incorrect."""

    code = "PASSWORD_CONFIRMATION_MISMATCH"


class PasswordRequirementsNotMet(KnownError):
    """The password does not meet the requirements."""


class PasswordTooLong(PasswordRequirementsNotMet, BadRequestError):
    """The password is too long."""

    code = "PASSWORD_TOO_LONG"
    max_length = detail(int, "maxLength")


class PasswordTooShort(PasswordRequirementsNotMet, BadRequestError):
    """The password is too short."""

    code = "PASSWORD_TOO_SHORT"
    min_length = detail(int)


class UserDoesNotHavePassword(KnownError, BadRequestError):
    """The user has no password to change."""

    code = "USER_DOES_NOT_HAVE_PASSWORD"
    hint = "Set a password first."
