"""Signing in a command line or an agent with the help of a browser."""

from hexclave.errors._status import BadRequestError, KnownError


class AgentAuthInvalidClaimCode(KnownError, BadRequestError):
    """The code by which a user claims an agent is unknown, too old or used."""

    code = "AGENT_AUTH_INVALID_CLAIM_CODE"


class AgentAuthNotEnabled(KnownError, BadRequestError):
    """The project has the app for agent sign-in not installed."""

    code = "AGENT_AUTH_NOT_ENABLED"
    hint = "Install the app in the project."


class CliAuthError(KnownError, BadRequestError):
    """The command line could not be signed in; the API itself does not send this."""

    code = "CLI_AUTH_ERROR"


class CliAuthExpiredError(KnownError, BadRequestError):
    """Nobody confirmed the command line's sign-in in time; the API itself does not send this."""

    code = "CLI_AUTH_EXPIRED_ERROR"
    hint = "Start the sign-in again."


class CliAuthUsedError(KnownError, BadRequestError):
    """The command line's sign-in was completed before; the API itself does not send this."""

    code = "CLI_AUTH_USED_ERROR"
    hint = "Start the sign-in again."


class InvalidPollingCodeError(KnownError, BadRequestError):
    """No sign-in waits under this polling code."""

    code = "INVALID_POLLING_CODE"
    hint = "Start the sign-in again."
