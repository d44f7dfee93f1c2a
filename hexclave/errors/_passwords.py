"""Passwords: the rules for them, and setting them."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class PasswordAuthenticationNotEnabled(KnownError, BadRequestError):
    """The project does not let users sign in with passwords."""

    code = "PASSWORD_AUTHENTICATION_NOT_ENABLED"
    hint = "Switch password sign-in on in the project."


class PasswordConfirmationMismatch(KnownError, BadRequestError):
    """The old password given for the change is wrong."""

    code = "PASSWORD_CONFIRMATION_MISMATCH"


class PasswordRequirementsNotMet(KnownError):
    """The password breaks a rule for passwords."""


class PasswordTooLong(PasswordRequirementsNotMet, BadRequestError):
    """The password has too many characters."""

    code = "PASSWORD_TOO_LONG"
    max_length = detail(int, "maxLength")


class PasswordTooShort(PasswordRequirementsNotMet, BadRequestError):
    """The password has too few characters."""

    code = "PASSWORD_TOO_SHORT"
    min_length = detail(int)


class UserDoesNotHavePassword(KnownError, BadRequestError):
    """The user has no password that could be changed."""

    code = "USER_DOES_NOT_HAVE_PASSWORD"
    hint = "Set a first password instead."
