"""Access control for all frameworks, blocking and async."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, get_args

import attrs

from hexclave import AsyncHexclaveAdminApp, AsyncHexclaveServerApp, HexclaveAdminApp, HexclaveServerApp
from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._flows.base import found
from hexclave._flows.permissions import ServerPermissionFlows
from hexclave._flows.team_permissions import ServerTeamPermissionFlows
from hexclave._steps import Steps
from hexclave.errors import TeamMembershipNotFound, TeamNotFound, UnsafeUseError, UserNotFound
from hexclave.integrations._refused import no_member, no_permission, no_user
from hexclave.verify import (
    AsyncVerifier,
    AuthenticateOptions,
    AuthenticationResult,
    InvalidCredentials,
    SignedIn,
    Verifier,
)
from hexclave.verify._authenticate import CheckedBy, KeyOwner
from hexclave_api.operation import UNSET, Unset
from hexclave_api.operations.teams import get_team_member_profile_as_server

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@attrs.frozen
class Options:
    """The options of `authenticate`, validated at startup."""

    mode: CheckedBy = "token"
    cookies: bool = False
    api_keys: Collection[KeyOwner] = frozenset()
    allow_restricted: bool = False
    allow_anonymous: bool = False

    @classmethod
    def of(cls, options: AuthenticateOptions, defaults: "Options | None" = None) -> "Options":
        """Return the defaults with these options changed.

        Raises:
            UnsafeUseError: an option does not exist or its value is invalid.
        """
        names = [field.name for field in attrs.fields(cls)]
        unknown = options.keys() - set(names)
        if unknown:
            raise UnsafeUseError(f"Unknown option {', '.join(sorted(unknown))}: valid options are {', '.join(names)}.")
        changes: dict[str, Any] = dict(options)
        if "api_keys" in changes:
            changes["api_keys"] = _owners(changes["api_keys"])
        made = attrs.evolve(cls() if defaults is None else defaults, **changes)
        if made.mode not in get_args(CheckedBy):
            raise UnsafeUseError(f"mode: {made.mode!r} is not one of {', '.join(map(repr, get_args(CheckedBy)))}.")
        for name in ("cookies", "allow_restricted", "allow_anonymous"):
            if not isinstance(getattr(made, name), bool):
                raise UnsafeUseError(f"{name} must be True or False, not {getattr(made, name)!r}.")
        return made

    def keywords(self) -> AuthenticateOptions:
        return AuthenticateOptions(
            mode=self.mode,
            cookies=self.cookies,
            api_keys=self.api_keys,
            allow_restricted=self.allow_restricted,
            allow_anonymous=self.allow_anonymous,
        )


@attrs.frozen
class Requirement:
    """Requirements for a signed-in user: a project or team permission, or team membership."""

    permission: str | None = None
    team: str | None = None
    """Name of the path parameter with the team ID."""

    @classmethod
    def of(cls, permission: str | Unset = UNSET, team: str | Unset = UNSET) -> "Requirement":
        """Return the requirements for these arguments.

        Raises:
            UnsafeUseError: one is not a `str`. `None` is not allowed, because a missing setting would allow all users.
        """
        for name, value in (("permission", permission), ("team", team)):
            if value is not UNSET and (not isinstance(value, str) or not value):
                raise UnsafeUseError(f"{name} must be a non-empty str, not {value!r}.")
        return cls(permission or None, team or None)


NOTHING: Final = Requirement()
_ABSENT: Final = (TeamNotFound, TeamMembershipNotFound, UserNotFound)


class Visit:
    """A request and its cached authentication results."""

    def __init__(self, request: object) -> None:
        self.request: Final = request
        self.results: Final[dict[Options, AuthenticationResult]] = {}

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers for the response; empty if the request was not authenticated."""
        result = next(iter(self.results.values()), None)
        return {} if result is None else result.headers


