"""Sign-in pages and browser sessions for Django.

    MIDDLEWARE = [..., "hexclave.integrations.django.sign_in.SignInMiddleware"]  # after AuthenticationMiddleware
    LOGIN_URL = "/auth/sign-in"

    urlpatterns = [path("auth/", include("hexclave.integrations.django.sign_in_urls"))]

With `django.contrib.auth`, `request.user` is then a local user, created for each Hexclave user, so `login_required` and
`LoginRequiredMixin` work. Without it, use `require_session`. Needs `hexclave[sign-in]` and `django`.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token, rotate_token
from django.urls import get_script_prefix, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_protect

from hexclave import HexclaveClientApp
from hexclave._engine.executor import BlockingExecutor
from hexclave._steps import Steps
from hexclave.errors import UnsafeUseError
from hexclave.integrations.django.sessions import DjangoSessions
from hexclave.sign_in import SignInOptions
from hexclave.sign_in._browser import Browser, LazyBrowser, Refusal, ask
from hexclave.sign_in._handler import Pages
from hexclave.sign_in._messages import Request, form_fields
from hexclave.sign_in._settings import Settings
from hexclave.verify import AccessTokenClaims

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

__all__ = [
    "BrowserSession",
    "SessionRequest",
    "SignInMiddleware",
    "local_user",
    "page",
    "require_session",
    "session_local_user",
]

View = TypeVar("View", bound=Callable[..., Any])

_OPTIONS: Final = {name.upper(): name for name in SignInOptions.__annotations__ if name != "prefix"}
_KNOWN: Final = (*_OPTIONS, "PROJECT_ID", "PUBLISHABLE_CLIENT_KEY", "API_URL", "LOCAL_USER")
_BROWSER: Final = "_hexclave_browser"
_EXECUTOR: Final = BlockingExecutor()
"""Performs steps that call an app, which has connections of its own."""


class BrowserSession:
    """`request.hexclave`: the session of the browser that sent the request."""

    def __init__(self, lazy: LazyBrowser) -> None:
        self._lazy: Final = lazy

    @property
    def app(self) -> HexclaveClientApp:
        """The app that acts as the user of the session: its calls are made with that user's tokens."""
        return cast(HexclaveClientApp, self._lazy.browser.app)

    def user(self, *, fresh: bool = False) -> AccessTokenClaims | None:
        """Return the claims about the user of the session, or `None`.

        Tokens are refreshed when they are older than 75 seconds, so a session that was revoked ends then at the latest.
        `fresh` refreshes them now. Requests caused by other sites have no session.

        Raises:
            HexclaveError: the tokens have expired and the API is not available.
        """
        return _EXECUTOR.run(self._lazy.browser.user(fresh=fresh))


class SessionRequest(HttpRequest):
    """Type of the request in views behind `SignInMiddleware`."""

    hexclave: BrowserSession
    """The session of the browser."""


class SignInMiddleware:
    """Middleware for sync and async servers. Sets `request.hexclave`, `request.user` and the cookies of responses.

    Raises:
        ImproperlyConfigured: a setting is invalid or keys are missing; raised when the server starts.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        _local_user_function()
        _client_app()
        sessions = _given().get("SESSIONS")
        if isinstance(sessions, DjangoSessions):
            sessions.open("")  # raises now if its engine cannot be used
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(cast(Any, self))

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        lazy = _begin(request)
        return self._awaited(request, lazy) if self._is_async else _finished(lazy, self._get_response(request))

    async def _awaited(self, request: HttpRequest, lazy: LazyBrowser) -> HttpResponseBase:
        return _finished(lazy, await self._get_response(request))


@csrf_protect
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Respond to a request for one of the sign-in pages."""
    browser, pages = _browser_of(request), installed()
    received = _received(request, csrf=("csrfmiddlewaretoken", get_token(request)))
    del name  # the path has it
    body = request.body if request.method == "POST" else b""
    answer = _EXECUTOR.run(pages.respond(browser, form_fields(received, body)))
    if browser.session_changed:
        rotate_token(request)
    response = HttpResponse(answer.body, status=answer.status)
    for header, value in answer.headers:
        response.headers[header] = value
    return response


