"""Who made a request, as `authenticate` found out."""

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
    """What all outcomes have in common."""

    source: Source | None = None
    """Where the credentials were found."""
    tokens: Tokens | None = None
    """The tokens that came with the request: `app.with_session(tokens)` makes calls in the name of their user."""

    signed_in: ClassVar[bool] = False
    """Whether a user made the request."""

    @property
    def status_code(self) -> Literal[401, 403]:
        """The HTTP status to answer with where a user is needed and this is none."""
        return 401

    @property
    def www_authenticate(self) -> str:
        """The value of the header `WWW-Authenticate` of such an answer (RFC 6750)."""
        return _REALM

    @property
    def headers(self) -> Mapping[str, str]:
        """What every answer that depends on the caller has to carry, so that no cache hands it to somebody else."""
        return {"cache-control": "private, no-store"}

    @property
    def refusal_headers(self) -> Mapping[str, str]:
        """The headers of an answer with `status_code`."""
        return {**self.headers, "www-authenticate": self.www_authenticate}


@attrs.frozen(kw_only=True)
class SignedIn(Authentication):
    """A user of the project made the request."""

    user_id: str
    claims: AccessTokenClaims | None = None
    """What the access token says; only where this machine verified it (`mode="token"`)."""
    user: ServerUser | None = None
    """The user as of now; only where the API was asked: for API keys and with `mode="api"`."""
    api_key: UserApiKey | None = None
    """The key, where it was one that the request carried."""

    signed_in = True


@attrs.frozen(kw_only=True)
class AuthenticatedTeam(Authentication):
    """The request carries the API key of a team. No user stands behind it, so it is not `signed_in`."""

    team_id: str
    api_key: TeamApiKey

    @property
    def status_code(self) -> Literal[401, 403]:
        return 403

    @property
    def www_authenticate(self) -> str:
        return f'{_REALM}, error="insufficient_scope", error_description="A user is needed, not a team."'


@attrs.frozen(kw_only=True)
class SignedOut(Authentication):
    """The request carries no credentials, or a refresh token alone, which proves nothing until it is used."""


@attrs.frozen(kw_only=True)
class InvalidCredentials(Authentication):
    """The request carries credentials that do not admit it."""

    reason: HexclaveError

    @property
    def status_code(self) -> Literal[401, 403]:
        """403 for users who are known and not admitted, 401 for everything else."""
        return 403 if isinstance(self.reason, _NOT_ADMITTED) else 401

    @property
    def www_authenticate(self) -> str:
        """The value of the header `WWW-Authenticate`, with what is wrong (RFC 6750)."""
        error = "insufficient_scope" if self.status_code == 403 else "invalid_token"
        text = "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in one_line(self.reason.message))
        return f'{_REALM}, error="{error}", error_description="{text}"'


AuthenticationResult: TypeAlias = SignedIn | AuthenticatedTeam | SignedOut | InvalidCredentials
