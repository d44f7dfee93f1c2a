"""Gives every request `hexclave_user` and `hexclave_auser`, and keeps answers that depend on them out of caches."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from hexclave.integrations.django._requests import begin, mark
from hexclave.integrations.django._settings import installed

__all__ = ["HexclaveMiddleware"]


class HexclaveMiddleware:
    """For synchronous and asynchronous servers alike. Finds nothing out before somebody asks.

    Raises:
        ImproperlyConfigured: when the server starts, if a setting is wrong or keys are missing.
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
