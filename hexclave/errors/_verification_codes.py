"""Errors of codes and links sent by email: one-time sign-in, verification, password reset, invitation."""

from hexclave.errors._status import BadRequestError, ConflictError, KnownError, NotFoundError


class VerificationCodeError(KnownError):
    """The verification code or link is invalid."""

    hint = "Request a new code."


class VerificationCodeAlreadyUsed(VerificationCodeError, ConflictError):
    """The code or link has already been used."""

    code: str | None = "VERIFICATION_CODE_ALREADY_USED"


class VerificationCodeExpired(VerificationCodeError, BadRequestError):
    """The code or link has expired."""

    code: str | None = "VERIFICATION_CODE_EXPIRED"


class VerificationCodeMaxAttemptsReached(VerificationCodeError, BadRequestError):
    """The code was entered incorrectly too many times and is no longer valid."""

    code: str | None = "VERIFICATION_CODE_MAX_ATTEMPTS_REACHED"


class VerificationCodeNotFound(VerificationCodeError, NotFoundError):
    """The code or link does not exist in the project."""

    code: str | None = "VERIFICATION_CODE_NOT_FOUND"
    hint = "Check that the code is complete and belongs to this project."
