"""Verification of access tokens and authentication of requests that your backend receives."""

from hexclave.api_keys import ApiKeyText, InvalidApiKeyError, read_api_key
from hexclave.verify._authentication import (
    AuthenticatedTeam,
    Authentication,
    AuthenticationResult,
    InvalidCredentials,
    SignedIn,
    SignedOut,
)
from hexclave.verify._claims import AccessTokenClaims
from hexclave.verify._errors import (
    AnonymousUserError,
    InconsistentTokenError,
    InvalidTokenError,
    MalformedTokenError,
    RestrictedUserError,
    TokenExpiredError,
    TokenNotYetValidError,
    TokenSignatureError,
    UnknownSigningKeyError,
    WrongAudienceError,
    WrongIssuerError,
)
from hexclave.verify._unverified import read_unverified
from hexclave.verify._verifier import AsyncVerifier, AuthenticateOptions, Verifier

__all__ = [
    "AccessTokenClaims",
    "AnonymousUserError",
    "ApiKeyText",
    "AsyncVerifier",
    "AuthenticateOptions",
    "AuthenticatedTeam",
    "Authentication",
    "AuthenticationResult",
    "InconsistentTokenError",
    "InvalidApiKeyError",
    "InvalidCredentials",
    "InvalidTokenError",
    "MalformedTokenError",
    "RestrictedUserError",
    "SignedIn",
    "SignedOut",
    "TokenExpiredError",
    "TokenNotYetValidError",
    "TokenSignatureError",
    "UnknownSigningKeyError",
    "Verifier",
    "WrongAudienceError",
    "WrongIssuerError",
    "read_api_key",
    "read_unverified",
]
