"""Errors of passwords: requirements, and setting or changing them."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError


class PasswordAuthenticationNotEnabled(KnownError, BadRequestError):
    """Password sign-in is not enabled for the project."""

    code: str | None = "PASSWORD_AUTHENTICATION_NOT_ENABLED"
    hint = "Enable password sign-in in the project."


class PasswordConfirmationMismatch(KnownError, BadRequestError):
    """The current password is incorrect."""

    code: str | None = "PASSWORD_CONFIRMATION_MISMATCH"


class PasswordRequirementsNotMet(KnownError):
    """The password does not meet the requirements."""


class PasswordTooLong(PasswordRequirementsNotMet, BadRequestError):
    """The password is too long."""

    code: str | None = "PASSWORD_TOO_LONG"
    max_length: int | None = detail(int, "maxLength")


class PasswordTooShort(PasswordRequirementsNotMet, BadRequestError):
    """The password is too short."""

    code: str | None = "PASSWORD_TOO_SHORT"
    min_length: int | None = detail(int)


class UserDoesNotHavePassword(KnownError, BadRequestError):
    """The user has no password to change."""

    code: str | None = "USER_DOES_NOT_HAVE_PASSWORD"
    hint = "Set a password first."
