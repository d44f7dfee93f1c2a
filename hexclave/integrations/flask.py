"""Flask integration: an extension, the current user, and decorators that reject requests that are not allowed.

    app = Flask(__name__)
    Hexclave(app)

    @app.get("/me")
    @require_user
    def me():
        return current_user.user_id

`SignIn(app, secret=…)` adds sign-in pages and a session for each browser, see docs/sign-in.md.

Needs `flask`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar, Unpack, cast, overload

import attrs
from flask import Flask, Response, current_app, json, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from hexclave import HexclaveAdminApp, HexclaveServerApp
from hexclave.errors import UnsafeUseError
from hexclave.integrations._deliveries import LARGEST, respond
from hexclave.integrations._flask_sign_in import (
    SignIn,
    SignInRequiredError,
    optional_session_user,
    require_session,
    session_app,
    session_user,
)
from hexclave.integrations._guard import NOTHING, Guard, Options, Requirement, Visit
from hexclave.integrations._refused import Refused
from hexclave.verify import AuthenticateOptions, AuthenticationResult, SignedIn
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
    "require_permission",
    "require_session",
    "require_team_member",
    "require_user",
    "session_app",
    "session_user",
    "webhook_view",
]

BlockingApp: TypeAlias = HexclaveServerApp | HexclaveAdminApp
P = ParamSpec("P")
T = TypeVar("T")

_KEY: Final = "hexclave"
# Stored in the request, not in `g`, which the requests of a test share if it has an application context.
_VISIT: Final = "hexclave.visit"
_USER: Final = "hexclave.user"


class RefusedError(HTTPException):
    """The request is not allowed: 401 or 403. Handle it to customize the response; keep the headers."""

    def __init__(self, refused: Refused) -> None:
        self.code: int | None = refused.status_code
        self.body: Mapping[str, JsonValue] = refused.body
        """The JSON body of the response: `code`, `error`, and `details` with what is missing."""
        response = Response(json.dumps(refused.body), refused.status_code, mimetype="application/json")
        response.headers.update(refused.headers)
        super().__init__(str(refused), response)


@attrs.frozen
class _Installed:
    app: BlockingApp
    guard: Guard
    options: Options


class Hexclave:
    """The extension. `Hexclave(flask_app)`, or `Hexclave()` and later `init_app(flask_app)`.

    `make_app` is called once for each application; the default reads keys from the environment. `issuers` and `leeway`
    are those of `Verifier`; other options are the defaults for `authenticate` in all views.

    Raises:
        UnsafeUseError: an option is wrong, or the app's keys are missing.
    """

    def __init__(
        self,
        flask_app: Flask | None = None,
        make_app: Callable[[], BlockingApp] = HexclaveServerApp,
        *,
        issuers: Iterable[str] = (),
        leeway: float = 0.0,
        **options: Unpack[AuthenticateOptions],
    ) -> None:
        self._make_app = make_app
        issuers = tuple(issuers) if isinstance(issuers, Iterable) and not isinstance(issuers, str) else issuers
        check_options(issuers, leeway)
        if not callable(make_app):
            raise UnsafeUseError(f"make_app must be a function that returns an app, not {type(make_app).__name__}.")
        self._issuers = issuers
        self._leeway = leeway
        self._options = Options.of(options)
        if flask_app is not None:
            self.init_app(flask_app)

    def init_app(self, flask_app: Flask) -> None:
        """Install the extension in the application.

        Raises:
            UnsafeUseError: the app's keys are missing.
        """
        app = self._make_app()
        guard: Guard = Guard(app, issuers=self._issuers, leeway=self._leeway)
        flask_app.extensions[_KEY] = _Installed(app, guard, self._options)
        flask_app.after_request(_mark)


def authenticate(**options: Unpack[AuthenticateOptions]) -> AuthenticationResult:
    """Authenticate the request and return any result, without rejecting it.

    Raises:
        HexclaveError: the signing keys or the API are unavailable.
    """
    installed = _installed()
    return installed.guard.identify(_visit(), Options.of(options, installed.options))


def optional_user(**options: Unpack[AuthenticateOptions]) -> SignedIn | None:
    """Return the user, or `None` if the request is signed out or the user is not allowed.

    Raises:
        RefusedError: the credentials are invalid, for example an expired token.
        HexclaveError: the signing keys or the API are unavailable.
    """
    installed = _installed()
    checked = Options.of(options, installed.options)
    try:
        return installed.guard.optional(_visit(), checked)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


def api_app() -> BlockingApp:
    """Return the app created by `make_app`, for your own calls."""
    return _installed().app


@overload
def require_user(view: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def require_user(**options: Unpack[AuthenticateOptions]) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def require_user(view: Callable[..., Any] | None = None, /, **options: Unpack[AuthenticateOptions]) -> Any:
    """Require a signed-in user for the view, as `current_user`; others get 401 or 403. Options are optional.

    Raises:
        UnsafeUseError: an option is invalid.
    """
    decorate = _requiring(NOTHING, options)
    return decorate if view is None else decorate(view)


def require_permission(
    permission: str, *, team: str | Unset = UNSET, **options: Unpack[AuthenticateOptions]
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Require a user with the permission for the view; others get 401 or 403.

    `team` is the name of the view argument with a team ID, which makes it a team permission. Each request calls the
    API: GET /team-permissions or GET /project-permissions.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _requiring(Requirement.of(permission, team), options)


def require_team_member(
    team: str, **options: Unpack[AuthenticateOptions]
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Require a member of the team whose ID is in the view argument `team`; others get 401 or 403.

    Each request calls the API: GET /team-member-profiles/{team_id}/{user_id}.

    Raises:
        UnsafeUseError: an argument is invalid.
    """
    return _requiring(Requirement.of(team=team), options)


