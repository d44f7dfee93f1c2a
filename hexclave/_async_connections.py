"""The connections of async apps, which keep to one event loop."""

import asyncio
import ssl
from typing import Any

import httpcore

from hexclave._connections import CONNECTIONS, EXPIRY, Kept, address, core_request, popped, reply
from hexclave._failures import unreachable
from hexclave._messages import Reply, Request


class AsyncConnections(Kept):
    """For the tasks of one event loop."""

    def __init__(self) -> None:
        super().__init__()
        self._slots = asyncio.Semaphore(CONNECTIONS)

    def _direct(self, context: ssl.SSLContext | None) -> Any:
        return httpcore.AsyncConnectionPool(ssl_context=context, keepalive_expiry=EXPIRY, network_backend=_Backend())

    def _proxied(self, url: str, context: ssl.SSLContext | None) -> Any:
        from hexclave import _by_httpx

        pool = _by_httpx.async_pool(url, context)
        pool._network_backend = _Backend()  # noqa: SLF001 - the clients take none
        return pool

    async def send(self, request: Request) -> Reply:
        origin, target = address(request.url)
        place = self._place(origin)
        made = core_request(request, origin, target)
        async with asyncio.timeout(request.total_timeout), self._slots:
            connection = popped(place)
            while connection is not None and connection.has_expired():
                await connection.aclose()
                connection = popped(place)
            if connection is None:
                connection = place.pool.create_connection(made.url.origin)
            try:
                response = await connection.handle_async_request(made)
                try:
                    content = b"".join([chunk async for chunk in response.stream])
                finally:
                    await response.stream.aclose()
            finally:
                useless = self._keep(place, connection)
                if useless is not None:
                    await useless.aclose()
        return reply(response, content)

    async def aclose(self) -> None:
        """Calls under way come to their end."""
        self.is_closed = True
        for place in list(self._places.values()):
            while (connection := popped(place)) is not None:
                await connection.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects as httpcore does, but closes what a cancelled TLS handshake would leave open."""

    def __init__(self) -> None:
        # httpcore declares a stand-in beside the class, for where anyio is missing; pyright sees only that.
        self._backend: Any = httpcore.AnyIOBackend()

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        try:
            return _Opened(await self._backend.connect_tcp(*args, **kwargs))
        except (UnicodeError, ExceptionGroup) as error:  # What the library does not tell: no such host, no such port.
            raise unreachable(f"{type(error).__name__}: {error}") from None

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _Opened(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self.read, self.write, self.aclose = stream.read, stream.write, stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]
        self._stream = stream

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(*args, **kwargs)
        except BaseException:
            await self._stream.aclose()
            raise
