"""All errors that the SDK raises, in one tree.

    HexclaveError
    ├── UnsafeUseError                  raised before any I/O; also a ValueError
    ├── OAuthCallbackError              the OAuth sign-in failed
    ├── TransportError                  no usable reply
    │   ├── APIConnectionError, UnreadableReplyError, TooManyRedirectsError, CrossOriginRedirectError
    │   └── APITimeoutError
    │       └── ConnectTimeout, ReadTimeout, TotalTimeout
    └── APIStatusError                  the API returned an error status
        ├── BadRequestError             400
        ├── AuthenticationError         401
        ├── PermissionDeniedError       403
        ├── NotFoundError               404
        ├── OperationNotAvailable       404, 405: the server predates the operation
        ├── ConflictError               409
        ├── RateLimitError              429
        ├── ServerError                 5xx
        └── KnownError                  the API sent a known error code; by domain:
            ├── [requests] AllOverloadsFailed, BodyParsingError, UnsupportedError
            ├── [requests] SchemaError
            │   └── ArgumentNotAvailable
            ├── [project access] ProjectAuthenticationError
            │   ├── ExpectedInternalProject
            │   ├── InvalidProjectAuthentication
            │   │   ├── AccessTypeRequired, AccessTypeWithoutProjectId, InsufficientAccessType, InvalidAccessType,
            │   │   │   InvalidPublishableClientKey, InvalidSecretServerKey, InvalidSuperSecretAdminKey,
            │   │   │   ProjectKeyWithoutAccessType
            │   │   └── InvalidAdminAccessToken
            │   │       └── AdminAccessTokenExpired, AdminAccessTokenIsNotAdmin, InvalidProjectForAdminAccessToken,
            │   │           UnparsableAdminAccessToken
            │   └── ProjectAuthenticationRequired
            │       └── AdminAuthenticationRequired, ClientAuthenticationRequired, ClientOrAdminAuthenticationRequired,
            │           ClientOrServerAuthenticationRequired, ClientOrServerOrAdminAuthenticationRequired,
            │           PublishableClientKeyRequiredForProject, ServerAuthenticationRequired
            ├── [project access] BranchDoesNotExist, CurrentProjectNotFound, ProjectNotFound
            ├── [sessions] SessionAuthenticationError
            │   └── InvalidSessionAuthentication
            │       └── InvalidAccessToken
            │           └── AccessTokenExpired, InvalidProjectForAccessToken, UnparsableAccessToken
            ├── [sessions] RefreshTokenError
            │   ├── CannotDeleteCurrentSession, ProviderRejected
            │   └── RefreshTokenNotFoundOrExpired
            │       └── SessionExpired
            ├── [sessions] AnonymousAuthenticationNotAllowed, RestrictedUserNotAllowed, UserAuthenticationRequired
            ├── [users] CannotGetOwnUserWithoutUser, ContactChannelAlreadyUsedForAuthBySomeoneElse,
            │   EmailAlreadyVerified, EmailIsNotPrimaryEmail, EmailNotAssociatedWithUser, EmailNotVerified,
            │   UserWithEmailAlreadyExists, UserIdDoesNotExist, UserNotFound
            ├── [sign in] AnonymousAccountsNotEnabled, BotChallengeFailed, BotChallengeRequired, EmailPasswordMismatch,
            │   InvalidTotpCode, MultiFactorAuthenticationRequired, RedirectUrlNotWhitelisted, SignUpNotEnabled,
            │   SignUpRejected
            ├── [passwords] PasswordRequirementsNotMet
            │   └── PasswordTooLong, PasswordTooShort
            ├── [passwords] PasswordAuthenticationNotEnabled, PasswordConfirmationMismatch, UserDoesNotHavePassword
            ├── [passkeys] PasskeyAuthenticationFailed, PasskeyAuthenticationNotEnabled, PasskeyRegistrationFailed,
            │   PasskeyWebAuthnError
            ├── [verification codes] VerificationCodeError
            │   └── VerificationCodeAlreadyUsed, VerificationCodeExpired, VerificationCodeMaxAttemptsReached,
            │       VerificationCodeNotFound
            ├── [device login] AgentAuthInvalidClaimCode, AgentAuthNotEnabled, CliAuthError, CliAuthExpiredError,
            │   CliAuthUsedError, InvalidPollingCodeError
            ├── [oauth] AppleBundleIdNotConfigured, InvalidAppleCredentials, InvalidAuthorizationCode,
            │   InvalidOAuthClientIdOrSecret, InvalidScope, InvalidSharedOAuthProviderId,
            │   InvalidStandardOAuthProviderId, OAuthAccessTokenNotAvailable,
            │   OAuthAccessTokenNotAvailableWithSharedOAuthKeys, OAuthConnectionAlreadyConnectedToAnotherUser,
            │   OAuthConnectionDoesNotHaveRequiredScope, OAuthConnectionNotConnectedToUser,
            │   OAuthExtraScopeNotAvailableWithSharedOAuthKeys, OAuthProviderAccessDenied,
            │   OAuthProviderAccountIdAlreadyUsedForSignIn, OAuthProviderNotFoundOrNotEnabled,
            │   OAuthProviderTemporarilyUnavailable, OuterOAuthTimeout, UserAlreadyConnectedToAnotherOAuthConnection
            ├── [external auth] ExternalAuthProviderNotConfigured, InvalidExternalAuthToken
            ├── [teams] TeamAlreadyExists, TeamInvitationEmailMismatch, TeamInvitationRestrictedUserNotAllowed,
            │   TeamMembershipAlreadyExists, TeamMembershipNotFound, TeamNotFound
            ├── [permissions] ContainedPermissionNotFound, PermissionIdAlreadyExists, PermissionNotFound,
            │   ProjectPermissionRequired, TeamPermissionNotFound, TeamPermissionRequired, PermissionScopeMismatch
            ├── [api keys] ApiKeyNotValid
            │   └── ApiKeyExpired, ApiKeyNotFound, ApiKeyRevoked, PublicApiKeyCannotBeRevoked, WrongApiKeyType
            ├── [emails] EmailCapacityBoostAlreadyActive, EmailNotEditable, EmailRenderingError,
            │   EmailTemplateAlreadyExists, RequiresCustomEmailServer, TemplateSourceRewriteError
            ├── [payments] CustomerDoesNotExist, DefaultPaymentMethodRequired, ItemCustomerTypeDoesNotMatch,
            │   ItemNotFound, ItemQuantityInsufficientAmount, NewPurchasesBlocked, OneTimePurchaseAlreadyRefunded,
            │   OneTimePurchaseNotFound, ProductAlreadyGranted, ProductCustomerTypeDoesNotMatch, ProductDoesNotExist,
            │   StripeAccountInfoNotFound, SubscriptionAlreadyRefunded, SubscriptionInvoiceNotFound,
            │   TestModePurchaseNonRefundable
            ├── [data vault] DataVaultStoreDoesNotExist, DataVaultStoreHashedKeyDoesNotExist
            ├── [analytics] AnalyticsNotEnabled, AnalyticsQueryError, AnalyticsQueryTimeout,
            │   SessionReplayRenderLimitReached
            └── [ai chat] ImageAttachmentTooLarge, TooManyImageAttachments

Each known error also derives from the class of its HTTP status: `UserNotFound` is a `KnownError` and a `NotFoundError`.
An error with an unknown code is raised as the class of its status, with `code` set.
"""

