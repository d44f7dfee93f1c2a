"""Tokens of other identity providers, exchanged for a session."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError


class ExternalAuthProviderNotConfigured(KnownError, BadRequestError):
    """The project is not set up for this identity provider."""

    code = "EXTERNAL_AUTH_PROVIDER_NOT_CONFIGURED"
    hint = "`reason` says which setting is missing."
    reason = detail(str)


class InvalidExternalAuthToken(KnownError, AuthenticationError):
    """The identity provider's token does not hold."""

    code = "INVALID_EXTERNAL_AUTH_TOKEN"
    hint = "`reason` says what is wrong with the token."
    reason = detail(str)
