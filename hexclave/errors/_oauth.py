"""OAuth: providers, connected accounts, and the API's own token endpoint."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, ConflictError, KnownError, ServerError


class AppleBundleIdNotConfigured(KnownError, BadRequestError):
    """The project lists no bundle id for signing in with Apple inside an app."""

    code = "APPLE_BUNDLE_ID_NOT_CONFIGURED"
    hint = "Add the app's bundle id to the Apple provider of the project."


class InvalidAppleCredentials(KnownError, BadRequestError):
    """Apple's identity token does not hold."""

    code = "INVALID_APPLE_CREDENTIALS"


class InvalidAuthorizationCode(KnownError, BadRequestError):
    """The authorization code is wrong, too old or used."""

    code = "INVALID_AUTHORIZATION_CODE"
    hint = "Start the sign-in again; a code can be exchanged once and soon."


class InvalidOAuthClientIdOrSecret(KnownError, BadRequestError):
    """The token endpoint does not accept the project id and the publishable client key sent to it."""

    code = "INVALID_OAUTH_CLIENT_ID_OR_SECRET"
    hint = "Check project id and publishable client key of the app."
    client_id = detail(str)


class InvalidScope(KnownError, BadRequestError):
    """The scope asked for does not exist."""

    code = "INVALID_SCOPE"


class InvalidSharedOAuthProviderId(KnownError, BadRequestError):
    """This provider cannot be used with the shared keys."""

    code = "INVALID_SHARED_OAUTH_PROVIDER_ID"
    provider_id = detail(str)


class InvalidStandardOAuthProviderId(KnownError, BadRequestError):
    """The API has no provider of this name."""

    code = "INVALID_STANDARD_OAUTH_PROVIDER_ID"
    provider_id = detail(str)


class OAuthAccessTokenNotAvailable(KnownError, BadRequestError):
    """The provider gave no access token for the connected account."""

    code = "OAUTH_ACCESS_TOKEN_NOT_AVAILABLE"
    hint = "Let the user connect the account again."
    provider = detail(str)
    reason = detail(str, "details")


class OAuthAccessTokenNotAvailableWithSharedOAuthKeys(KnownError, BadRequestError):
    """The provider is set up with shared keys, which give no access tokens."""

    code = "OAUTH_ACCESS_TOKEN_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS"
    hint = "Set up the provider with keys of your own."


class OAuthConnectionAlreadyConnectedToAnotherUser(KnownError, ConflictError):
    """Another user has connected this account."""

    code = "OAUTH_CONNECTION_ALREADY_CONNECTED_TO_ANOTHER_USER"


class OAuthConnectionDoesNotHaveRequiredScope(KnownError, BadRequestError):
    """The connected account was not granted the scope asked for."""

    code = "OAUTH_CONNECTION_DOES_NOT_HAVE_REQUIRED_SCOPE"
    hint = "Let the user connect the account again with the scope."


class OAuthConnectionNotConnectedToUser(KnownError, BadRequestError):
    """The user has not connected such an account."""

    code = "OAUTH_CONNECTION_NOT_CONNECTED_TO_USER"


class OAuthExtraScopeNotAvailableWithSharedOAuthKeys(KnownError, BadRequestError):
    """The provider is set up with shared keys, which allow no further scopes."""

    code = "OAUTH_EXTRA_SCOPE_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS"
    hint = "Set up the provider with keys of your own."


class OAuthProviderAccessDenied(KnownError, BadRequestError):
    """The user or the provider refused the sign-in."""

    code = "OAUTH_PROVIDER_ACCESS_DENIED"


class OAuthProviderAccountIdAlreadyUsedForSignIn(KnownError, BadRequestError):
    """A user signs in with this account of the provider already."""

    code = "OAUTH_PROVIDER_ACCOUNT_ID_ALREADY_USED_FOR_SIGN_IN"


class OAuthProviderNotFoundOrNotEnabled(KnownError, BadRequestError):
    """The project does not have this provider, or has it switched off."""

    code = "OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED"
    hint = "Switch the provider on in the project."


class OAuthProviderTemporarilyUnavailable(KnownError, ServerError):
    """The provider is down, overloaded or out of reach."""

    code = "OAUTH_PROVIDER_TEMPORARILY_UNAVAILABLE"
    status = 503
    hint = "Try again later; the provider is at fault, not the API."


class OuterOAuthTimeout(KnownError):
    """The user took too long to come back from the provider."""

    code = "OUTER_OAUTH_TIMEOUT"
    status = 408
    hint = "Start the sign-in again."


class UserAlreadyConnectedToAnotherOAuthConnection(KnownError, ConflictError):
    """The user has connected another account of this provider."""

    code = "USER_ALREADY_CONNECTED_TO_ANOTHER_OAUTH_CONNECTION"
