"""FastAPI integration: dependencies that return the user and reject requests that are not allowed.

    api = FastAPI()
    Hexclave(api)

    @api.get("/me")
    async def me(user: CurrentUser) -> str:
        return user.user_id

`SignIn(api, secret=…)` adds sign-in pages and a session for each browser, see docs/sign-in.md.

Needs `fastapi`.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias, Unpack

from fastapi import Depends
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.requests import HTTPConnection
from fastapi.security.base import SecurityBase

from hexclave import AsyncHexclaveAdminApp, AsyncHexclaveClientApp, AsyncHexclaveServerApp
from hexclave.integrations._guard import Options, Requirement
from hexclave.integrations.starlette import (
    Hexclave,
    RefusedError,
    SignIn,
    SignInRequiredError,
    api_app,
    ask_current_user,
    ask_optional_user,
    authenticate,
    optional_session_user,
    session_app,
    session_user,
    webhook_endpoint,
)
from hexclave.verify import AccessTokenClaims, AuthenticateOptions, SignedIn
from hexclave_api.operation import UNSET, Unset

__all__ = [
    "ApiApp",
    "CurrentUser",
    "Hexclave",
    "OptionalSessionUser",
    "OptionalUser",
    "RefusedError",
    "SessionApp",
    "SessionUser",
    "SignIn",
    "SignInRequiredError",
    "authenticate",
    "find_user",
    "require_permission",
    "require_session",
    "require_team_member",
    "require_user",
    "webhook_endpoint",
]


# Async, because FastAPI runs other dependencies in threads.
_Nothing: TypeAlias = Callable[[], Awaitable[None]]


class _Scheme(SecurityBase):
    """A security scheme for the application's OpenAPI document only."""

    def __init__(self, name: str, model: HTTPBearer | APIKey) -> None:
        self.scheme_name = name
        self.model = model

    async def __call__(self) -> None:
        return None


async def _no_scheme() -> None:
    return None


_ACCESS_TOKEN: Final = _Scheme(
    "HexclaveAccessToken", HTTPBearer(bearerFormat="JWT", description="The access token of a signed-in user.")
)
_API_KEY: Final = _Scheme(
    "HexclaveApiKey", APIKey.model_validate({"in": APIKeyIn.header, "name": "x-api-key", "description": "An API key."})
)
_COOKIE: Final = _Scheme(
    "HexclaveCookie",
    APIKey.model_validate({"in": APIKeyIn.cookie, "name": "hexclave-access", "description": "Set by the browser SDK."}),
)


def require_user(**options: Unpack[AuthenticateOptions]) -> Any:
    """Return a dependency that is the signed-in user, as `SignedIn`. Other requests get 401 or 403.

        ApiUser = Annotated[SignedIn, require_user(api_keys={"user"})]

    Raises:
        UnsafeUseError: an option is invalid.
    """
    return _current_user(Requirement(), options)


def require_permission(permission: str, *, team: str | Unset = UNSET, **options: Unpack[AuthenticateOptions]) -> Any:
    """Return a dependency that is the user, who must have the permission. Others get 401 or 403.

    `team` is the name of the path parameter with a team ID, which makes it a team permission. Each request calls the
    API: GET /team-permissions or GET /project-permissions.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _current_user(Requirement.of(permission, team), options)


def require_team_member(team: str, **options: Unpack[AuthenticateOptions]) -> Any:
    """Return a dependency that is the user, who must be a member of the team. Others get 401 or 403.

    `team` is the name of the path parameter with the team ID. Each request calls the API:
    GET /team-member-profiles/{team_id}/{user_id}.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _current_user(Requirement.of(team=team), options)


def find_user(**options: Unpack[AuthenticateOptions]) -> Any:
    """Return a dependency that is the user, or `None` if signed out or not allowed. Invalid credentials get 401.

    Raises:
        UnsafeUseError: an option is invalid.
    """
    checked = Options.of(options)
    key, cookie = _schemes(checked)

    async def optional_user(
        connection: HTTPConnection,
        _token: None = Depends(_ACCESS_TOKEN),
        _key: None = Depends(key),
        _cookie: None = Depends(cookie),
    ) -> SignedIn | None:
        return await ask_optional_user(connection, checked)

    return Depends(optional_user)


def require_session(*, fresh: bool = False, allow_restricted: bool = False, allow_anonymous: bool = False) -> Any:
    """Return a dependency that is the user of the browser's session, as `AccessTokenClaims`.

    Other browsers are sent to the sign-in page; scripts, which accept JSON, get 401 or 403. `fresh` refreshes the
    tokens first, which finds out whether the session was revoked.
    """

    async def session(connection: HTTPConnection) -> AccessTokenClaims:
        return await session_user(
            connection, fresh=fresh, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous
        )

    return Depends(session)


def _current_user(requirement: Requirement, options: AuthenticateOptions) -> Any:
    checked = Options.of(options)
    key, cookie = _schemes(checked)

    async def current_user(
        connection: HTTPConnection,
        _token: None = Depends(_ACCESS_TOKEN),
        _key: None = Depends(key),
        _cookie: None = Depends(cookie),
    ) -> SignedIn:
        return await ask_current_user(connection, checked, requirement)

    return Depends(current_user)


def _schemes(options: Options) -> tuple[_Nothing, _Nothing]:
    return _API_KEY if options.api_keys else _no_scheme, _COOKIE if options.cookies else _no_scheme


async def _api_app(connection: HTTPConnection) -> AsyncHexclaveServerApp | AsyncHexclaveAdminApp:
    return api_app(connection)


async def _optional_session(connection: HTTPConnection) -> AccessTokenClaims | None:
    return await optional_session_user(connection)


async def _session_app(connection: HTTPConnection) -> AsyncHexclaveClientApp:
    return session_app(connection)


CurrentUser: TypeAlias = Annotated[SignedIn, require_user()]
"""The signed-in user; other requests get 401 or 403."""
OptionalUser: TypeAlias = Annotated[SignedIn | None, find_user()]
"""The user, or `None` if signed out or not allowed; invalid credentials get 401."""
ApiApp: TypeAlias = Annotated[AsyncHexclaveServerApp | AsyncHexclaveAdminApp, Depends(_api_app)]
"""The app behind these dependencies, for your own calls."""
SessionUser: TypeAlias = Annotated[AccessTokenClaims, require_session()]
"""The user of the browser's session; other browsers are sent to the sign-in page."""
OptionalSessionUser: TypeAlias = Annotated[AccessTokenClaims | None, Depends(_optional_session)]
"""The user of the browser's session, or `None`."""
SessionApp: TypeAlias = Annotated[AsyncHexclaveClientApp, Depends(_session_app)]
"""The app that acts as the user of the browser's session."""
