"""Module of each known error, so that importing one does not load them all."""

from collections.abc import Mapping
from typing import Final

_NAMES: Final = {
    "_ai_chat": "ImageAttachmentTooLarge TooManyImageAttachments",
    "_analytics": "AnalyticsNotEnabled AnalyticsQueryError AnalyticsQueryTimeout SessionReplayRenderLimitReached",
    "_api_keys": """
        ApiKeyExpired ApiKeyNotFound ApiKeyNotValid ApiKeyRevoked PublicApiKeyCannotBeRevoked WrongApiKeyType
    """,
    "_data_vault": "DataVaultStoreDoesNotExist DataVaultStoreHashedKeyDoesNotExist",
    "_device_login": """
        AgentAuthInvalidClaimCode AgentAuthNotEnabled CliAuthError CliAuthExpiredError CliAuthUsedError
        InvalidPollingCodeError
    """,
    "_emails": """
        EmailCapacityBoostAlreadyActive EmailNotEditable EmailRenderingError EmailTemplateAlreadyExists
        RequiresCustomEmailServer TemplateSourceRewriteError
    """,
    "_external_auth": "ExternalAuthProviderNotConfigured InvalidExternalAuthToken",
    "_oauth": """
        AppleBundleIdNotConfigured InvalidAppleCredentials InvalidAuthorizationCode InvalidOAuthClientIdOrSecret
        InvalidScope InvalidSharedOAuthProviderId InvalidStandardOAuthProviderId OAuthAccessTokenNotAvailable
        OAuthAccessTokenNotAvailableWithSharedOAuthKeys OAuthConnectionAlreadyConnectedToAnotherUser
        OAuthConnectionDoesNotHaveRequiredScope OAuthConnectionNotConnectedToUser
        OAuthExtraScopeNotAvailableWithSharedOAuthKeys OAuthProviderAccessDenied
        OAuthProviderAccountIdAlreadyUsedForSignIn OAuthProviderNotFoundOrNotEnabled
        OAuthProviderTemporarilyUnavailable OuterOAuthTimeout UserAlreadyConnectedToAnotherOAuthConnection
    """,
    "_passkeys": """
        PasskeyAuthenticationFailed PasskeyAuthenticationNotEnabled PasskeyRegistrationFailed PasskeyWebAuthnError
    """,
    "_passwords": """
        PasswordAuthenticationNotEnabled PasswordConfirmationMismatch PasswordRequirementsNotMet PasswordTooLong
        PasswordTooShort UserDoesNotHavePassword
    """,
    "_payments": """
        CustomerDoesNotExist DefaultPaymentMethodRequired ItemCustomerTypeDoesNotMatch ItemNotFound
        ItemQuantityInsufficientAmount NewPurchasesBlocked OneTimePurchaseAlreadyRefunded OneTimePurchaseNotFound
        ProductAlreadyGranted ProductCustomerTypeDoesNotMatch ProductDoesNotExist StripeAccountInfoNotFound
        SubscriptionAlreadyRefunded SubscriptionInvoiceNotFound TestModePurchaseNonRefundable
    """,
    "_permissions": """
        ContainedPermissionNotFound PermissionIdAlreadyExists PermissionNotFound PermissionScopeMismatch
        ProjectPermissionRequired TeamPermissionNotFound TeamPermissionRequired
    """,
    "_project_access": """
        AccessTypeRequired AccessTypeWithoutProjectId AdminAccessTokenExpired AdminAccessTokenIsNotAdmin
        AdminAuthenticationRequired BranchDoesNotExist ClientAuthenticationRequired
        ClientOrAdminAuthenticationRequired ClientOrServerAuthenticationRequired
        ClientOrServerOrAdminAuthenticationRequired CurrentProjectNotFound ExpectedInternalProject
        InsufficientAccessType InvalidAccessType InvalidAdminAccessToken InvalidProjectAuthentication
        InvalidProjectForAdminAccessToken InvalidPublishableClientKey InvalidSecretServerKey
        InvalidSuperSecretAdminKey ProjectAuthenticationError ProjectAuthenticationRequired
        ProjectKeyWithoutAccessType ProjectNotFound PublishableClientKeyRequiredForProject
        ServerAuthenticationRequired UnparsableAdminAccessToken
    """,
    "_requests": "AllOverloadsFailed ArgumentNotAvailable BodyParsingError SchemaError UnsupportedError",
    "_sessions": """
        AccessTokenExpired AnonymousAuthenticationNotAllowed CannotDeleteCurrentSession InvalidAccessToken
        InvalidProjectForAccessToken InvalidSessionAuthentication ProviderRejected RefreshTokenError
        RefreshTokenNotFoundOrExpired RestrictedUserNotAllowed SessionAuthenticationError SessionExpired
        UnparsableAccessToken UserAuthenticationRequired
    """,
    "_sign_in": """
        AnonymousAccountsNotEnabled BotChallengeFailed BotChallengeRequired EmailPasswordMismatch InvalidTotpCode
        MultiFactorAuthenticationRequired RedirectUrlNotWhitelisted SignUpNotEnabled SignUpRejected
    """,
    "_teams": """
        TeamAlreadyExists TeamInvitationEmailMismatch TeamInvitationRestrictedUserNotAllowed
        TeamMembershipAlreadyExists TeamMembershipNotFound TeamNotFound
    """,
    "_users": """
        CannotGetOwnUserWithoutUser ContactChannelAlreadyUsedForAuthBySomeoneElse EmailAlreadyVerified
        EmailIsNotPrimaryEmail EmailNotAssociatedWithUser EmailNotVerified UserIdDoesNotExist UserNotFound
        UserWithEmailAlreadyExists
    """,
    "_verification_codes": """
        VerificationCodeAlreadyUsed VerificationCodeError VerificationCodeExpired VerificationCodeMaxAttemptsReached
        VerificationCodeNotFound
    """,
}
HOMES: Final[Mapping[str, str]] = {name: module for module, names in _NAMES.items() for name in names.split()}
