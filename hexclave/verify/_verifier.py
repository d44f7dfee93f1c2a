"""Verifier of access tokens and authenticator of requests."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict, TypeVar, get_args

from hexclave._steps import Done, Steps
from hexclave.errors import UnsafeUseError
from hexclave.verify._authenticate import Allowed, CheckedBy, KeyOwner, authenticate
from hexclave.verify._authentication import (
    AuthenticatedTeam,
    AuthenticationResult,
    InvalidCredentials,
    SignedIn,
    SignedOut,
)
from hexclave.verify._claims import AccessTokenClaims
from hexclave.verify._errors import InvalidTokenError
from hexclave.verify._tokens import TokenChecks
from hexclave_api.secret import SecretText, hidden

if TYPE_CHECKING:
    from hexclave._engine.context import Context
    from hexclave._engine.instrumentation import Instrumentation
    from hexclave._engine.performing import AsyncPerformer, BlockingPerformer

P_co = TypeVar("P_co", covariant=True)


class HasPerformer(Protocol[P_co]):
    """The interface of an app that its verifier uses."""

    @property
    def _performer(self) -> P_co: ...


class AuthenticateOptions(TypedDict, total=False):
    """The options of `authenticate`, for functions that pass them on."""

    mode: CheckedBy
    cookies: bool
    api_keys: Collection[KeyOwner]
    allow_restricted: bool
    allow_anonymous: bool


class _AnyVerifier:
    def __init__(
        self, app: "HasPerformer[Any]", *, issuers: Iterable[str] = (), leeway: float = 0.0, remember: int = 1024
    ) -> None:
        self._context: Context = app._performer.context  # noqa: SLF001 - what an app shares with its verifier
        self._checks = TokenChecks.shared(self._context, issuers=issuers, leeway=leeway, remember=remember)

    def verified(
        self, token: SecretText, *, allow_restricted: bool, allow_anonymous: bool
    ) -> Steps[AccessTokenClaims] | Done[AccessTokenClaims]:
        """Return the steps of `verify`."""
        instrumentation = self._context.shared.instrumentation
        if instrumentation is not None:
            return self._recorded(
                instrumentation, token, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous
            )
        return self._checks.verified(
            self._context, token, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous
        )

    def _recorded(
        self, instrumentation: "Instrumentation", token: SecretText, *, allow_restricted: bool, allow_anonymous: bool
    ) -> Steps[AccessTokenClaims]:
        token = hidden(token)
        with instrumentation.activity("verify", InvalidTokenError) as activity:
            checked = self._checks.verified(
                self._context, token, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous
            )
            claims = checked.value if isinstance(checked, Done) else (yield from checked)
            activity.finish("valid")
            return claims

    def authenticated(
        self,
        request: object,
        *,
        mode: CheckedBy = "token",
        cookies: bool = False,
        api_keys: Collection[KeyOwner] = (),
        allow_restricted: bool = False,
        allow_anonymous: bool = False,
    ) -> Steps[AuthenticationResult]:
        """Return the steps of `authenticate`."""
        _check_choice("mode", mode, CheckedBy)
        if isinstance(api_keys, str):
            raise UnsafeUseError('api_keys must be a collection such as {"user"}, not one str.')
        for owner in api_keys:
            _check_choice("api_keys", owner, KeyOwner)
        allowed = Allowed(
            mode=mode,
            cookies=cookies,
            api_keys=frozenset(api_keys),
            restricted=allow_restricted or allow_anonymous,
            anonymous=allow_anonymous,
        )
        steps = authenticate(self._context, self._checks, request, allowed)
        instrumentation = self._context.shared.instrumentation
        return steps if instrumentation is None else _recorded_authentication(instrumentation, steps)


def _recorded_authentication(
    instrumentation: "Instrumentation", steps: Steps[AuthenticationResult]
) -> Steps[AuthenticationResult]:
    with instrumentation.activity("authenticate") as activity:
        result = yield from steps
        reason = result.reason if isinstance(result, InvalidCredentials) else None
        activity.finish(_OUTCOMES[type(result)], reason=reason)
        return result


_OUTCOMES: Final[Mapping[type[AuthenticationResult], str]] = {
    SignedIn: "signed_in",
    AuthenticatedTeam: "team",
    SignedOut: "signed_out",
    InvalidCredentials: "invalid",
}


class Verifier(_AnyVerifier):
    """A verifier of the project's access tokens, which also authenticates requests. Creating it does no I/O.

    Verifiers of an app and its derived apps share keys and cached tokens if their options are the same; each fetches
    keys within its own app's timeout.

    `issuers` are additional URLs, without `/api/v1`, under which your own deployment issues tokens; those of the cloud
    are built in. `leeway` is the tolerance for clock differences in seconds. `remember` is the number of verified
    tokens to cache, as hashes, until they expire or the keys change; 0 disables the cache.

    Raises:
        UnsafeUseError: an argument is out of range.
    """

    def __init__(
        self,
        app: "HasPerformer[BlockingPerformer]",
        *,
        issuers: Iterable[str] = (),
        leeway: float = 0.0,
        remember: int = 1024,
    ) -> None:
        super().__init__(app, issuers=issuers, leeway=leeway, remember=remember)
        self._performer = app._performer  # noqa: SLF001 - what an app shares with its verifier

    def verify(
        self, token: SecretText, *, allow_restricted: bool = False, allow_anonymous: bool = False
    ) -> AccessTokenClaims:
        """Verify signature, expiry, issuer and audience of an access token and return its claims.

        Tokens of restricted users are rejected unless `allow_restricted`, those of anonymous users unless
        `allow_anonymous`, which also allows restricted users. A token stays valid until it expires, after at most ten
        minutes, even if its user signs out or is deleted. The only request is the one for the public keys, about once
        an hour: GET /projects/{project_id}/.well-known/jwks.json.

        Raises:
            InvalidTokenError: the token is invalid; the subclass shows which check failed.
            HexclaveError: the keys could not be fetched, and none are cached.
        """
        token = hidden(token)
        steps = self.verified(token, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous)
        return steps.value if isinstance(steps, Done) else self._performer.run(steps)

    def authenticate(
        self,
        request: object,
        *,
        mode: CheckedBy = "token",
        cookies: bool = False,
        api_keys: Collection[KeyOwner] = (),
        allow_restricted: bool = False,
        allow_anonymous: bool = False,
    ) -> AuthenticationResult:
        """Authenticate a request: `SignedIn`, `SignedOut`, `InvalidCredentials` with a reason, or `AuthenticatedTeam`.

        `request` is a request of any framework, a WSGI environ, an ASGI scope or a mapping of headers. The first
        credentials found are used, in the order `Authorization`, `x-stack-access-token`, `x-stack-auth`, `x-api-key`,
        cookies.

        `mode="token"` verifies an access token like `verify`. `mode="api"` asks the API instead, which detects deleted
        and newly restricted users: GET /users/me, with the secret server key. After a sign-out, both accept an access
        token until it expires. `api_keys` allows API keys of users, teams or both, `{"user", "team"}`, and requires the
        server key: POST /user-api-keys/check, GET /users/{user_id}, POST /team-api-keys/check. `cookies=True` also
        reads the cookies of the browser SDKs; protect state-changing requests against CSRF then.

        Raises:
            UnsafeUseError: it is not a request, or an argument is invalid.
            HexclaveError: the signing keys or the API are unavailable.
        """
        steps = self.authenticated(
            request,
            mode=mode,
            cookies=cookies,
            api_keys=api_keys,
            allow_restricted=allow_restricted,
            allow_anonymous=allow_anonymous,
        )
        del request  # A traceback with locals would show its credentials.
        return self._performer.run(steps)


class AsyncVerifier(_AnyVerifier):
    """A verifier of the project's access tokens, which also authenticates requests. Creating it does no I/O.

    Verifiers of an app and its derived apps share keys and cached tokens if their options are the same; each fetches
    keys within its own app's timeout.

    `issuers` are additional URLs, without `/api/v1`, under which your own deployment issues tokens; those of the cloud
    are built in. `leeway` is the tolerance for clock differences in seconds. `remember` is the number of verified
    tokens to cache, as hashes, until they expire or the keys change; 0 disables the cache.

    Raises:
        UnsafeUseError: an argument is out of range.
    """

    def __init__(
        self,
        app: "HasPerformer[AsyncPerformer]",
        *,
        issuers: Iterable[str] = (),
        leeway: float = 0.0,
        remember: int = 1024,
    ) -> None:
        super().__init__(app, issuers=issuers, leeway=leeway, remember=remember)
        self._performer = app._performer  # noqa: SLF001 - what an app shares with its verifier

    async def verify(
        self, token: SecretText, *, allow_restricted: bool = False, allow_anonymous: bool = False
    ) -> AccessTokenClaims:
        """Verify signature, expiry, issuer and audience of an access token and return its claims.

        Tokens of restricted users are rejected unless `allow_restricted`, those of anonymous users unless
        `allow_anonymous`, which also allows restricted users. A token stays valid until it expires, after at most ten
        minutes, even if its user signs out or is deleted. The only request is the one for the public keys, about once
        an hour: GET /projects/{project_id}/.well-known/jwks.json.

        Raises:
            InvalidTokenError: the token is invalid; the subclass shows which check failed.
            HexclaveError: the keys could not be fetched, and none are cached.
        """
        token = hidden(token)
        steps = self.verified(token, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous)
        return steps.value if isinstance(steps, Done) else await self._performer.run(steps)

    async def authenticate(
        self,
        request: object,
        *,
        mode: CheckedBy = "token",
        cookies: bool = False,
        api_keys: Collection[KeyOwner] = (),
        allow_restricted: bool = False,
        allow_anonymous: bool = False,
    ) -> AuthenticationResult:
        """Authenticate a request: `SignedIn`, `SignedOut`, `InvalidCredentials` with a reason, or `AuthenticatedTeam`.

        `request` is a request of any framework, a WSGI environ, an ASGI scope or a mapping of headers. The first
        credentials found are used, in the order `Authorization`, `x-stack-access-token`, `x-stack-auth`, `x-api-key`,
        cookies.

        `mode="token"` verifies an access token like `verify`. `mode="api"` asks the API instead, which detects deleted
        and newly restricted users: GET /users/me, with the secret server key. After a sign-out, both accept an access
        token until it expires. `api_keys` allows API keys of users, teams or both, `{"user", "team"}`, and requires the
        server key: POST /user-api-keys/check, GET /users/{user_id}, POST /team-api-keys/check. `cookies=True` also
        reads the cookies of the browser SDKs; protect state-changing requests against CSRF then.

        Raises:
            UnsafeUseError: it is not a request, or an argument is invalid.
            HexclaveError: the signing keys or the API are unavailable.
        """
        steps = self.authenticated(
            request,
            mode=mode,
            cookies=cookies,
            api_keys=api_keys,
            allow_restricted=allow_restricted,
            allow_anonymous=allow_anonymous,
        )
        del request  # A traceback with locals would show its credentials.
        return await self._performer.run(steps)


def _check_choice(argument: str, value: object, choices: Any) -> None:
    if value not in get_args(choices):
        raise UnsafeUseError(f"{argument}: {value!r} is not one of {', '.join(map(repr, get_args(choices)))}.")
