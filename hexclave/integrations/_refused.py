"""The answer to a request that may not come in."""

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
    """The request may not come in. The framework's part answers with what is in here."""

    def __init__(
        self, status_code: int, code: str, message: str, headers: Mapping[str, str], details: Mapping[str, JsonValue]
    ) -> None:
        super().__init__(message)
        self.status_code: Final = status_code
        """401 if somebody else has to sign in or come back with better credentials, 403 if that would not help."""
        self.headers: Final = headers
        """`WWW-Authenticate`, and `Cache-Control` so that nobody else gets this answer."""
        self.body: Final[Mapping[str, JsonValue]] = {"code": code, "error": message, "details": dict(details)}
        """The content, as JSON, in the form of the API's own errors."""


def no_user(result: AuthenticationResult) -> Refused:
    """A user is needed, and this is none."""
    code, message = "USER_AUTHENTICATION_REQUIRED", "Sign in first: the request carries no access token."
    if isinstance(result, AuthenticatedTeam):
        message = "A user is needed here; the API key is a team's."
    elif isinstance(result, InvalidCredentials):
        code, message = _code(result.reason), one_line(result.reason.message)
    return Refused(result.status_code, code, message, result.refusal_headers, {})


def no_permission(user_id: str, permission: str, team_id: str | None) -> Refused:
    """The user lacks a permission, in a team or in the project."""
    if team_id is None:
        message = f"The user does not have the permission {permission}."
        details: dict[str, JsonValue] = {"user_id": user_id, "permission_id": permission}
        return _forbidden("PROJECT_PERMISSION_REQUIRED", message, details)
    message = f"The user does not have the permission {permission} in the team."
    details = {"team_id": team_id, "user_id": user_id, "permission_id": permission}
    return _forbidden("TEAM_PERMISSION_REQUIRED", message, details)


def no_member(user_id: str, team_id: str) -> Refused:
    """The user is not in the team, or there is no such team."""
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
