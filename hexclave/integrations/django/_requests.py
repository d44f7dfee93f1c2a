"""Attributes of requests, and cache headers of responses."""

from collections.abc import Awaitable, Callable
from typing import Final

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.functional import SimpleLazyObject

from hexclave.integrations._guard import Visit
from hexclave.integrations._refused import Refused
from hexclave.integrations.django._settings import installed
from hexclave.verify import AuthenticationResult, SignedIn

_VISIT: Final = "hexclave_visit"


class HexclaveRequest(HttpRequest):
    """Type of the request in views with `require_user` and similar decorators."""

    hexclave_user: SignedIn
    """The user. In views without a decorator: the `AuthenticationResult`, computed on first access."""
    hexclave_auser: Callable[[], Awaitable[AuthenticationResult]]
    """`await request.hexclave_auser()`: the same without blocking the event loop, for views without a decorator."""


class OptionalUserRequest(HttpRequest):
    """Type of the request in views with `optional_user`."""

    hexclave_user: SignedIn | None


class _LazyResult(SimpleLazyObject):  # type: ignore[type-arg] # generic for type checkers alone
    def __bool__(self) -> bool:
        # `if request.hexclave_user:` must be false for signed-out requests.
        return bool(self.signed_in)


def begin(request: HttpRequest) -> None:
    """Set the attributes of the request."""
    visit = Visit(request)

    def result() -> AuthenticationResult:
        app = installed()
        return app.guard.identify(visit, app.options)

    setattr(request, _VISIT, visit)
    request.hexclave_user = _LazyResult(result)  # type: ignore[attr-defined]
    request.hexclave_auser = sync_to_async(result, thread_sensitive=False)  # type: ignore[attr-defined]


def visit_of(request: object) -> Visit:
    """Return the visit of the request.

    Raises:
        ImproperlyConfigured: the middleware is not installed.
    """
    visit: Visit | None = getattr(request, _VISIT, None)
    if visit is None:
        raise ImproperlyConfigured(
            "Add hexclave.integrations.django.middleware.HexclaveMiddleware to MIDDLEWARE, before middleware that uses "
            "request.hexclave_user."
        )
    return visit


def mark(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Prevent caching of the response if it may depend on the user, and return it."""
    for name, value in visit_of(request).headers.items():
        response.headers.setdefault(name, value)
    return response


def refusal(refused: Refused) -> JsonResponse:
    return JsonResponse(dict(refused.body), status=refused.status_code, headers=dict(refused.headers))
