"""Hexclave in Flask: an extension, the user, and decorators that refuse those who may not come in.

    app = Flask(__name__)
    Hexclave(app)

    @app.get("/me")
    @require_user
    def me():
        return current_user.user_id

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
from hexclave.integrations._deliveries import LARGEST, answered
from hexclave.integrations._guard import NOTHING, Demand, Guard, Options, Visit
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
    "require_permission",
    "require_team_member",
    "require_user",
    "webhook_view",
]

BlockingApp: TypeAlias = HexclaveServerApp | HexclaveAdminApp
P = ParamSpec("P")
T = TypeVar("T")

_KEY: Final = "hexclave"
# Kept with the request, not in `g`: requests of a test share that when the test holds an application context.
_VISIT: Final = "hexclave.visit"
_USER: Final = "hexclave.user"


class RefusedError(HTTPException):
    """A request that may not come in: 401 or 403. Handle it to word the answer yourself; keep the headers."""

    def __init__(self, refused: Refused) -> None:
        self.code: int | None = refused.status_code
        self.body: Mapping[str, JsonValue] = refused.body
        """What the answer says, as JSON: `code`, `error`, and `details` with what was missing."""
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

    `make_app` is called once for each application; the default takes keys from the environment. `issuers` and `leeway`
    are those of `Verifier`; options are those of `authenticate`, for all views that say nothing else.

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
        """Puts Hexclave into the application.

        Raises:
            UnsafeUseError: the app's keys are missing.
        """
        app = self._make_app()
        guard: Guard = Guard(app, issuers=self._issuers, leeway=self._leeway)
        flask_app.extensions[_KEY] = _Installed(app, guard, self._options)
        flask_app.after_request(_mark)


def authenticate(**options: Unpack[AuthenticateOptions]) -> AuthenticationResult:
    """Who made the request, whoever it is; nobody is refused.

    Raises:
        HexclaveError: it could not be found out.
    """
    installed = _installed()
    return installed.guard.identify(_visit(), Options.of(options, installed.options))


def optional_user(**options: Unpack[AuthenticateOptions]) -> SignedIn | None:
    """The user who made the request; `None` if nobody is signed in or the user is not admitted.

    Raises:
        RefusedError: the credentials are no good, such as a token that has expired.
        HexclaveError: it could not be found out.
    """
    installed = _installed()
    checked = Options.of(options, installed.options)
    try:
        return installed.guard.optional(_visit(), checked)
    except Refused as refused:
        failure = RefusedError(refused)
    raise failure


def api_app() -> BlockingApp:
    """The app that `make_app` made, for calls of your own."""
    return _installed().app


@overload
def require_user(view: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def require_user(**options: Unpack[AuthenticateOptions]) -> Callable[[Callable[P, T]], Callable[P, T]]: ...
def require_user(view: Callable[..., Any] | None = None, /, **options: Unpack[AuthenticateOptions]) -> Any:
    """Only users may use the view, as `current_user`; others get 401 or 403. With or without options.

    Raises:
        UnsafeUseError: an option is wrong.
    """
    decorate = _requiring(NOTHING, options)
    return decorate if view is None else decorate(view)


def require_permission(
    permission: str, *, team: str | Unset = UNSET, **options: Unpack[AuthenticateOptions]
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only users with the permission may use the view; others get 401 or 403.

    `team` is the name of the view argument that holds a team's id: the permission is then one in this team. Each
    request asks the API: GET /team-permissions or GET /project-permissions.

    Raises:
        UnsafeUseError: an argument is wrong.
    """
    return _requiring(Demand.of(permission, team), options)


def require_team_member(
    team: str, **options: Unpack[AuthenticateOptions]
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Only members of the team may use the view whose id is in the view argument `team`; others get 401 or 403.

    Each request asks the API: GET /team-member-profiles/{team_id}/{user_id}.

    Raises:
        UnsafeUseError: an argument is wrong.
    """
    return _requiring(Demand.of(team=team), options)


def webhook_view(router: Router) -> Callable[[], tuple[Response, int]]:
    """A view, for POST, that hands deliveries to the router's functions.

    Answers 200, 400 for what is no webhook, 409 while another worker handles the delivery, 413 above a mebibyte.
    """

    def receive_webhook() -> tuple[Response, int]:
        request.max_content_length = LARGEST
        answer = answered(router, request.get_data(), request)
        return jsonify(answer.body), answer.status_code

    return receive_webhook


def _requiring(demand: Demand, options: AuthenticateOptions) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    Options.of(options)  # Checked where it is written; the extension's own options are known to requests alone.

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _admit(demand, options)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return guarded

    return decorate


def _admit(demand: Demand, options: AuthenticateOptions) -> SignedIn:
    installed = _installed()
    try:
        user = installed.guard.admit(_visit(), Options.of(options, installed.options), demand, request.view_args or {})
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
        raise UnsafeUseError("This application has no Hexclave: call Hexclave(app) where the application is made.")
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
"""The user who made the request. Where nobody is signed in, touching it answers 401, also without a decorator."""