class _AnyGuard:
    def __init__(self, verifier: Verifier | AsyncVerifier, context: Context) -> None:
        self._verifier: Final = verifier
        self._context: Final = context

    def identified(self, visit: Visit, options: Options) -> Steps[AuthenticationResult]:
        result = visit.results.get(options)
        if result is None:
            result = yield from self._verifier.authenticated(visit.request, **options.keywords())
            visit.results[options] = result
        return result

    def optional_user(self, visit: Visit, options: Options) -> Steps[SignedIn | None]:
        result = yield from self.identified(visit, options)
        if isinstance(result, InvalidCredentials) and result.status_code == 401:
            raise no_user(result)
        return result if isinstance(result, SignedIn) else None

    def admitted(
        self, visit: Visit, options: Options, requirement: Requirement, path: Mapping[str, object]
    ) -> Steps[SignedIn]:
        user = yield from self.identified(visit, options)
        if not isinstance(user, SignedIn):
            raise no_user(user)
        team_id = None if requirement.team is None else _parameter(path, requirement.team)
        if team_id is not None and not _ID.fullmatch(team_id):
            raise no_member(user.user_id, team_id)
        if requirement.permission is not None:
            if not (yield from self._has(user.user_id, requirement.permission, team_id)):
                raise no_permission(user.user_id, requirement.permission, team_id)
        elif team_id is not None and not (yield from self._is_member(user.user_id, team_id)):
            raise no_member(user.user_id, team_id)
        return user

    def _has(self, user_id: str, permission: str, team_id: str | None) -> Steps[bool]:
        if team_id is None:
            asked = ServerPermissionFlows(self._context).has(user_id, permission)
        else:
            asked = ServerTeamPermissionFlows(self._context).has(team_id, user_id, permission)
        return (yield from found(exchange(self._context, asked), *_ABSENT)) is True

    def _is_member(self, user_id: str, team_id: str) -> Steps[bool]:
        profile = get_team_member_profile_as_server(team_id, user_id)
        return (yield from found(exchange(self._context, profile), *_ABSENT)) is not None


class Guard(_AnyGuard):
    """Authenticates requests and rejects those that are not allowed. Create one per app."""

    def __init__(
        self, app: HexclaveServerApp | HexclaveAdminApp, *, issuers: Iterable[str] = (), leeway: float = 0.0
    ) -> None:
        super().__init__(Verifier(app, issuers=issuers, leeway=leeway), app._performer.context)  # noqa: SLF001 - our own app
        self._performer = app._performer  # noqa: SLF001 - our own app

    def identify(self, visit: Visit, options: Options) -> AuthenticationResult:
        """Authenticate the request and return any result.

        Raises:
            HexclaveError: the signing keys or the API are unavailable.
        """
        return self._performer.run(self.identified(visit, options))

    def optional(self, visit: Visit, options: Options) -> SignedIn | None:
        """Return the user, or `None` if the request is signed out or the user is not allowed.

        Invalid credentials still raise, so that a client with an expired token knows to refresh it.

        Raises:
            Refused: 401, the credentials are invalid.
            HexclaveError: the signing keys or the API are unavailable.
        """
        return self._performer.run(self.optional_user(visit, options))

    def admit(self, visit: Visit, options: Options, requirement: Requirement, path: Mapping[str, object]) -> SignedIn:
        """Return the user after checking the requirements. `path` has the route's parameters.

        Raises:
            Refused: 401 or 403.
            UnsafeUseError: the route lacks the required path parameter.
            HexclaveError: the signing keys or the API are unavailable.
        """
        return self._performer.run(self.admitted(visit, options, requirement, path))


class AsyncGuard(_AnyGuard):
    """Authenticates requests and rejects those that are not allowed. Create one per app."""

    def __init__(
        self, app: AsyncHexclaveServerApp | AsyncHexclaveAdminApp, *, issuers: Iterable[str] = (), leeway: float = 0.0
    ) -> None:
        super().__init__(AsyncVerifier(app, issuers=issuers, leeway=leeway), app._performer.context)  # noqa: SLF001 - our own app
        self._performer = app._performer  # noqa: SLF001 - our own app

    async def identify(self, visit: Visit, options: Options) -> AuthenticationResult:
        """Authenticate the request and return any result.

        Raises:
            HexclaveError: the signing keys or the API are unavailable.
        """
        return await self._performer.run(self.identified(visit, options))

    async def optional(self, visit: Visit, options: Options) -> SignedIn | None:
        """Return the user, or `None` if the request is signed out or the user is not allowed.

        Invalid credentials still raise, so that a client with an expired token knows to refresh it.

        Raises:
            Refused: 401, the credentials are invalid.
            HexclaveError: the signing keys or the API are unavailable.
        """
        return await self._performer.run(self.optional_user(visit, options))

    async def admit(
        self, visit: Visit, options: Options, requirement: Requirement, path: Mapping[str, object]
    ) -> SignedIn:
        """Return the user after checking the requirements. `path` has the route's parameters.

        Raises:
            Refused: 401 or 403.
            UnsafeUseError: the route lacks the required path parameter.
            HexclaveError: the signing keys or the API are unavailable.
        """
        return await self._performer.run(self.admitted(visit, options, requirement, path))


def _owners(value: object) -> frozenset[Any]:
    owners = get_args(KeyOwner)
    if isinstance(value, str) or not isinstance(value, Collection) or not all(each in owners for each in value):
        raise UnsafeUseError(f'api_keys must be a collection of {" or ".join(map(repr, owners))}, such as {{"user"}}.')
    return frozenset(value)


def _parameter(path: Mapping[str, object], name: str) -> str:
    if name not in path:
        raise UnsafeUseError(
            f"The route has no path parameter {name!r} for the team ID; it has {', '.join(path) or 'none'}."
        )
    return str(path[name])
