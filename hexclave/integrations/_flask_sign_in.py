"""Sign-in pages and browser sessions for Flask; `hexclave.integrations.flask` has the names."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, Unpack, cast, overload

from flask import Blueprint, Flask, Response, current_app, json, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.local import LocalProxy

from hexclave import HexclaveClientApp
from hexclave._engine.executor import BlockingExecutor
from hexclave.errors import UnsafeUseError
from hexclave.sign_in import SignInOptions
from hexclave.sign_in._browser import Browser, Refusal
from hexclave.sign_in._messages import LARGEST_BODY, Request, form_fields
from hexclave.sign_in._settings import Settings
from hexclave.verify import AccessTokenClaims

if TYPE_CHECKING:
    from hexclave.sign_in._handler import Pages

P = ParamSpec("P")
T = TypeVar("T")

_KEY: Final = "hexclave.sign_in"
# Stored in the request, not in `g`, which the requests of a test share if it has an application context.
_BROWSER: Final = "hexclave.browser"
_USER: Final = "hexclave.session_user"
_EXECUTOR: Final = BlockingExecutor()
"""Performs steps that call an app, which has its own connections."""


def default_app() -> HexclaveClientApp:
    """Return an app with keys from the environment whose restricted users can open their account page."""
    return HexclaveClientApp(allow_restricted=True, allow_anonymous=True)


class SignInRequiredError(HTTPException):
    """The browser has no session: 303 to the sign-in page, or 401 for scripts, which accept JSON.

    A restricted user is sent to the account page, or gets 403.
    """

    def __init__(self, refusal: Refusal) -> None:
        self.code: int | None = refusal.status
        body = json.dumps({"error": "Sign in first."})
        super().__init__("Sign in first.", Response(body, refusal.status, refusal.headers, "application/json"))


class SignIn:
    """Sign-in pages, below `/auth`, and a session for each browser.

    `SignIn(flask_app, secret=…)`, or `SignIn(secret=…)` and later `init_app(flask_app)`. `make_app` is called once for
    each application; the default reads keys from the environment. The options are those of `SignInOptions`; `secret` is
    required. Templates in the application's folder `templates/hexclave` replace those of the pages.

    Raises:
        UnsafeUseError: an option is invalid or missing, or the app's keys are missing.
    """

    def __init__(
        self,
        flask_app: Flask | None = None,
        make_app: Callable[[], HexclaveClientApp] = default_app,
        **options: Unpack[SignInOptions],
    ) -> None:
        self._make_app: Final = make_app
        self._options: Final = options
        self.blueprint: Final = Blueprint("hexclave", __name__)
        """The routes of the pages: `url_for("hexclave.page", name="sign-in")`. They check CSRF tokens of their own, so
        exempt the blueprint from extensions that require others."""
        rule = f"{options.get('prefix', '/auth')}/<path:name>"
        self.blueprint.add_url_rule(rule, "page", _page, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        if flask_app is not None:
            self.init_app(flask_app)

    def init_app(self, flask_app: Flask) -> None:
        """Install the pages in the application.

        Raises:
            UnsafeUseError: an option is invalid or missing, or the app's keys are missing.
        """
        # Imported here, because applications that only authenticate requests do not need templates.
        from hexclave.sign_in._handler import Pages

        options = cast(SignInOptions, {"templates": flask_app.jinja_loader, **self._options})
        flask_app.extensions[_KEY] = Pages(Settings.of(self._make_app(), **options))
        flask_app.register_blueprint(self.blueprint)
        flask_app.after_request(_with_cookies)


def optional_session_user(*, fresh: bool = False) -> AccessTokenClaims | None:
    """Return the claims about the user of the browser's session, or `None`.

    Tokens are refreshed when they are older than 75 seconds, so a session that was revoked ends then at the latest.
    `fresh` refreshes them now. Requests caused by other sites have no session.

    Raises:
        HexclaveError: the tokens have expired and the API is not available.
    """
    return _EXECUTOR.run(_browser().user(fresh=fresh))


def session_app() -> HexclaveClientApp:
    """Return the app that acts as the user of the browser's session: its calls are made with that user's tokens."""
    return cast(HexclaveClientApp, _browser().app)


@overload
def require_session(view: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def require_session(
    *, fresh: bool = False, allow_restricted: bool = False, allow_anonymous: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def require_session(
    view: Callable[..., Any] | None = None,
    /,
    *,
    fresh: bool = False,
    allow_restricted: bool = False,
    allow_anonymous: bool = False,
) -> Any:
    """Require a session for the view, whose user is then `session_user`. Options are optional.

    Other browsers are sent to the sign-in page; scripts, which accept JSON, get 401 or 403. `fresh` refreshes the
    tokens first, which finds out whether the session was revoked.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _require(fresh=fresh, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return guarded

    return decorate if view is None else decorate(view)


def _require(
    *, fresh: bool = False, allow_restricted: bool = False, allow_anonymous: bool = False
) -> AccessTokenClaims:
    user = optional_session_user(fresh=fresh)
    allowed = _browser().allowed(user, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous)
    if isinstance(allowed, Refusal):
        raise SignInRequiredError(allowed)
    request.environ[_USER] = allowed
    return allowed


def _session_user() -> AccessTokenClaims:
    user: AccessTokenClaims | None = request.environ.get(_USER)
    return _require() if user is None else user


def _pages() -> "Pages":
    pages: Pages | None = current_app.extensions.get(_KEY)
    if pages is None:
        raise UnsafeUseError("The sign-in pages are not installed in this application: create SignIn(app, secret=…).")
    return pages


def _browser() -> Browser:
    browser: Browser | None = request.environ.get(_BROWSER)
    if browser is None:
        browser = request.environ[_BROWSER] = Browser(_pages().settings, _received())
    return browser


def _received() -> Request:
    return Request(
        method=request.method,
        path=request.path,
        query_string=request.query_string.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers},
        scheme=request.scheme,
        root_path=request.root_path.rstrip("/"),
        address=request.remote_addr or "",
    )


def _page(name: str) -> Response:
    del name  # the path has it
    received, body = _received(), b""
    if received.method == "POST":
        request.max_content_length = LARGEST_BODY
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            return Response(status=413)
    answer = _EXECUTOR.run(_pages().respond(_browser(), form_fields(received, body)))
    return Response(answer.body, answer.status, list(answer.headers))


def _with_cookies(response: Response) -> Response:
    browser: Browser | None = request.environ.get(_BROWSER)
    if browser is not None:
        cookies = browser.cookies()
        for cookie in cookies:
            response.headers.add("set-cookie", cookie)
        if browser.was_used or cookies:
            response.headers.setdefault("cache-control", "private, no-store")
    return response


session_user: Final = cast(AccessTokenClaims, LocalProxy(_session_user))
"""The user of the browser's session. Accessing it without a session sends the browser to the sign-in page."""
