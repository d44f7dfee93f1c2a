"""Middleware that sets `hexclave_user` and `hexclave_auser`, and prevents caching of responses that use them."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from hexclave.integrations.django._requests import begin, mark
from hexclave.integrations.django._settings import installed

__all__ = ["HexclaveMiddleware"]


class HexclaveMiddleware:
    """Middleware for sync and async servers. Authenticates only on access to `hexclave_user`.

    Raises:
        ImproperlyConfigured: a setting is invalid or keys are missing; raised when the server starts.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        installed()
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(cast(Any, self))

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        begin(request)
        return self._awaited(request) if self._is_async else mark(request, self._get_response(request))

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        return mark(request, await self._get_response(request))
