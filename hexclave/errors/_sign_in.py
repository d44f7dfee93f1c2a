"""Signing up and in: what a project allows, and what is still missing."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, PermissionDeniedError
from hexclave_api.secret import Secret


class AnonymousAccountsNotEnabled(KnownError, BadRequestError):
    """The project has no anonymous accounts."""

    code = "ANONYMOUS_ACCOUNTS_NOT_ENABLED"
    hint = "Switch anonymous accounts on in the project."


class BotChallengeFailed(KnownError, BadRequestError):
    """The answer to the bot challenge was not accepted."""

    code = "BOT_CHALLENGE_FAILED"
    reason = detail(str, "message")


class BotChallengeRequired(KnownError, ConflictError):
    """The sign-up looks automated and a visible bot challenge has to be passed first."""

    code = "BOT_CHALLENGE_REQUIRED"


class EmailPasswordMismatch(KnownError, BadRequestError):
    """E-mail address and password do not belong together."""

    code = "EMAIL_PASSWORD_MISMATCH"


class InvalidTotpCode(KnownError, BadRequestError):
    """The one-time password of the authenticator app is wrong."""

    code = "INVALID_TOTP_CODE"


class MultiFactorAuthenticationRequired(KnownError, BadRequestError):
    """The first factor is accepted and the one-time password of the second is wanted."""

    code = "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
    hint = "Continue with `attempt_code` and the user's one-time password."
    attempt_code = detail(Secret)


class RedirectUrlNotWhitelisted(KnownError, BadRequestError):
    """The project does not trust the domain of the redirect or callback URL."""

    code = "REDIRECT_URL_NOT_WHITELISTED"
    hint = "Add the domain to the trusted domains of the project."
    redirect_url = detail(str)


class SignUpNotEnabled(KnownError, BadRequestError):
    """The project takes no new users."""

    code = "SIGN_UP_NOT_ENABLED"
    hint = "Switch sign-up on in the project."


class SignUpRejected(KnownError, PermissionDeniedError):
    """A sign-up rule of the project turned the user away."""

    code = "SIGN_UP_REJECTED"
    reason = detail(str, "message")