# ruff: noqa: F403, F405 -- type checkers see the known errors through star imports; a test compares them with `__all__`

from typing import TYPE_CHECKING

from hexclave.errors._details import RestrictedReason
from hexclave.errors._status import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    KnownError,
    NotFoundError,
    OperationNotAvailable,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from hexclave.errors._transport import (
    APIConnectionError,
    APITimeoutError,
    ConnectTimeout,
    CrossOriginRedirectError,
    OAuthCallbackError,
    ReadTimeout,
    TooManyRedirectsError,
    TotalTimeout,
    TransportError,
    UnreadableReplyError,
)
from hexclave_api.errors import HexclaveError, UnsafeUseError

if TYPE_CHECKING:
    from hexclave.errors._ai_chat import *
    from hexclave.errors._analytics import *
    from hexclave.errors._api_keys import *
    from hexclave.errors._data_vault import *
    from hexclave.errors._device_login import *
    from hexclave.errors._emails import *
    from hexclave.errors._external_auth import *
    from hexclave.errors._oauth import *
    from hexclave.errors._passkeys import *
    from hexclave.errors._passwords import *
    from hexclave.errors._payments import *
    from hexclave.errors._permissions import *
    from hexclave.errors._project_access import *
    from hexclave.errors._requests import *
    from hexclave.errors._sessions import *
    from hexclave.errors._sign_in import *
    from hexclave.errors._teams import *
    from hexclave.errors._users import *
    from hexclave.errors._verification_codes import *
