"""Errors of signing up and signing in."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, PermissionDeniedError
from hexclave_api.secret import Secret


class AnonymousAccountsNotEnabled(KnownError, BadRequestError):
    """Anonymous accounts are not enabled for the project."""

    code: str | None = "ANONYMOUS_ACCOUNTS_NOT_ENABLED"
    hint = "Enable anonymous accounts in the project."


class BotChallengeFailed(KnownError, BadRequestError):
    """The bot challenge was not passed."""

    code: str | None = "BOT_CHALLENGE_FAILED"
    reason: str | None = detail(str, "message")


class BotChallengeRequired(KnownError, ConflictError):
    """The sign-up looks automated; a visible bot challenge must be passed first."""

    code: str | None = "BOT_CHALLENGE_REQUIRED"


class EmailPasswordMismatch(KnownError, BadRequestError):
    """Incorrect email or password."""

    code: str | None = "EMAIL_PASSWORD_MISMATCH"


class InvalidTotpCode(KnownError, BadRequestError):
    """The one-time password from the authenticator app is incorrect."""

    code: str | None = "INVALID_TOTP_CODE"


class MultiFactorAuthenticationRequired(KnownError, BadRequestError):
    """The first factor was accepted; a one-time password is required as the second."""

    code: str | None = "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
    hint = "Continue with `attempt_code` and the user's one-time password."
    attempt_code: Secret | None = detail(Secret)


class RedirectUrlNotWhitelisted(KnownError, BadRequestError):
    """The redirect or callback URL is not in the project's trusted domains."""

    code: str | None = "REDIRECT_URL_NOT_WHITELISTED"
    hint = "Add the domain to the project's trusted domains."
    redirect_url: str | None = detail(str)


class SignUpNotEnabled(KnownError, BadRequestError):
    """Sign-up is not enabled for the project."""

    code: str | None = "SIGN_UP_NOT_ENABLED"
    hint = "Enable sign-up in the project."


class SignUpRejected(KnownError, PermissionDeniedError):
    """A sign-up rule of the project rejected the user."""

    code: str | None = "SIGN_UP_REJECTED"
    reason: str | None = detail(str, "message")
