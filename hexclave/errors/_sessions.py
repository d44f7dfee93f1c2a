"""Who is signed in: access tokens, refresh tokens, and what they are good for."""

from datetime import datetime
from typing import Self

from hexclave.errors._details import RestrictedReason, detail
from hexclave.errors._status import AuthenticationError, BadRequestError, KnownError, PermissionDeniedError


class SessionAuthenticationError(KnownError):
    """Something about the user's session is wrong."""


class InvalidSessionAuthentication(SessionAuthenticationError):
    """The tokens of the user's session do not hold."""


class InvalidAccessToken(InvalidSessionAuthentication):
    """The access token cannot be used; a fresh one may help."""

    hint = "Refresh the access token and repeat the call; a session does so by itself."


class AccessTokenExpired(InvalidAccessToken, AuthenticationError):
    """The access token is too old."""

    code = "ACCESS_TOKEN_EXPIRED"
    expired_at_millis = detail(int)
    expired_at = detail(datetime, "expired_at_millis")
    project_id = detail(str)
    user_id = detail(str)
    refresh_token_id = detail(str)


class InvalidProjectForAccessToken(InvalidAccessToken, AuthenticationError):
    """The access token was issued by another project."""

    code = "INVALID_PROJECT_FOR_ACCESS_TOKEN"
    hint = "Keep the tokens of each project in a store of their own."
    expected_project_id = detail(str)
    actual_project_id = detail(str)


class UnparsableAccessToken(InvalidAccessToken, AuthenticationError):
    """The access token is not a token, or its signature or issuer does not hold."""

    code = "UNPARSABLE_ACCESS_TOKEN"


class RefreshTokenError(KnownError):
    """Something about a refresh token or its session is wrong."""


class CannotDeleteCurrentSession(RefreshTokenError, BadRequestError):
    """The session to revoke is the one that makes the call."""

    code = "CANNOT_DELETE_CURRENT_SESSION"
    hint = "Sign out instead."


class ProviderRejected(RefreshTokenError, AuthenticationError):
    """The OAuth provider would not renew its own token."""

    code = "PROVIDER_REJECTED"
    hint = "Let the user connect the account again."


class RefreshTokenNotFoundOrExpired(RefreshTokenError, AuthenticationError):
    """The refresh token is unknown, too old or revoked, or its user is gone."""

    code = "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"
    hint = "The user has to sign in again."


class SessionExpired(RefreshTokenNotFoundOrExpired):
    """The session is over: the API no longer accepts its refresh token, and the session forgot its tokens."""

    @classmethod
    def of(cls, error: RefreshTokenNotFoundOrExpired) -> Self:
        """The same error, now that it has ended a session."""
        expired = cls(error.message)
        expired.__setstate__(error.__reduce__()[2])
        return expired


class AnonymousAuthenticationNotAllowed(KnownError, AuthenticationError):
    """An anonymous user made the call and the request does not admit anonymous users."""

    code = "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"
    hint = "Let the app allow anonymous users, or have the user sign up."


class RestrictedUserNotAllowed(KnownError, PermissionDeniedError):
    """A restricted user made the call and the request does not admit restricted users."""

    code = "RESTRICTED_USER_NOT_ALLOWED"
    hint = "`restricted_reason` says what the user has to do first; or let the app allow restricted users."
    restricted_reason = detail(RestrictedReason)


class UserAuthenticationRequired(KnownError, AuthenticationError):
    """The endpoint acts for a signed-in user and the request carries none."""

    code = "USER_AUTHENTICATION_REQUIRED"
    hint = "Make the call in a session of a user."
