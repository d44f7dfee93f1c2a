"""Starlette integration: the current user, and responses to requests that are not allowed.

    api = Starlette(routes=[Route("/me", me)])
    Hexclave(api)

    async def me(request):
        user = await current_user(request)
        return JSONResponse({"id": user.user_id})

`SignIn(api, secret=…)` adds sign-in pages and a session for each browser, see docs/sign-in.md.

Needs `starlette`. FastAPI has dependencies for the same: `hexclave.integrations.fastapi`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, Unpack

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hexclave import AsyncHexclaveAdminApp, AsyncHexclaveClientApp, AsyncHexclaveServerApp
from hexclave.errors import UnsafeUseError
from hexclave.integrations import asgi
from hexclave.integrations._deliveries import LARGEST, arespond
from hexclave.integrations._guard import AsyncGuard, Options, Requirement, Visit
from hexclave.integrations._refused import Refused
from hexclave.sign_in import SignInOptions
from hexclave.sign_in._browser import Refusal
from hexclave.verify import AccessTokenClaims, AuthenticateOptions, AuthenticationResult, SignedIn
from hexclave.verify._tokens import check_options
from hexclave.webhooks import Router
from hexclave_api.operation import UNSET, JsonValue, Unset

__all__ = [
    "Hexclave",
    "RefusedError",
    "SignIn",
    "SignInRequiredError",
    "api_app",
    "authenticate",
    "current_user",
    "optional_session_user",
    "optional_user",
    "session_app",
    "session_user",
    "webhook_endpoint",
]

AsyncApp: TypeAlias = AsyncHexclaveServerApp | AsyncHexclaveAdminApp

_KEY: Final = "hexclave"


class RefusedError(HTTPException):
    """The request is not allowed: 401 or 403. Handle it to customize the response; keep `headers`."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.status_code, str(refused), dict(refused.headers))
        self.body: Mapping[str, JsonValue] = refused.body
        """The JSON body of the response: `code`, `error`, and `details` with what is missing."""


class Hexclave:
    """The integration; create it before the application serves its first request.

    `make_app` is called when the application starts, and the app it returns is closed when the application stops; the
    default reads keys from the environment. `issuers` and `leeway` are those of `Verifier`.

    Raises:
        UnsafeUseError: the app's keys are missing; raised at startup.
    """

    def __init__(
        self,
        api: Starlette,
        make_app: Callable[[], AsyncApp] = AsyncHexclaveServerApp,
        *,
        issuers: Iterable[str] = (),
        leeway: float = 0.0,
    ) -> None:
        self._make_app = make_app
        issuers = tuple(issuers) if isinstance(issuers, Iterable) and not isinstance(issuers, str) else issuers
        check_options(issuers, leeway)
        if not callable(make_app):
            raise UnsafeUseError(f"make_app must be a function that returns an app, not {type(make_app).__name__}.")
        self._issuers = issuers
        self._leeway = leeway
        self._running: tuple[AsyncApp, AsyncGuard] | None = None
        self._inner_lifespan = api.router.lifespan_context
        api.router.lifespan_context = self._lifespan
        api.add_exception_handler(RefusedError, _answer)
        api.add_middleware(_Middleware, self)

    def running(self) -> tuple[AsyncApp, AsyncGuard]:
        """Return the app and its guard, created now if the server has no lifespan events."""
        if self._running is None:
            app = self._make_app()
            guard = AsyncGuard(app, issuers=self._issuers, leeway=self._leeway)
            self._running = app, guard
        return self._running

    @asynccontextmanager
    async def _lifespan(self, api: Any) -> AsyncIterator[Any]:
        app, _ = self.running()
        try:
            async with self._inner_lifespan(api) as state:
                yield state
        finally:
            self._running = None
            await app.close()


async def authenticate(request: HTTPConnection, **options: Unpack[AuthenticateOptions]) -> AuthenticationResult:
    """Authenticate the request and return any result, without rejecting it.

    Raises:
        HexclaveError: the signing keys or the API are unavailable.
    """
    guard, visit = _visit(request)
    return await guard.identify(visit, Options.of(options))


async def optional_user(request: HTTPConnection, **options: Unpack[AuthenticateOptions]) -> SignedIn | None:
    """Return the user, or `None` if the request is signed out or the user is not allowed.

    Raises:
        RefusedError: the credentials are invalid, for example an expired token.
        HexclaveError: the signing keys or the API are unavailable.
    """
    return await ask_optional_user(request, Options.of(options))


