"""Errors of CLI and agent sign-in through a browser."""

from hexclave.errors._status import BadRequestError, KnownError


class AgentAuthInvalidClaimCode(KnownError, BadRequestError):
    """The claim code for the agent is unknown, expired or already used."""

    code: str | None = "AGENT_AUTH_INVALID_CLAIM_CODE"


class AgentAuthNotEnabled(KnownError, BadRequestError):
    """The app for agent sign-in is not installed in the project."""

    code: str | None = "AGENT_AUTH_NOT_ENABLED"
    hint = "Install the app in the project."


class CliAuthError(KnownError, BadRequestError):
    """The CLI sign-in failed; not sent by the API itself."""

    code: str | None = "CLI_AUTH_ERROR"


class CliAuthExpiredError(KnownError, BadRequestError):
    """The CLI sign-in was not confirmed in time; not sent by the API itself."""

    code: str | None = "CLI_AUTH_EXPIRED_ERROR"
    hint = "Start the sign-in again."


class CliAuthUsedError(KnownError, BadRequestError):
    """The CLI sign-in has already been completed; not sent by the API itself."""

    code: str | None = "CLI_AUTH_USED_ERROR"
    hint = "Start the sign-in again."


class InvalidPollingCodeError(KnownError, BadRequestError):
    """No pending sign-in has this polling code."""

    code: str | None = "INVALID_POLLING_CODE"
    hint = "Start the sign-in again."
