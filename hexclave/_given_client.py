"""The caller's own HTTP client, used as it is: its proxies, hooks, transports and TLS settings hold."""

import os
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from hexclave import _deadline
from hexclave._messages import Reply, Request
from hexclave._reclaim import reclaim
from hexclave.errors import UnsafeUseError

C = TypeVar("C", bound="BlockingHttpClient | AsyncHttpClient")


class BlockingHttpClient(Protocol):
    """What the blocking apps ask of `http_client=`: an `httpx.Client` or an `httpx2.Client` fits."""

    def build_request(self, method: str, url: str, *, content: Any, headers: Any, timeout: Any) -> Any: ...
    def send(self, request: Any, *, stream: bool, auth: Any, follow_redirects: bool) -> Any: ...
    @property
    def is_closed(self) -> bool: ...


class AsyncHttpClient(Protocol):
    """What the async apps ask of `http_client=`: an `httpx.AsyncClient` or an `httpx2.AsyncClient` fits."""

    def build_request(self, method: str, url: str, *, content: Any, headers: Any, timeout: Any) -> Any: ...
    async def send(self, request: Any, *, stream: bool, auth: Any, follow_redirects: bool) -> Any: ...
    @property
    def is_closed(self) -> bool: ...


class _Given(Generic[C]):
    """It cannot be made anew after a fork."""

    def __init__(self, client: C, *, prepare: Callable[[C], None] = lambda _: None) -> None:
        self._client = client
        self._prepare = prepare
        self._used_in: int | None = None

    def check(self) -> None:
        """Make it ready.

        Raises:
            UnsafeUseError: it cannot be used, or not in this process.
        """
        if self._used_in is None:
            self._prepare(self._client)
            self._used_in = os.getpid()
        elif self._used_in != os.getpid():
            raise UnsafeUseError(
                "http_client was used before this process was forked, so both processes would share its connections: "
                "make the client and the app in the child, or leave http_client out."
            )
        if self._client.is_closed:
            raise UnsafeUseError("http_client is closed.")

    @property
    def is_closed(self) -> bool:
        return self._client.is_closed


class Given(_Given[BlockingHttpClient]):
    def __init__(self, client: BlockingHttpClient) -> None:
        super().__init__(client, prepare=_deadline.watch)

    def send(self, request: Request, ends: float | None) -> Reply:
        with _deadline.until(ends):
            return self._send(request, ends)

    def _send(self, request: Request, ends: float | None) -> Reply:
        made = _http_request(self._client, request)
        response = self._client.send(made, stream=True, auth=None, follow_redirects=False)
        try:
            content = b"".join(_deadline.chunks(ends, response.iter_bytes()))
        except Exception as error:
            if not _told_by_status(error, response):
                raise
            content = b""
        finally:
            response.close()
        return Reply(response.status_code, response.headers, content)


class AsyncGiven(_Given[AsyncHttpClient]):
    async def send(self, request: Request) -> Reply:
        import asyncio  # no blocking program needs it

        async with asyncio.timeout(request.total_timeout):
            return await self._send(request)

    async def _send(self, request: Request) -> Reply:
        made = _http_request(self._client, request)
        try:
            response = await self._client.send(made, stream=True, auth=None, follow_redirects=False)
            try:
                content = await response.aread()
            except Exception as error:
                if not _told_by_status(error, response):
                    raise
                content = b""
            finally:
                await response.aclose()
        except BaseException:
            await reclaim(self._client, made)
            raise
        return Reply(response.status_code, response.headers, content)


def _http_request(client: Any, request: Request) -> Any:
    connect, read = request.connect_timeout, request.read_timeout
    made = client.build_request(
        request.method,
        request.url,
        content=request.content,
        headers=request.headers,
        timeout=(connect, read, read, request.total_timeout),
    )
    made.headers.pop("cookie", None)
    return made


def _told_by_status(error: Exception, response: Any) -> bool:
    """Whether the reply says enough although its body cannot be decoded: a failure is told by its status."""
    return any(base.__name__ == "DecodingError" for base in type(error).__mro__) and not response.is_success