def webhook_view(router: Router) -> Callable[[], tuple[Response, int]]:
    """Return a POST view that passes deliveries to the router.

    Responds with 200, 400 for invalid webhooks, 409 while another worker handles the delivery, 413 above 1 MiB.
    """

    def receive_webhook() -> tuple[Response, int]:
        request.max_content_length = LARGEST
        answer = respond(router, request.get_data(), request)
        return jsonify(answer.body), answer.status_code

    return receive_webhook


def _requiring(
    requirement: Requirement, options: AuthenticateOptions
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    Options.of(options)  # Validated early; the extension's own options are only known during requests.

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _admit(requirement, options)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return guarded

    return decorate


def _admit(requirement: Requirement, options: AuthenticateOptions) -> SignedIn:
    installed = _installed()
    try:
        user = installed.guard.admit(
            _visit(), Options.of(options, installed.options), requirement, request.view_args or {}
        )
    except Refused as refused:
        failure = RefusedError(refused)
    else:
        request.environ[_USER] = user
        return user
    raise failure


def _current_user() -> SignedIn:
    user: SignedIn | None = request.environ.get(_USER)
    return _admit(NOTHING, {}) if user is None else user


def _installed() -> _Installed:
    installed: _Installed | None = current_app.extensions.get(_KEY)
    if installed is None:
        raise UnsafeUseError("Hexclave is not installed in this application: call Hexclave(app) when you create it.")
    return installed


def _visit() -> Visit:
    visit: Visit | None = request.environ.get(_VISIT)
    if visit is None:
        visit = request.environ[_VISIT] = Visit(request)
    return visit


def _mark(response: Response) -> Response:
    visit: Visit | None = request.environ.get(_VISIT)
    for name, value in () if visit is None else visit.headers.items():
        response.headers.setdefault(name, value)
    return response


current_user: Final = cast(SignedIn, LocalProxy(_current_user))
"""The user who made the request. Accessing it while signed out responds with 401, also without a decorator."""