else:

    def __getattr__(name: str) -> type[KnownError]:
        from importlib import import_module

        from hexclave.errors._homes import HOMES

        if name not in HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AccessTokenExpired",
    "AccessTypeRequired",
    "AccessTypeWithoutProjectId",
    "AdminAccessTokenExpired",
    "AdminAccessTokenIsNotAdmin",
    "AdminAuthenticationRequired",
    "AgentAuthInvalidClaimCode",
    "AgentAuthNotEnabled",
    "AllOverloadsFailed",
    "AnalyticsNotEnabled",
    "AnalyticsQueryError",
    "AnalyticsQueryTimeout",
    "AnonymousAccountsNotEnabled",
    "AnonymousAuthenticationNotAllowed",
    "ApiKeyExpired",
    "ApiKeyNotFound",
    "ApiKeyNotValid",
    "ApiKeyRevoked",
    "AppleBundleIdNotConfigured",
    "ArgumentNotAvailable",
    "AuthenticationError",
    "BadRequestError",
    "BodyParsingError",
    "BotChallengeFailed",
    "BotChallengeRequired",
    "BranchDoesNotExist",
    "CannotDeleteCurrentSession",
    "CannotGetOwnUserWithoutUser",
    "CliAuthError",
    "CliAuthExpiredError",
    "CliAuthUsedError",
    "ClientAuthenticationRequired",
    "ClientOrAdminAuthenticationRequired",
    "ClientOrServerAuthenticationRequired",
    "ClientOrServerOrAdminAuthenticationRequired",
    "ConflictError",
    "ConnectTimeout",
    "ContactChannelAlreadyUsedForAuthBySomeoneElse",
    "ContainedPermissionNotFound",
    "CrossOriginRedirectError",
    "CurrentProjectNotFound",
    "CustomerDoesNotExist",
    "DataVaultStoreDoesNotExist",
    "DataVaultStoreHashedKeyDoesNotExist",
    "DefaultPaymentMethodRequired",
    "EmailAlreadyVerified",
    "EmailCapacityBoostAlreadyActive",
    "EmailIsNotPrimaryEmail",
    "EmailNotAssociatedWithUser",
    "EmailNotEditable",
    "EmailNotVerified",
    "EmailPasswordMismatch",
    "EmailRenderingError",
    "EmailTemplateAlreadyExists",
    "ExpectedInternalProject",
    "ExternalAuthProviderNotConfigured",
    "HexclaveError",
    "ImageAttachmentTooLarge",
    "InsufficientAccessType",
    "InvalidAccessToken",
    "InvalidAccessType",
    "InvalidAdminAccessToken",
    "InvalidAppleCredentials",
    "InvalidAuthorizationCode",
    "InvalidExternalAuthToken",
    "InvalidOAuthClientIdOrSecret",
    "InvalidPollingCodeError",
    "InvalidProjectAuthentication",
    "InvalidProjectForAccessToken",
    "InvalidProjectForAdminAccessToken",
    "InvalidPublishableClientKey",
    "InvalidScope",
    "InvalidSecretServerKey",
    "InvalidSessionAuthentication",
    "InvalidSharedOAuthProviderId",
    "InvalidStandardOAuthProviderId",
    "InvalidSuperSecretAdminKey",
    "InvalidTotpCode",
    "ItemCustomerTypeDoesNotMatch",
    "ItemNotFound",
    "ItemQuantityInsufficientAmount",
    "KnownError",
    "MultiFactorAuthenticationRequired",
    "NewPurchasesBlocked",
    "NotFoundError",
    "OAuthAccessTokenNotAvailable",
    "OAuthAccessTokenNotAvailableWithSharedOAuthKeys",
    "OAuthCallbackError",
    "OAuthConnectionAlreadyConnectedToAnotherUser",
    "OAuthConnectionDoesNotHaveRequiredScope",
    "OAuthConnectionNotConnectedToUser",
    "OAuthExtraScopeNotAvailableWithSharedOAuthKeys",
    "OAuthProviderAccessDenied",
    "OAuthProviderAccountIdAlreadyUsedForSignIn",
    "OAuthProviderNotFoundOrNotEnabled",
    "OAuthProviderTemporarilyUnavailable",
    "OneTimePurchaseAlreadyRefunded",
    "OneTimePurchaseNotFound",
    "OperationNotAvailable",
    "OuterOAuthTimeout",
    "PasskeyAuthenticationFailed",
    "PasskeyAuthenticationNotEnabled",
    "PasskeyRegistrationFailed",
    "PasskeyWebAuthnError",
    "PasswordAuthenticationNotEnabled",
    "PasswordConfirmationMismatch",
    "PasswordRequirementsNotMet",
    "PasswordTooLong",
    "PasswordTooShort",
    "PermissionDeniedError",
    "PermissionIdAlreadyExists",
    "PermissionNotFound",
    "PermissionScopeMismatch",
    "ProductAlreadyGranted",
    "ProductCustomerTypeDoesNotMatch",
    "ProductDoesNotExist",
    "ProjectAuthenticationError",
    "ProjectAuthenticationRequired",
    "ProjectKeyWithoutAccessType",
    "ProjectNotFound",
    "ProjectPermissionRequired",
    "ProviderRejected",
    "PublicApiKeyCannotBeRevoked",
    "PublishableClientKeyRequiredForProject",
    "RateLimitError",
    "ReadTimeout",
    "RedirectUrlNotWhitelisted",
    "RefreshTokenError",
    "RefreshTokenNotFoundOrExpired",
    "RequiresCustomEmailServer",
    "RestrictedReason",
    "RestrictedUserNotAllowed",
    "SchemaError",
    "ServerAuthenticationRequired",
    "ServerError",
    "SessionAuthenticationError",
    "SessionExpired",
    "SessionReplayRenderLimitReached",
    "SignUpNotEnabled",
    "SignUpRejected",
    "StripeAccountInfoNotFound",
    "SubscriptionAlreadyRefunded",
    "SubscriptionInvoiceNotFound",
    "TeamAlreadyExists",
    "TeamInvitationEmailMismatch",
    "TeamInvitationRestrictedUserNotAllowed",
    "TeamMembershipAlreadyExists",
    "TeamMembershipNotFound",
    "TeamNotFound",
    "TeamPermissionNotFound",
    "TeamPermissionRequired",
    "TemplateSourceRewriteError",
    "TestModePurchaseNonRefundable",
    "TooManyImageAttachments",
    "TooManyRedirectsError",
    "TotalTimeout",
    "TransportError",
    "UnparsableAccessToken",
    "UnparsableAdminAccessToken",
    "UnreadableReplyError",
    "UnsafeUseError",
    "UnsupportedError",
    "UserAlreadyConnectedToAnotherOAuthConnection",
    "UserAuthenticationRequired",
    "UserDoesNotHavePassword",
    "UserIdDoesNotExist",
    "UserNotFound",
    "UserWithEmailAlreadyExists",
    "VerificationCodeAlreadyUsed",
    "VerificationCodeError",
    "VerificationCodeExpired",
    "VerificationCodeMaxAttemptsReached",
    "VerificationCodeNotFound",
    "WrongApiKeyType",
]
