"""Errors of exchanging an identity provider's token for a session."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError


class ExternalAuthProviderNotConfigured(KnownError, BadRequestError):
    """The identity provider is not configured for the project."""

    code: str | None = "EXTERNAL_AUTH_PROVIDER_NOT_CONFIGURED"
    hint = "See `reason` for the missing setting."
    reason: str | None = detail(str)


class InvalidExternalAuthToken(KnownError, AuthenticationError):
    """The identity provider's token is invalid."""

    code: str | None = "INVALID_EXTERNAL_AUTH_TOKEN"
    hint = "See `reason` for what is wrong with the token."
    reason: str | None = detail(str)
