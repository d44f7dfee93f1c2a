"""Errors of sessions, access tokens and refresh tokens."""

from datetime import datetime
from typing import Self

from hexclave.errors._details import RestrictedReason, detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, PermissionDeniedError


class SessionAuthenticationError(KnownError):
    """The user's session is invalid."""


class InvalidSessionAuthentication(SessionAuthenticationError):
    """The tokens of the user's session are invalid."""


class InvalidAccessToken(InvalidSessionAuthentication):
    """The access token is invalid; refreshing it may help."""

    hint = "Refresh the access token and retry the call; sessions do this automatically."


class AccessTokenExpired(InvalidAccessToken, AuthenticationError):
    """The access token has expired."""

    code: str | None = "ACCESS_TOKEN_EXPIRED"
    expired_at_millis: int | None = detail(int)
    expired_at: datetime | None = detail(datetime, "expired_at_millis")
    project_id: str | None = detail(str)
    user_id: str | None = detail(str)
    refresh_token_id: str | None = detail(str)


class InvalidProjectForAccessToken(InvalidAccessToken, AuthenticationError):
    """The access token was issued by another project."""

    code: str | None = "INVALID_PROJECT_FOR_ACCESS_TOKEN"
    hint = "Use a separate token store for each project."
    expected_project_id: str | None = detail(str)
    actual_project_id: str | None = detail(str)


class UnparsableAccessToken(InvalidAccessToken, AuthenticationError):
    """The access token is malformed, or its signature or issuer is invalid."""

    code: str | None = "UNPARSABLE_ACCESS_TOKEN"


class RefreshTokenError(KnownError):
    """The refresh token or its session is invalid."""


class CannotDeleteCurrentSession(RefreshTokenError, BadRequestError):
    """A session cannot revoke itself."""

    code: str | None = "CANNOT_DELETE_CURRENT_SESSION"
    hint = "Sign out instead."


class ProviderRejected(RefreshTokenError, AuthenticationError):
    """The OAuth provider refused to refresh its token."""

    code: str | None = "PROVIDER_REJECTED"
    hint = "Have the user connect the account again."


class RefreshTokenNotFoundOrExpired(RefreshTokenError, AuthenticationError):
    """The refresh token is unknown, expired or revoked, or its user was deleted."""

    code: str | None = "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"
    hint = "Have the user sign in again."


class SessionExpired(RefreshTokenNotFoundOrExpired):
    """The session has ended: the API rejected its refresh token, and its tokens were removed from the store."""

    @classmethod
    def of(cls, error: RefreshTokenNotFoundOrExpired) -> Self:
        """Return the same error as a `SessionExpired`."""
        expired = cls(error.message)
        expired.__setstate__(error.__reduce__()[2])
        return expired


class AnonymousAuthenticationNotAllowed(KnownError, AuthenticationError):
    """Anonymous users are not allowed to make this request."""

    code: str | None = "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"
    hint = "Allow anonymous users in the app, or have the user sign up."


class RestrictedUserNotAllowed(KnownError, PermissionDeniedError):
    """Restricted users are not allowed to make this request."""

    code: str | None = "RESTRICTED_USER_NOT_ALLOWED"
    hint = "See `restricted_reason` for what the user must do first, or allow restricted users in the app."
    restricted_reason: RestrictedReason | None = detail(RestrictedReason)


class UserAuthenticationRequired(KnownError, AuthenticationError):
    """The request requires a signed-in user."""

    code: str | None = "USER_AUTHENTICATION_REQUIRED"
    hint = "Make the call in a user's session."
