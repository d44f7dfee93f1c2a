"""Errors of the API in the words of the pages."""

from typing import Final

from hexclave import errors
from hexclave.sign_in._visit import Problem

_IMPOSSIBLE: Final = "This is not possible."
_TRY_LATER: Final = "Too many attempts. Please wait a few minutes and try again."
_TAKEN: Final = "An account with this email already exists. Sign in instead."
_LENGTH: Final = "The password must have 8 to 70 characters."
_CODE: Final = "This code is invalid or has expired. Please request a new one."

_PROBLEMS: Final[tuple[tuple[type[errors.HexclaveError], str, str | None], ...]] = (
    (errors.EmailPasswordMismatch, "Incorrect email or password.", "password"),
    (errors.UserWithEmailAlreadyExists, _TAKEN, "email"),
    (errors.ContactChannelAlreadyUsedForAuthBySomeoneElse, _TAKEN, "email"),
    (errors.PasswordRequirementsNotMet, _LENGTH, "password"),
    (errors.PasswordConfirmationMismatch, "The current password is incorrect.", "old_password"),
    (errors.SignUpNotEnabled, "New accounts cannot be created here.", None),
    (errors.SignUpRejected, "This account cannot be created.", None),
    (errors.BotChallengeRequired, "This account cannot be created without a bot check.", None),
    (errors.BotChallengeFailed, "This account cannot be created without a bot check.", None),
    (errors.VerificationCodeError, _CODE, "code"),
    (errors.InvalidTotpCode, "Incorrect code.", "totp"),
    (errors.PasskeyAuthenticationFailed, "The sign-in with a passkey failed.", None),
    (errors.PasskeyWebAuthnError, "The sign-in with a passkey failed.", None),
    (errors.PasskeyRegistrationFailed, "The passkey could not be added.", None),
    (errors.OAuthCallbackError, "The sign-in with this provider failed or was cancelled.", None),
    (errors.InvalidAuthorizationCode, "The sign-in with this provider failed or was cancelled.", None),
    (errors.OAuthConnectionAlreadyConnectedToAnotherUser, "This account is connected to another user.", None),
    (errors.SchemaError, "Some of this is not valid. Please check what you have entered.", None),
    (errors.RateLimitError, _TRY_LATER, None),
    (errors.NotFoundError, "This does not exist any more.", None),
    (errors.BadRequestError, _IMPOSSIBLE, None),
    (errors.ConflictError, _IMPOSSIBLE, None),
    (errors.PermissionDeniedError, _IMPOSSIBLE, None),
)
"""The first class that fits counts, so subclasses come first."""


def problem_of(error: errors.HexclaveError) -> Problem | None:
    """Return the error as a problem that the user can do something about; `None` if it is not one."""
    if isinstance(error, errors.RedirectUrlNotWhitelisted):  # a mistake in the project's settings
        return None
    for kind, text, field in _PROBLEMS:
        if isinstance(error, kind):
            return Problem(text, field=field, status=429 if isinstance(error, errors.RateLimitError) else 422)
    return None