def require_session(
    *, fresh: bool = False, allow_restricted: bool = False, allow_anonymous: bool = False
) -> Callable[[View], View]:
    """Require a session for the view; its user is `request.hexclave.user()`.

    Other browsers are sent to the sign-in page; scripts, which accept JSON, get 401 or 403. `fresh` refreshes the
    tokens first, which finds out whether the session was revoked.
    """

    def refused(request: HttpRequest) -> HttpResponseBase | None:
        browser = _browser_of(request)
        user = _EXECUTOR.run(browser.user(fresh=fresh))
        allowed = browser.allowed(user, allow_restricted=allow_restricted, allow_anonymous=allow_anonymous)
        if not isinstance(allowed, Refusal):
            return None
        return JsonResponse({"error": "Sign in first."}, status=allowed.status, headers=dict(allowed.headers))

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return refused(request) or view(request, *args, **kwargs)

        @wraps(view)
        async def aguarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # In Django's own thread for the request, whose database connection it closes: sessions may be there.
            refusal = await sync_to_async(refused)(request)
            return refusal or await view(request, *args, **kwargs)

        return aguarded if iscoroutinefunction(view) else guarded

    return decorate


def local_user(claims: AccessTokenClaims) -> "AbstractBaseUser | None":
    """Return the local user of a Hexclave user, whose username is the ID of the Hexclave user; create it if needed.

    A verified email is copied. No local user is found by email, because somebody else may have registered with it.
    """
    from django.contrib.auth import get_user_model

    model: Any = get_user_model()
    user, created = model.objects.get_or_create(**{model.USERNAME_FIELD: claims.user_id})
    email = claims.email if claims.email_verified else None
    field = model.get_email_field_name()
    if created:
        user.set_unusable_password()
    if created or (email and getattr(user, field, email) != email):
        if email and hasattr(user, field):
            setattr(user, field, email)
        user.save()
    return user if user.is_active else None


def session_local_user(request: HttpRequest) -> "AbstractBaseUser | None":
    """Return the local user of the browser's Hexclave session, or `None` without one."""
    find = _local_user_function()
    claims = None if find is None else _EXECUTOR.run(_browser_of(request).user())
    return None if find is None or claims is None or claims.is_restricted else find(claims)


