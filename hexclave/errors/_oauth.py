"""Errors of OAuth: providers, connected accounts and the API's token endpoint."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, ServerError


class AppleBundleIdNotConfigured(KnownError, BadRequestError):
    """No Apple bundle ID is configured for native sign-in in the project."""

    code: str | None = "APPLE_BUNDLE_ID_NOT_CONFIGURED"
    hint = "Add the app's bundle ID to the project's Apple provider."


class InvalidAppleCredentials(KnownError, BadRequestError):
    """Apple's identity token is invalid."""

    code: str | None = "INVALID_APPLE_CREDENTIALS"


class InvalidAuthorizationCode(KnownError, BadRequestError):
    """The authorization code is invalid, expired or already used."""

    code: str | None = "INVALID_AUTHORIZATION_CODE"
    hint = "Start the sign-in again; a code is short-lived and can be exchanged only once."


class InvalidOAuthClientIdOrSecret(KnownError, BadRequestError):
    """The token endpoint rejected the project ID or the publishable client key."""

    code: str | None = "INVALID_OAUTH_CLIENT_ID_OR_SECRET"
    hint = "Check the project ID and the publishable client key of the app."
    client_id: str | None = detail(str)


class InvalidScope(KnownError, BadRequestError):
    """The requested scope does not exist."""

    code: str | None = "INVALID_SCOPE"


class InvalidSharedOAuthProviderId(KnownError, BadRequestError):
    """This provider cannot be used with shared keys."""

    code: str | None = "INVALID_SHARED_OAUTH_PROVIDER_ID"
    provider_id: str | None = detail(str)


class InvalidStandardOAuthProviderId(KnownError, BadRequestError):
    """The API has no provider with this name."""

    code: str | None = "INVALID_STANDARD_OAUTH_PROVIDER_ID"
    provider_id: str | None = detail(str)


class OAuthAccessTokenNotAvailable(KnownError, BadRequestError):
    """The provider did not issue an access token for the connected account."""

    code: str | None = "OAUTH_ACCESS_TOKEN_NOT_AVAILABLE"
    hint = "Have the user connect the account again."
    provider: str | None = detail(str)
    reason: str | None = detail(str, "details")


class OAuthAccessTokenNotAvailableWithSharedOAuthKeys(KnownError, BadRequestError):
    """Access tokens are not available for a provider with shared keys."""

    code: str | None = "OAUTH_ACCESS_TOKEN_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS"
    hint = "Configure the provider with your own keys."


class OAuthConnectionAlreadyConnectedToAnotherUser(KnownError, ConflictError):
    """The account is already connected to another user."""

    code: str | None = "OAUTH_CONNECTION_ALREADY_CONNECTED_TO_ANOTHER_USER"


class OAuthConnectionDoesNotHaveRequiredScope(KnownError, BadRequestError):
    """The connected account does not have the requested scope."""

    code: str | None = "OAUTH_CONNECTION_DOES_NOT_HAVE_REQUIRED_SCOPE"
    hint = "Have the user connect the account again with this scope."


class OAuthConnectionNotConnectedToUser(KnownError, BadRequestError):
    """The user has not connected an account of this provider."""

    code: str | None = "OAUTH_CONNECTION_NOT_CONNECTED_TO_USER"


class OAuthExtraScopeNotAvailableWithSharedOAuthKeys(KnownError, BadRequestError):
    """Extra scopes are not available for a provider with shared keys."""

    code: str | None = "OAUTH_EXTRA_SCOPE_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS"
    hint = "Configure the provider with your own keys."


class OAuthProviderAccessDenied(KnownError, BadRequestError):
    """The user or the provider denied access."""

    code: str | None = "OAUTH_PROVIDER_ACCESS_DENIED"


class OAuthProviderAccountIdAlreadyUsedForSignIn(KnownError, BadRequestError):
    """This provider account is already used by a user to sign in."""

    code: str | None = "OAUTH_PROVIDER_ACCOUNT_ID_ALREADY_USED_FOR_SIGN_IN"


class OAuthProviderNotFoundOrNotEnabled(KnownError, BadRequestError):
    """The OAuth provider does not exist or is not enabled in the project."""

    code: str | None = "OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED"
    hint = "Enable the provider in the project."


class OAuthProviderTemporarilyUnavailable(KnownError, ServerError):
    """The provider is down, overloaded or unreachable."""

    code: str | None = "OAUTH_PROVIDER_TEMPORARILY_UNAVAILABLE"
    status: int | None = 503
    hint = "Try again later; the problem is with the provider, not the API."


class OuterOAuthTimeout(KnownError):
    """The user took too long to return from the provider."""

    code: str | None = "OUTER_OAUTH_TIMEOUT"
    status: int | None = 408
    hint = "Start the sign-in again."


class UserAlreadyConnectedToAnotherOAuthConnection(KnownError, ConflictError):
    """The user is already connected to another account of this provider."""

    code: str | None = "USER_ALREADY_CONNECTED_TO_ANOTHER_OAUTH_CONNECTION"
