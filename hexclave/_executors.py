"""Perform the steps of a call, blocking or awaiting. The only module that imports the HTTP library."""

import asyncio
import functools
import os
import ssl
import threading
import time
import weakref
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Generic, Protocol, TypeVar

import httpcore
import httpx

from hexclave._messages import Reply, Request
from hexclave._steps import Call, Send, Sleep, Step, Steps, Wait
from hexclave.errors import (
    APIConnectionError,
    ConnectTimeout,
    HexclaveError,
    ReadTimeout,
    TotalTimeout,
    UnreadableReplyError,
    UnsafeUseError,
)

T = TypeVar("T")
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


class BlockingExecutor:
    """Performs steps in the calling thread."""

    def __init__(self, http_client: BlockingHttpClient | None) -> None:
        self._given = None if http_client is None else _Given(http_client)
        self._made: httpx.Client | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, steps: Steps[T]) -> T:
        """The value that the steps end in."""
        try:
            step: Step = next(steps)
            while True:
                try:
                    outcome = self._perform(step)
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the connections that were made here; a client that was given stays open."""
        self._leave_to_parent()
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _perform(self, step: Step) -> object:
        if isinstance(step, Send):
            return self._send(step.request)
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Call):
            return step.blocking()
        return _settled(step)

    def _send(self, request: Request) -> Reply:
        client = self._client()
        ends = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        _limit.ends = ends
        try:
            response = client.send(_http_request(client, request), stream=True, auth=None, follow_redirects=False)
            try:
                content = b"".join(_until(ends, response.iter_bytes()))
            finally:
                response.close()
            return Reply(response.status_code, response.headers, content)
        except Exception as error:
            failure = _translated(error, ends)
            if failure is None:
                raise
        finally:
            _limit.ends = None
        # Not raised in the `except`: the library's frames hold headers, and a traceback with locals shows them.
        raise failure

    def _client(self) -> BlockingHttpClient:
        if self._given is not None:
            return self._given.client()
        self._leave_to_parent()
        made = self._made
        if made is None:
            with self._lock:
                if self._closed:
                    raise UnsafeUseError("The app is closed.")
                made = self._made = self._made or _made_blocking()
        return made

    def _leave_to_parent(self) -> None:
        """In a forked child, give up the parent's sockets: one process would read the other's replies."""
        if self._pid != os.getpid():
            _inherited.append(self._made)
            self._made, self._lock, self._pid = None, threading.Lock(), os.getpid()


class AwaitingExecutor:
    """Performs steps in the running asyncio event loop; each loop has connections of its own."""

    def __init__(self, http_client: AsyncHttpClient | None) -> None:
        self._given = None if http_client is None else _Given(http_client)
        self._made: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            weakref.WeakKeyDictionary()
        )
        self._pid = os.getpid()
        self._closed = False

    async def run(self, steps: Steps[T]) -> T:
        """The value that the steps end in."""
        try:
            step: Step = next(steps)
            while True:
                try:
                    outcome = await self._perform(step)
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Close the running loop's connections that were made here; a client that was given stays open."""
        self._closed = True
        made = self._made.pop(asyncio.get_running_loop(), None)
        if made is not None and self._pid == os.getpid():
            await made.aclose()

    async def _perform(self, step: Step) -> object:
        if isinstance(step, Send):
            return await self._send(step.request)
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            return None
        if isinstance(step, Call):
            return await step.awaiting()
        return await _settled_async(step)

    async def _send(self, request: Request) -> Reply:
        client = self._client()
        total = request.total_timeout
        ends = None if total is None else time.monotonic() + total
        try:
            async with asyncio.timeout(total):
                response = await client.send(
                    _http_request(client, request), stream=False, auth=None, follow_redirects=False
                )
            return Reply(response.status_code, response.headers, response.content)
        except Exception as error:
            failure = _translated(error, ends)
            if failure is None:
                raise
        raise failure

    def _client(self) -> AsyncHttpClient:
        if self._given is not None:
            return self._given.client()
        if self._closed:
            raise UnsafeUseError("The app is closed.")
        if self._pid != os.getpid():
            _inherited.append(self._made)
            self._made, self._pid = weakref.WeakKeyDictionary(), os.getpid()
        loop = asyncio.get_running_loop()
        client = self._made.get(loop)
        if client is None:
            client = self._made[loop] = httpx.AsyncClient(
                verify=_ssl_context(),
                cookies=_no_cookies(),
                headers=_HEADERS,
                timeout=None,  # noqa: S113 - each request brings its own
            )
        return client