@cache
def installed() -> Pages:
    """Return the pages of this process.

    Raises:
        ImproperlyConfigured: a setting is invalid, or the URLs are not included.
    """
    given = _given()
    options: dict[str, Any] = {name: given[upper] for upper, name in _OPTIONS.items() if upper in given}
    options.setdefault("secret", [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    options["prefix"] = "/" + reverse("hexclave:page", args=["x"]).removeprefix(get_script_prefix()).removesuffix("/x")
    if "templates" not in options:
        options["templates"] = _django_directories()
    try:
        return Pages(Settings.of(_client_app(), **cast(SignInOptions, options)))
    except UnsafeUseError as error:
        failure = ImproperlyConfigured(f"HEXCLAVE_SIGN_IN: {error}")
    raise failure


def _django_directories() -> Any:
    import jinja2

    found = [directory for engine in settings.TEMPLATES for directory in engine.get("DIRS", ())]
    return jinja2.FileSystemLoader(found)


def _given() -> Mapping[str, Any]:
    given = getattr(settings, "HEXCLAVE_SIGN_IN", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"HEXCLAVE_SIGN_IN must be a dict, not {type(given).__name__}.")
    unknown = [str(name) for name in given if name not in _KNOWN]
    if unknown:
        raise ImproperlyConfigured(
            f"HEXCLAVE_SIGN_IN has an unknown setting {', '.join(unknown)}: valid settings are {', '.join(_KNOWN)}."
        )
    return given


@cache
def _client_app() -> HexclaveClientApp:
    given = _given()
    options = {"base_url": given["API_URL"]} if "API_URL" in given else {}
    try:
        return HexclaveClientApp(
            given.get("PROJECT_ID"),
            given.get("PUBLISHABLE_CLIENT_KEY"),
            allow_restricted=True,
            allow_anonymous=True,
            **options,
        )
    except UnsafeUseError as error:
        failure = ImproperlyConfigured(f"HEXCLAVE_SIGN_IN: {error}")
    raise failure


@cache
def _local_user_function() -> "Callable[[AccessTokenClaims], AbstractBaseUser | None] | None":
    """Return the function for local users; `None` in a project without them."""
    if "django.contrib.auth" not in settings.INSTALLED_APPS:
        return None
    given = _given().get("LOCAL_USER", local_user)
    found: Any = import_string(given) if isinstance(given, str) else given
    if not callable(found):
        raise ImproperlyConfigured("HEXCLAVE_SIGN_IN: LOCAL_USER must be a function or its dotted path.")
    return cast("Callable[[AccessTokenClaims], AbstractBaseUser | None]", found)


def _begin(request: HttpRequest) -> LazyBrowser:
    """Set the attributes of the request."""
    lazy = LazyBrowser(installed().settings, _received(request))
    setattr(request, _BROWSER, lazy)
    request.hexclave = BrowserSession(lazy)  # type: ignore[attr-defined]
    if _local_user_function() is not None:
        from django.contrib.auth.models import AnonymousUser

        before = getattr(request, "user", None)

        def user() -> Any:
            """Return the local user; without a session, the one of Django's own session."""
            return session_local_user(request) or before or AnonymousUser()

        request.user = cast(Any, SimpleLazyObject(user))
        request.auser = sync_to_async(user)
    return lazy


def _finished(lazy: LazyBrowser, response: HttpResponseBase) -> HttpResponseBase:
    browser = lazy.opened
    if browser is None:
        return response
    cookies = browser.cookies()
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        value, _, attributes = rest.partition("; ")
        response.cookies[name] = value
        for attribute in attributes.split("; "):
            key, _, setting = attribute.partition("=")
            response.cookies[name][key.lower()] = setting or True
    if browser.was_used or cookies:
        response.headers.setdefault("cache-control", "private, no-store")
    return response


def _browser_of(request: HttpRequest) -> Browser:
    lazy: LazyBrowser | None = getattr(request, _BROWSER, None)
    if lazy is None:
        raise ImproperlyConfigured("Add hexclave.integrations.django.sign_in.SignInMiddleware to MIDDLEWARE.")
    return lazy.browser


def _received(request: HttpRequest, *, csrf: tuple[str, str] | None = None) -> Request:
    root = get_script_prefix().rstrip("/")
    return Request(
        method=request.method or "GET",
        path=request.path_info,
        query_string=request.META.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        scheme=request.scheme or "http",
        root_path=root,
        address=request.META.get("REMOTE_ADDR", ""),
        csrf=csrf,
    )


def _forget(*, setting: str, **_: object) -> None:
    if setting == "HEXCLAVE_SIGN_IN":
        for cached in (installed, _client_app, _local_user_function):
            cached.cache_clear()


setting_changed.connect(_forget)


def _end_session(*, request: HttpRequest | None, **_: object) -> None:
    """End the Hexclave session when Django signs the user out, for example in the admin."""
    if getattr(request, _BROWSER, None) is not None:
        _EXECUTOR.run(_signed_out(_browser_of(cast(HttpRequest, request))))


def _signed_out(browser: Browser) -> Steps[None]:
    try:
        yield from ask(browser.app, lambda app: app.auth.sign_out())
    finally:
        yield from browser.end_session()


user_logged_out.connect(_end_session)
