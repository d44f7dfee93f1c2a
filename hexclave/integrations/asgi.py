"""Sign-in pages and browser sessions for any ASGI application.

    application = SignIn(application, secret=os.environ["SESSION_SECRET"])

    async def application(scope, receive, send):
        user = await optional_session_user(scope)

Needs `hexclave[sign-in]`. FastAPI and Starlette have more convenient ways in their own integrations.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Unpack, cast

from hexclave import AsyncHexclaveClientApp
from hexclave._engine.async_executor import AwaitingExecutor
from hexclave.errors import UnsafeUseError
from hexclave.sign_in import SignInOptions
from hexclave.sign_in._browser import WEBSOCKET, Browser, LazyBrowser
from hexclave.sign_in._messages import LARGEST_BODY, Request, Response, form_fields
from hexclave.sign_in._settings import Settings
from hexclave.verify import AccessTokenClaims

if TYPE_CHECKING:
    from hexclave.sign_in._handler import Pages

__all__ = ["SignIn", "optional_session_user", "session_app", "sign_in_path"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_KEY: Final = "hexclave.browser"
_EXECUTOR: Final = AwaitingExecutor()
"""Performs steps that call an app, which has its own connections."""


def default_app() -> AsyncHexclaveClientApp:
    """Return an app with keys from the environment whose restricted users can open their account page."""
    return AsyncHexclaveClientApp(allow_restricted=True, allow_anonymous=True)


class SignIn:
    """Middleware with the sign-in pages, below `/auth`, and with a session for each browser.

    `make_app` is called when the application starts, and the app it returns is closed when the application stops; the
    default reads keys from the environment. The options are those of `SignInOptions`; `secret` is required.

    Raises:
        UnsafeUseError: an option is invalid or missing, or the app's keys are missing; raised when the application
            starts.
    """

    def __init__(
        self,
        application: ASGIApp,
        make_app: Callable[[], AsyncHexclaveClientApp] = default_app,
        **options: Unpack[SignInOptions],
    ) -> None:
        self._application: Final = application
        self._make_app: Final = make_app
        self._options: Final = options
        self._pages: Pages | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] in ("http", "websocket"):
            await self._serve(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    def _running(self) -> "Pages":
        if self._pages is None:
            # Imported here, because applications that only authenticate requests do not need templates.
            from hexclave.sign_in._handler import Pages

            self._pages = Pages(Settings.of(self._make_app(), **self._options))
        return self._pages

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._running()

        async def closing(message: Message) -> None:
            if message["type"] in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
                pages, self._pages = self._pages, None
                if pages is not None:
                    await cast(AsyncHexclaveClientApp, pages.settings.app).close()
            await send(message)

        await self._application(scope, receive, closing)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        pages, request = self._running(), _request(scope)
        lazy = scope[_KEY] = LazyBrowser(pages.settings, request)
        if scope["type"] == "http" and pages.owns(request.path):
            answer = await _answered(pages, lazy.browser, request, receive)
            await _send(answer, lazy.browser, send, with_body=request.method != "HEAD")
            return

        async def marked(message: Message) -> None:
            starts = message["type"] in ("http.response.start", "websocket.accept", "websocket.http.response.start")
            if starts and lazy.opened is not None:
                message["headers"] = [*message.get("headers", ()), *_headers_of(lazy.opened, message)]
            await send(message)

        await self._application(scope, receive, marked)


async def optional_session_user(scope: Scope, *, fresh: bool = False) -> AccessTokenClaims | None:
    """Return the claims about the user of the browser's session, or `None`.

    Tokens are refreshed when they are older than 75 seconds, so a session that was revoked ends then at the latest.
    `fresh` refreshes them now. Requests caused by other sites have no session.

    Raises:
        HexclaveError: the tokens have expired and the API is not available.
    """
    return await _EXECUTOR.run(browser_of(scope).user(fresh=fresh))


def session_app(scope: Scope) -> AsyncHexclaveClientApp:
    """Return the app that acts as the user of the browser's session: its calls are made with that user's tokens."""
    return cast(AsyncHexclaveClientApp, browser_of(scope).app)


def sign_in_path(scope: Scope) -> str:
    """Return the path of the sign-in page, from which the user comes back to the page of this request."""
    return browser_of(scope).sign_in_path


def browser_of(scope: Scope) -> Browser:
    """Return the browser that sent the request.

    Raises:
        UnsafeUseError: the middleware is not installed.
    """
    lazy: LazyBrowser | None = scope.get(_KEY)
    if lazy is None:
        raise UnsafeUseError("The sign-in pages are not installed in this application: add SignIn when you create it.")
    return lazy.browser


def _request(scope: Scope) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        # HTTP/2 clients may send several; servers combine other repeated headers.
        headers[name] = f"{headers[name]}; {value}" if name == "cookie" and name in headers else value
    root = scope.get("root_path", "").rstrip("/")
    client = scope.get("client")
    return Request(
        method=scope["method"] if scope["type"] == "http" else WEBSOCKET,
        path=scope["path"].removeprefix(root) if root else scope["path"],
        query_string=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        scheme=scope.get("scheme", "http"),
        root_path=root,
        address=client[0] if client else "",
    )


async def _answered(pages: "Pages", browser: Browser, request: Request, receive: Receive) -> Response:
    body = b""
    if request.method == "POST":
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LARGEST_BODY:
                return Response(413, [("connection", "close")], b"")
    return await _EXECUTOR.run(pages.respond(browser, form_fields(request, body)))


async def _send(answer: Response, browser: Browser, send: Send, *, with_body: bool) -> None:
    headers = [*answer.headers, ("content-length", str(len(answer.body)))]
    headers += [("set-cookie", cookie) for cookie in browser.cookies()]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body if with_body else b""})


def _headers_of(browser: Browser, message: Message) -> list[tuple[bytes, bytes]]:
    """Return the cookies for a response of the application, and headers against caches where it depends on the user."""
    added = [(b"set-cookie", cookie.encode("latin-1")) for cookie in browser.cookies()]
    sent = {name.lower() for name, _ in message.get("headers", ())}
    if (browser.was_used or added) and b"cache-control" not in sent:
        added.append((b"cache-control", b"private, no-store"))
    return added