async def current_user(
    request: HTTPConnection,
    *,
    permission: str | Unset = UNSET,
    team: str | Unset = UNSET,
    **options: Unpack[AuthenticateOptions],
) -> SignedIn:
    """Return the user, optionally requiring a permission or team membership.

    `team` is the name of the path parameter with a team ID, which makes `permission` a team permission.

    Raises:
        RefusedError: the request is signed out, or the user is not allowed.
        HexclaveError: the signing keys or the API are unavailable.
    """
    return await ask_current_user(request, Options.of(options), Requirement.of(permission, team))


def api_app(request: HTTPConnection) -> AsyncApp:
    """Return the app created by `make_app`, for your own calls."""
    return _running(request)[0]


def webhook_endpoint(router: Router) -> Callable[[Request], Awaitable[Response]]:
    """Return a POST endpoint that passes deliveries to the router.

    Responds with 200, 400 for invalid webhooks, 409 while another worker handles the delivery, 413 above 1 MiB.
    """

    async def receive_webhook(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return JSONResponse({"error": f"A delivery must not exceed {LARGEST:,} bytes."}, 413)
        answer = await arespond(router, bytes(body), request)
        return JSONResponse(answer.body, answer.status_code)

    return receive_webhook


async def ask_optional_user(request: HTTPConnection, options: Options) -> SignedIn | None:
    """Do the same as `optional_user` with validated options."""
    guard, visit = _visit(request)
    try:
        return await guard.optional(visit, options)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


async def ask_current_user(request: HTTPConnection, options: Options, requirement: Requirement) -> SignedIn:
    """Do the same as `current_user` with validated options."""
    guard, visit = _visit(request)
    try:
        return await guard.admit(visit, options, requirement, request.path_params)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


class SignInRequiredError(HTTPException):
    """The browser has no session: 303 to the sign-in page, or 401 for scripts, which accept JSON.

    A restricted user is sent to the account page, or gets 403.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status, "Sign in first.", dict(refusal.headers))


class SignIn:
    """Sign-in pages, below `/auth`, and a session for each browser. Create it when you create the application.

    `make_app` is called when the application starts, and the app it returns is closed when the application stops; the
    default reads keys from the environment. The options are those of `SignInOptions`; `secret` is required.

    Raises:
        UnsafeUseError: an option is invalid or missing, or the app's keys are missing; raised when the application
            starts.
    """

    def __init__(
        self,
        api: Starlette,
        make_app: Callable[[], AsyncHexclaveClientApp] = asgi.default_app,
        **options: Unpack[SignInOptions],
    ) -> None:
        api.add_middleware(asgi.SignIn, make_app, **options)


async def optional_session_user(request: HTTPConnection, *, fresh: bool = False) -> AccessTokenClaims | None:
    """Return the claims about the user of the browser's session, or `None`; see `asgi.optional_session_user`.

    Raises:
        HexclaveError: the tokens have expired and the API is not available.
    """
    return await asgi.optional_session_user(request.scope, fresh=fresh)


async def session_user(
    request: HTTPConnection, *, fresh: bool = False, allow_restricted: bool = False, allow_anonymous: bool = False
) -> AccessTokenClaims:
    """Return the claims about the user of the browser's session. Others are sent to the sign-in page.

    Raises:
        SignInRequiredError: there is no session, or the user is not allowed.
        HexclaveError: the tokens have expired and the API is not available.
    """
    user = await optional_session_user(request, fresh=fresh)
    allowed = asgi.browser_of(request.scope).allowed(
        user, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous
    )
    if isinstance(allowed, Refusal):
        raise SignInRequiredError(allowed)
    return allowed


def session_app(request: HTTPConnection) -> AsyncHexclaveClientApp:
    """Return the app that acts as the user of the browser's session: its calls are made with that user's tokens."""
    return asgi.session_app(request.scope)


class _Middleware:
    """Adds a visit to each request, and cache headers to responses that depend on the user."""

    def __init__(self, inner: ASGIApp, hexclave: Hexclave) -> None:
        self._inner = inner
        self._hexclave = hexclave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        visit = Visit(HTTPConnection(scope))
        scope[_KEY] = self._hexclave, visit

        async def marked(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in visit.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._inner(scope, receive, marked)


def _running(request: HTTPConnection) -> tuple[AsyncApp, AsyncGuard]:
    return _found(request)[0].running()


def _visit(request: HTTPConnection) -> tuple[AsyncGuard, Visit]:
    hexclave, visit = _found(request)
    return hexclave.running()[1], visit


def _found(request: HTTPConnection) -> tuple[Hexclave, Visit]:
    found: tuple[Hexclave, Visit] | None = request.scope.get(_KEY)
    if found is None:
        raise UnsafeUseError("Hexclave is not installed in this application: call Hexclave(app) when you create it.")
    return found


async def _answer(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return JSONResponse(error.body, error.status_code, error.headers)
