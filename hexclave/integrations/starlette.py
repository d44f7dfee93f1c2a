"""Hexclave in Starlette: who made a request, and answers for those who may not come in.

    api = Starlette(routes=[Route("/me", me)])
    Hexclave(api)

    async def me(request):
        user = await current_user(request)
        return JSONResponse({"id": user.user_id})

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

from hexclave import AsyncHexclaveAdminApp, AsyncHexclaveServerApp
from hexclave.errors import UnsafeUseError
from hexclave.integrations._deliveries import LARGEST, aanswered
from hexclave.integrations._guard import AsyncGuard, Demand, Options, Visit
from hexclave.integrations._refused import Refused
from hexclave.verify import AuthenticateOptions, AuthenticationResult, SignedIn
from hexclave.verify._tokens import check_options
from hexclave.webhooks import Router
from hexclave_api.operation import UNSET, JsonValue, Unset

__all__ = [
    "Hexclave",
    "RefusedError",
    "api_app",
    "authenticate",
    "current_user",
    "optional_user",
    "webhook_endpoint",
]

AsyncApp: TypeAlias = AsyncHexclaveServerApp | AsyncHexclaveAdminApp

_KEY: Final = "hexclave"


class RefusedError(HTTPException):
    """A request that may not come in: 401 or 403. Handle it to word the answer yourself; keep `headers`."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.status_code, str(refused), dict(refused.headers))
        self.body: Mapping[str, JsonValue] = refused.body
        """What the answer says, as JSON: `code`, `error`, and `details` with what was missing."""


class Hexclave:
    """Puts Hexclave into an application, before it serves its first request.

    `make_app` is called when the application starts, and the app it returns is closed when the application ends; the
    default takes keys from the environment. `issuers` and `leeway` are those of `Verifier`.

    Raises:
        UnsafeUseError: at the start, if the app's keys are missing.
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
        """The app and its guard, made now where the server has no lifespan events."""
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
    """Who made the request, whoever it is; nobody is refused.

    Raises:
        HexclaveError: it could not be found out.
    """
    guard, visit = _visit(request)
    return await guard.identify(visit, Options.of(options))


async def optional_user(request: HTTPConnection, **options: Unpack[AuthenticateOptions]) -> SignedIn | None:
    """The user who made the request; `None` if nobody is signed in or the user is not admitted.

    Raises:
        RefusedError: the credentials are no good, such as a token that has expired.
        HexclaveError: it could not be found out.
    """
    return await ask_optional_user(request, Options.of(options))


async def current_user(
    request: HTTPConnection,
    *,
    permission: str | Unset = UNSET,
    team: str | Unset = UNSET,
    **options: Unpack[AuthenticateOptions],
) -> SignedIn:
    """The user who made the request, with a permission, or as member of a team, if asked for.

    `team` is the name of the path parameter that holds the team's id; with it, the permission is one in the team.

    Raises:
        RefusedError: nobody is signed in, or something is missing.
        HexclaveError: it could not be found out.
    """
    return await ask_current_user(request, Options.of(options), Demand.of(permission, team))


def api_app(request: HTTPConnection) -> AsyncApp:
    """The app that `make_app` made, for calls of your own."""
    return _running(request)[0]


def webhook_endpoint(router: Router) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint, for POST, that hands deliveries to the router's functions.

    Answers 200, 400 for what is no webhook, 409 while another worker handles the delivery, 413 above a mebibyte.
    """

    async def receive_webhook(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                return JSONResponse({"error": f"A delivery has at most {LARGEST:,} bytes."}, 413)
        answer = await aanswered(router, bytes(body), request)
        return JSONResponse(answer.body, answer.status_code)

    return receive_webhook


async def ask_optional_user(request: HTTPConnection, options: Options) -> SignedIn | None:
    """`optional_user`, with options that were checked before."""
    guard, visit = _visit(request)
    try:
        return await guard.optional(visit, options)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


async def ask_current_user(request: HTTPConnection, options: Options, demand: Demand) -> SignedIn:
    """`current_user`, with options that were checked before."""
    guard, visit = _visit(request)
    try:
        return await guard.admit(visit, options, demand, request.path_params)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


class _Middleware:
    """Gives every request its visit, and marks answers that depend on who is calling."""

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
        raise UnsafeUseError("This application has no Hexclave: call Hexclave(app) where the application is made.")
    return found


async def _answer(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return JSONResponse(error.body, error.status_code, error.headers)
