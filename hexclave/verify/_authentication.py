"""Results of `authenticate`."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, TypeAlias

import attrs

from hexclave.errors import AnonymousAuthenticationNotAllowed, HexclaveError, RestrictedUserNotAllowed
from hexclave.tokens import Tokens
from hexclave.verify._claims import AccessTokenClaims
from hexclave.verify._credentials import Source
from hexclave.verify._errors import RestrictedUserError
from hexclave_api.error_text import one_line
from hexclave_api.models import ServerUser, TeamApiKey, UserApiKey

_REALM: Final = 'Bearer realm="hexclave"'
_NOT_ADMITTED: Final = (RestrictedUserError, RestrictedUserNotAllowed, AnonymousAuthenticationNotAllowed)


@attrs.frozen(kw_only=True)
class Authentication:
    """Base of all results."""

    source: Source | None = None
    """Location of the credentials in the request."""
    tokens: Tokens | None = None
    """The tokens of the request: use `app.with_session(tokens)` to make calls on behalf of the user."""

    signed_in: ClassVar[bool] = False
    """True if a user made the request."""

    @property
    def status_code(self) -> Literal[401, 403]:
        """The HTTP status of the response if a user is required and the request has none."""
        return 401

    @property
    def www_authenticate(self) -> str:
        """The `WWW-Authenticate` header of such a response (RFC 6750)."""
        return _REALM

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers for every response that depends on the caller, so that it is not cached for others."""
        return {"cache-control": "private, no-store"}

    @property
    def refusal_headers(self) -> Mapping[str, str]:
        """Headers of a response with `status_code`."""
        return {**self.headers, "www-authenticate": self.www_authenticate}


@attrs.frozen(kw_only=True)
class SignedIn(Authentication):
    """A user of the project made the request."""

    user_id: str
    claims: AccessTokenClaims | None = None
    """Claims of the access token; only with `mode="token"`."""
    user: ServerUser | None = None
    """The user from the API; only for API keys and with `mode="api"`."""
    api_key: UserApiKey | None = None
    """The API key, if the request has one."""

    signed_in = True


@attrs.frozen(kw_only=True)
class AuthenticatedTeam(Authentication):
    """The request has the API key of a team. It has no user, so it is not `signed_in`."""

    team_id: str
    api_key: TeamApiKey

    @property
    def status_code(self) -> Literal[401, 403]:
        return 403

    @property
    def www_authenticate(self) -> str:
        return f'{_REALM}, error="insufficient_scope", error_description="A user is required, not a team."'


@attrs.frozen(kw_only=True)
class SignedOut(Authentication):
    """The request has no credentials, or only a refresh token, which proves nothing by itself."""


@attrs.frozen(kw_only=True)
class InvalidCredentials(Authentication):
    """The request has credentials that are invalid or not allowed here."""

    reason: HexclaveError

    @property
    def status_code(self) -> Literal[401, 403]:
        """403 for authenticated users who are not allowed, 401 otherwise."""
        return 403 if isinstance(self.reason, _NOT_ADMITTED) else 401

    @property
    def www_authenticate(self) -> str:
        """The `WWW-Authenticate` header, with the reason (RFC 6750)."""
        error = "insufficient_scope" if self.status_code == 403 else "invalid_token"
        text = "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in one_line(self.reason.message))
        return f'{_REALM}, error="{error}", error_description="{text}"'


AuthenticationResult: TypeAlias = SignedIn | AuthenticatedTeam | SignedOut | InvalidCredentials
