"""Perform the steps of a call, blocking or awaiting. The only module that imports the HTTP library."""

import asyncio
import contextlib
import functools
import inspect
import os
import ssl
import threading
import time
from collections.abc import AsyncGenerator, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Generic, Protocol, TypeVar

import attrs
import httpcore  # noqa: F401 - else httpx imports it during the first call, and a fork meanwhile would block the child
import httpx

from hexclave import _deadline
from hexclave._messages import Reply, Request
from hexclave._reclaim import reclaim
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
        if inspect.iscoroutinefunction(getattr(http_client, "send", None)):
            raise UnsafeUseError("http_client is an async client; give it to an async app, or a blocking one here.")
        self._given = None if http_client is None else _Given(http_client, prepare=_deadline.watch)
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
        failure: BaseException | None
        try:
            with _deadline.until(ends):
                response = client.send(_http_request(client, request), stream=True, auth=None, follow_redirects=False)
                try:
                    content = b"".join(_deadline.chunks(ends, response.iter_bytes()))
                except Exception as error:
                    if not _told_by_status(error, response):
                        raise
                    content = b""
                finally:
                    response.close()
            return Reply(response.status_code, response.headers, content)
        except Exception as error:
            failure = _translated(error, ends, client)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        # Not raised in the `except`: the library's frames hold headers, and a traceback with locals shows them.
        raise failure

    def _client(self) -> BlockingHttpClient:
        self._leave_to_parent()
        if self._given is not None and not self._closed:
            return self._given.client()
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
        if http_client is not None and not inspect.iscoroutinefunction(getattr(http_client, "send", None)):
            raise UnsafeUseError("http_client is a blocking client; give it to a blocking app, or an async one here.")
        self._given = None if http_client is None else _Given(http_client)
        self._made: dict[asyncio.AbstractEventLoop, _Opened] = {}
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
        self._leave_to_parent()
        self._closed = True
        opened = self._made.pop(asyncio.get_running_loop(), None)
        if opened is not None and opened.keeper is not None:
            await opened.keeper.aclose()

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
        used = await self._opened()
        total = request.total_timeout
        ends = None if total is None else time.monotonic() + total
        failure: BaseException | None
        made = None
        try:
            async with asyncio.timeout(total), used.slots:
                made = _http_request(used.client, request)
                response = await used.client.send(made, stream=True, auth=None, follow_redirects=False)
                try:
                    content = await response.aread()
                except Exception as error:
                    if not _told_by_status(error, response):
                        raise
                    content = b""
                finally:
                    await response.aclose()
            return Reply(response.status_code, response.headers, content)
        except Exception as error:
            failure = _translated(error, ends, used.client)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        if made is not None:
            await reclaim(used.client, made)
        raise failure

    async def _opened(self) -> "_Opened":
        self._leave_to_parent()
        if self._closed:
            raise UnsafeUseError("The app is closed.")
        if self._given is not None:
            return _Opened(self._given.client(), contextlib.nullcontext())
        loop = asyncio.get_running_loop()
        opened = self._made.get(loop)
        if opened is None:
            for other in list(self._made):
                if other.is_closed():  # by hand, without closing its generators
                    self._made.pop(other, None)
            client = httpx.AsyncClient(
                verify=_ssl_context(),
                cookies=_no_cookies(),
                headers=_HEADERS,
                limits=_LIMITS,
                timeout=None,  # noqa: S113 - each request brings its own
            )
            keeper = _keep(self._made, loop, client)
            # More calls than connections wait here: the pool's own queue costs the square of its length.
            opened = self._made[loop] = _Opened(client, asyncio.Semaphore(_CONNECTIONS), keeper)
            await anext(keeper)
        return opened

    def _leave_to_parent(self) -> None:
        if self._pid != os.getpid():
            _inherited.append(self._made)
            self._made, self._pid = {}, os.getpid()


@attrs.frozen(eq=False)
class _Opened:
    client: Any
    slots: contextlib.AbstractAsyncContextManager[None]
    keeper: AsyncGenerator[None] | None = None


async def _keep(
    made: dict[asyncio.AbstractEventLoop, _Opened], loop: asyncio.AbstractEventLoop, client: httpx.AsyncClient
) -> AsyncGenerator[None]:
    """Close the client with its loop, for whose end there is no other hook: `asyncio.run` closes all generators then.

    Otherwise an app that is used in one `asyncio.run` after the other would collect dead connections.
    """
    try:
        yield
    finally:
        made.pop(loop, None)
        await client.aclose()


_CONNECTIONS: Final = 100
_LIMITS: Final = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
"""As many idle ones as there may be, because httpcore 1.0 closes every connection after use while more are open."""
_HEADERS: Final = {"accept": "application/json", "user-agent": "hexclave-python"}
_inherited: list[object] = []
"""Parents' clients, kept alive in a forked child: collecting them would close what both processes share."""


class _Given(Generic[C]):
    """The caller's own HTTP client, which cannot be made anew after a fork."""

    def __init__(self, client: C, *, prepare: Callable[[C], None] = lambda _: None) -> None:
        self._client = client
        self._prepare = prepare
        self._used_in: int | None = None

    def client(self) -> C:
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
    with contextlib.suppress(RuntimeError):  # The loop is closed, so nobody waits any more.
        loop.call_soon_threadsafe(settled.set)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """One for the process, made at the first call: reading the certificates is most of the cost of a client."""
    return httpx.create_ssl_context()


def _no_cookies() -> CookieJar:
    """A jar that takes nothing: the API's cookies would carry one user's call over into another's."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def _made_blocking() -> httpx.Client:
    client = httpx.Client(
        verify=_ssl_context(),
        cookies=_no_cookies(),
        headers=_HEADERS,
        limits=_LIMITS,
        timeout=None,  # noqa: S113 - each request brings its own
    )
    _deadline.watch(client)
    return client


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
    return "DecodingError" in _names(error) and not response.is_success


def _names(error: Exception) -> set[str]:
    """Of its classes: httpx and httpx2 use the same names for classes that are not related."""
    return {base.__name__ for base in type(error).__mro__}


def _translated(error: Exception, ends: float | None, client: Any) -> HexclaveError | None:
    """The SDK's error for one of the HTTP library; `None` if it is none of those."""
    names = _names(error)
    if "TimeoutException" in names or isinstance(error, TimeoutError):
        if isinstance(error, TimeoutError) or (ends is not None and time.monotonic() >= ends):
            return TotalTimeout("The call did not end in time.")
        if names & {"ConnectTimeout", "PoolTimeout"}:
            return ConnectTimeout("No connection came about in time.")
        return ReadTimeout("The connection went silent before the reply was complete.")
    reason = f"{type(error).__name__}: {error}"
    if "DecodingError" in names:
        return UnreadableReplyError(f"The reply cannot be decoded ({reason}).")
    if "InvalidURL" in names:
        return UnsafeUseError(f"The call makes a URL that cannot be sent ({reason}).")
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol"}:
        failure = APIConnectionError(f"The API cannot be reached ({reason}).")
        failure.sent = False
        return failure
    if names & {"HTTPError", "StreamError"} or isinstance(error, OSError):
        return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")
    if isinstance(error, RuntimeError) and client.is_closed:
        return UnsafeUseError("The app, or its http_client, was closed during the call.")
    return None
