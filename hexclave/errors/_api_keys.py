"""Errors of API keys of users and teams."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ApiKeyNotValid(KnownError):
    """The API key is not valid for this call."""


class ApiKeyExpired(ApiKeyNotValid, AuthenticationError):
    """The API key has expired."""

    code: str | None = "API_KEY_EXPIRED"


class ApiKeyNotFound(ApiKeyNotValid, NotFoundError):
    """The API key does not exist."""

    code: str | None = "API_KEY_NOT_FOUND"


class ApiKeyRevoked(ApiKeyNotValid, AuthenticationError):
    """The API key has been revoked."""

    code: str | None = "API_KEY_REVOKED"


class PublicApiKeyCannotBeRevoked(ApiKeyNotValid, BadRequestError):
    """The key reported as leaked is public and cannot be revoked."""

    code: str | None = "PUBLIC_API_KEY_CANNOT_BE_REVOKED"


class WrongApiKeyType(ApiKeyNotValid, BadRequestError):
    """A team API key was sent where a user API key is required, or vice versa."""

    code: str | None = "WRONG_API_KEY_TYPE"
    expected_type: str | None = detail(str)
    actual_type: str | None = detail(str)
