"""Views for webhooks."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hexclave.integrations._deliveries import LARGEST, Answer, arespond, respond
from hexclave.webhooks import Router

__all__ = ["async_webhook_view", "webhook_view"]


def webhook_view(router: Router) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that passes deliveries to the router. It is CSRF-exempt, because deliveries are signed.

    Responds with 200, 400 for invalid webhooks, 409 while another worker handles the delivery, 413 above 1 MiB.
    """

    @csrf_exempt
    @require_POST
    def receive_webhook(request: HttpRequest) -> HttpResponse:
        return _too_large(request) or _response(respond(router, request.body, request))

    return receive_webhook


def async_webhook_view(router: Router) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Return an async `webhook_view`, for routers with async handlers."""

    @csrf_exempt
    @require_POST
    async def receive_webhook(request: HttpRequest) -> HttpResponse:
        return _too_large(request) or _response(await arespond(router, request.body, request))

    return receive_webhook


def _too_large(request: HttpRequest) -> HttpResponse | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) <= LARGEST:
        return None
    return JsonResponse({"error": f"A delivery must not exceed {LARGEST:,} bytes."}, status=413)


def _response(answer: Answer) -> JsonResponse:
    return JsonResponse(dict(answer.body), status=answer.status_code)
