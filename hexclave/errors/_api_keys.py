"""API keys that users and teams hold."""

from hexclave.errors._details import detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, NotFoundError


class ApiKeyNotValid(KnownError):
    """The API key is no good for this call."""


class ApiKeyExpired(ApiKeyNotValid, AuthenticationError):
    """The API key has run out."""

    code = "API_KEY_EXPIRED"


class ApiKeyNotFound(ApiKeyNotValid, NotFoundError):
    """There is no such API key."""

    code = "API_KEY_NOT_FOUND"


class ApiKeyRevoked(ApiKeyNotValid, AuthenticationError):
    """The API key was revoked."""

    code = "API_KEY_REVOKED"


class PublicApiKeyCannotBeRevoked(ApiKeyNotValid, BadRequestError):
    """The key reported as leaked is a public one, which may be seen."""

    code = "PUBLIC_API_KEY_CANNOT_BE_REVOKED"


class WrongApiKeyType(ApiKeyNotValid, BadRequestError):
    """A team's API key was given where a user's is wanted, or the reverse."""

    code = "WRONG_API_KEY_TYPE"
    expected_type = detail(str)
    actual_type = detail(str)
