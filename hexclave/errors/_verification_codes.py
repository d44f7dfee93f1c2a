"""Codes and links sent by e-mail: one-time sign-in, verification, resets, invitations."""

from hexclave.errors._status import BadRequestError, ConflictError, KnownError, NotFoundError


class VerificationCodeError(KnownError):
    """The code or link is no good."""

    hint = "Have a new code sent."


class VerificationCodeAlreadyUsed(VerificationCodeError, ConflictError):
    """The code or link was used before."""

    code = "VERIFICATION_CODE_ALREADY_USED"


class VerificationCodeExpired(VerificationCodeError, BadRequestError):
    """The code or link is too old."""

    code = "VERIFICATION_CODE_EXPIRED"


class VerificationCodeMaxAttemptsReached(VerificationCodeError, BadRequestError):
    """The code was guessed wrongly too often and no longer counts."""

    code = "VERIFICATION_CODE_MAX_ATTEMPTS_REACHED"


class VerificationCodeNotFound(VerificationCodeError, NotFoundError):
    """The project never issued such a code or link."""

    code = "VERIFICATION_CODE_NOT_FOUND"
    hint = "Check that the whole code arrived, and that it belongs to this project."
