"""Responses to requests that are not allowed."""

from collections.abc import Mapping
from typing import Final

from hexclave.errors import HexclaveError
from hexclave.verify import (
    AnonymousUserError,
    AuthenticatedTeam,
    AuthenticationResult,
    InvalidApiKeyError,
    InvalidCredentials,
    RestrictedUserError,
    TokenExpiredError,
)
from hexclave_api.error_text import one_line
from hexclave_api.operation import JsonValue

UNCACHEABLE: Final = "private, no-store"

_SCOPE: Final = 'Bearer realm="hexclave", error="insufficient_scope", error_description="{}"'
_CODES: Final[tuple[tuple[type[HexclaveError], str], ...]] = (
    (TokenExpiredError, "ACCESS_TOKEN_EXPIRED"),
    (AnonymousUserError, "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"),
    (RestrictedUserError, "RESTRICTED_USER_NOT_ALLOWED"),
    (InvalidApiKeyError, "API_KEY_NOT_VALID"),
)


class Refused(Exception):
    """The request is not allowed. The framework integration turns this into a response."""

    def __init__(
        self, status_code: int, code: str, message: str, headers: Mapping[str, str], details: Mapping[str, JsonValue]
    ) -> None:
        super().__init__(message)
        self.status_code: Final = status_code
        """401 if signing in or other credentials would help, 403 otherwise."""
        self.headers: Final = headers
        """`WWW-Authenticate`, and `Cache-Control` so that the response is not cached."""
        self.body: Final[Mapping[str, JsonValue]] = {"code": code, "error": message, "details": dict(details)}
        """The JSON body, in the format of the API's own errors."""


def no_user(result: AuthenticationResult) -> Refused:
    """Return the error for a request without an allowed user."""
    code, message = "USER_AUTHENTICATION_REQUIRED", "Sign in first: the request has no access token."
    if isinstance(result, AuthenticatedTeam):
        message = "A user is required, but the API key belongs to a team."
    elif isinstance(result, InvalidCredentials):
        code, message = _code(result.reason), one_line(result.reason.message)
    return Refused(result.status_code, code, message, result.refusal_headers, {})


def no_permission(user_id: str, permission: str, team_id: str | None) -> Refused:
    """Return the error for a missing team or project permission."""
    if team_id is None:
        message = f"The user does not have the permission {permission}."
        details: dict[str, JsonValue] = {"user_id": user_id, "permission_id": permission}
        return _forbidden("PROJECT_PERMISSION_REQUIRED", message, details)
    message = f"The user does not have the permission {permission} in the team."
    details = {"team_id": team_id, "user_id": user_id, "permission_id": permission}
    return _forbidden("TEAM_PERMISSION_REQUIRED", message, details)


def no_member(user_id: str, team_id: str) -> Refused:
    """Return the error for a user who is not a member of the team, or a team that does not exist."""
    details: dict[str, JsonValue] = {"team_id": team_id, "user_id": user_id}
    return _forbidden("TEAM_MEMBERSHIP_NOT_FOUND", "The user is not a member of the team.", details)


def _forbidden(code: str, message: str, details: Mapping[str, JsonValue]) -> Refused:
    headers = {"cache-control": UNCACHEABLE, "www-authenticate": _SCOPE.format(code)}
    return Refused(403, code, message, headers, details)


def _code(reason: HexclaveError) -> str:
    for kind, code in _CODES:
        if isinstance(reason, kind):
            return code
    return reason.code or "UNPARSABLE_ACCESS_TOKEN"