_HEADERS: Final = {"accept": "application/json", "user-agent": "hexclave-python"}
_inherited: list[object] = []
"""Parents' clients, kept alive in a forked child: collecting them would close what both processes share."""
_limit = threading.local()
"""`ends`: when this thread's running attempt is out of time, in monotonic seconds."""


class _Given(Generic[C]):
    """The caller's own HTTP client, which cannot be made anew after a fork."""

    def __init__(self, client: C) -> None:
        self._client = client
        self._used_in: int | None = None

    def client(self) -> C:
        if self._used_in is None:
            self._used_in = os.getpid()
        elif self._used_in != os.getpid():
            raise UnsafeUseError(
                "http_client was used before this process was forked, so both processes would share its connections: "
                "make the client and the app in the child, or leave http_client out."
            )
        if self._client.is_closed:
            raise UnsafeUseError("http_client is closed.")
        return self._client


def _settled(step: Wait) -> bool:
    try:
        step.future.exception(step.timeout)
    except TimeoutError:
        return False
    return True


async def _settled_async(step: Wait) -> bool:
    loop = asyncio.get_running_loop()
    settled = asyncio.Event()
    # An event of this loop and not `wrap_future`: cancelling one waiter must not cancel what the others wait for.
    step.future.add_done_callback(lambda _: _wake(loop, settled))
    try:
        async with asyncio.timeout(step.timeout):
            await settled.wait()
    except TimeoutError:
        return False
    return True


def _wake(loop: asyncio.AbstractEventLoop, settled: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(settled.set)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for the process, made at the first call: reading the certificates is most of the cost of a client."""
    return httpx.create_ssl_context()


def _no_cookies() -> CookieJar:
    """A jar that takes nothing: the API's cookies would carry one user's call over into another's."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _made_blocking() -> httpx.Client:
    client = httpx.Client(verify=_ssl_context(), cookies=_no_cookies(), headers=_HEADERS, timeout=None)  # noqa: S113 - each request brings its own
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - see _DeadlineBackend
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001
            pool._network_backend = _DeadlineBackend(pool._network_backend)  # noqa: SLF001
    return client


class _DeadlineBackend(httpcore.NetworkBackend):
    """Clips every wait on a socket to the running attempt's end.

    The library limits each read alone, so a reply that drips would never time out; a blocking call cannot be ended
    from outside, and httpx takes no backend, hence the hold on its pool. Async calls are simply cancelled.
    """

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        clipped = _clipped(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._backend.connect_tcp(host, port, clipped, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        clipped = _clipped(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._backend.connect_unix_socket(path, clipped, socket_options))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _clipped(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _clipped(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        clipped = _clipped(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, clipped))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _clipped(timeout: float | None, out_of_time: type[Exception]) -> float | None:
    ends: float | None = getattr(_limit, "ends", None)
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise out_of_time("the call's total timeout is used up")
    return left if timeout is None else min(timeout, left)


def _until(ends: float | None, chunks: Iterable[bytes]) -> Iterable[bytes]:
    for chunk in chunks:
        yield chunk
        if ends is not None and time.monotonic() >= ends:
            raise TimeoutError


def _http_request(client: Any, request: Request) -> Any:
    connect, read = request.connect_timeout, request.read_timeout
    made = client.build_request(
        request.method,
        request.url,
        content=request.content,
        headers=request.headers,
        timeout=(connect, read, read, connect),
    )
    made.headers.pop("cookie", None)
    return made


def _translated(error: Exception, ends: float | None) -> HexclaveError | None:
    """The SDK's error for one of the HTTP library; `None` if it is none of those.

    Told apart by name, because httpx and httpx2 use the same names for classes that are not related.
    """
    names = {base.__name__ for base in type(error).__mro__}
    if "TimeoutException" in names or isinstance(error, TimeoutError):
        if isinstance(error, TimeoutError) or (ends is not None and time.monotonic() >= ends):
            return TotalTimeout("The call did not end in time.")
        if names & {"ConnectTimeout", "PoolTimeout"}:
            return ConnectTimeout("No connection came about in time.")
        return ReadTimeout("The connection went silent before the reply was complete.")
    reason = f"{type(error).__name__}: {error}"
    if "DecodingError" in names:
        return UnreadableReplyError(f"The reply cannot be decoded ({reason}).")
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol"}:
        failure = APIConnectionError(f"The API cannot be reached ({reason}).")
        failure.sent = False
        return failure
    if names & {"HTTPError", "StreamError"} or isinstance(error, OSError):
        return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")
    return None
