"""What a request knows of who made it."""

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
    """For annotations: the request of a view that is decorated with `require_user` or its like."""

    hexclave_user: SignedIn
    """The user whom the decorator admitted. Without one: the `AuthenticationResult`, found out when it is touched."""
    hexclave_auser: Callable[[], Awaitable[AuthenticationResult]]
    """`await request.hexclave_auser()`: the same without holding up the event loop; for views without a decorator."""


class OptionalUserRequest(HttpRequest):
    """For annotations: the request of a view that is decorated with `optional_user`."""

    hexclave_user: SignedIn | None


class _LazyResult(SimpleLazyObject):  # type: ignore[type-arg] # generic for type checkers alone
    def __bool__(self) -> bool:
        # `if request.hexclave_user:` must not let those in who are signed out.
        return bool(self.signed_in)


def begin(request: HttpRequest) -> None:
    """Gives the request its attributes."""
    visit = Visit(request)

    def result() -> AuthenticationResult:
        app = installed()
        return app.guard.identify(visit, app.options)

    setattr(request, _VISIT, visit)
    request.hexclave_user = _LazyResult(result)  # type: ignore[attr-defined]
    request.hexclave_auser = sync_to_async(result, thread_sensitive=False)  # type: ignore[attr-defined]


def visit_of(request: object) -> Visit:
    """What was found out about the request so far.

    Raises:
        ImproperlyConfigured: the middleware is not installed.
    """
    visit: Visit | None = getattr(request, _VISIT, None)
    if visit is None:
        raise ImproperlyConfigured(
            "Add hexclave.integrations.django.middleware.HexclaveMiddleware to MIDDLEWARE, before whatever asks who is "
            "calling."
        )
    return visit


def mark(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response, kept out of caches if it may depend on who is calling."""
    for name, value in visit_of(request).headers.items():
        response.headers.setdefault(name, value)
    return response


def refusal(refused: Refused) -> JsonResponse:
    return JsonResponse(dict(refused.body), status=refused.status_code, headers=dict(refused.headers))
