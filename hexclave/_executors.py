"""Perform the steps of a call, blocking or awaiting."""

import asyncio
import contextlib
import inspect
import os
import threading
import time
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

import attrs

from hexclave import _deadline
from hexclave._connections import AsyncConnections, Connections
from hexclave._given_client import AsyncGiven, AsyncHttpClient, BlockingHttpClient, Given
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


class BlockingExecutor:
    """Performs steps in the calling thread."""

    def __init__(self, http_client: BlockingHttpClient | None) -> None:
        if inspect.iscoroutinefunction(getattr(http_client, "send", None)):
            raise UnsafeUseError("http_client is an async client; give it to an async app, or a blocking one here.")
        self._given = None if http_client is None else Given(http_client)
        self._made: Connections | None = None
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
        used = self._used()
        ends = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        failure: BaseException | None
        try:
            with _deadline.until(ends):
                return used.send(request, ends)
        except Exception as error:
            failure = _translated(error, ends, used)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        # Not raised in the `except`: the library's frames hold headers, and a traceback with locals shows them.
        raise failure

    def _used(self) -> Given | Connections:
        self._leave_to_parent()
        if self._given is not None and not self._closed:
            self._given.check()
            return self._given
        made = self._made
        if made is None:
            with self._lock:
                if self._closed:
                    raise UnsafeUseError("The app is closed.")
                made = self._made = self._made or Connections()
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
        self._given = None if http_client is None else AsyncGiven(http_client)
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
        if opened is not None:
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
        used = await self._used()
        total = request.total_timeout
        ends = None if total is None else time.monotonic() + total
        failure: BaseException | None
        try:
            async with asyncio.timeout(total):
                return await used.send(request)
        except Exception as error:
            failure = _translated(error, ends, used)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        raise failure

    async def _used(self) -> AsyncGiven | AsyncConnections:
        self._leave_to_parent()
        if self._closed:
            raise UnsafeUseError("The app is closed.")
        if self._given is not None:
            self._given.check()
            return self._given
        loop = asyncio.get_running_loop()
        opened = self._made.get(loop)
        if opened is None:
            for other in list(self._made):
                if other.is_closed():  # by hand, without closing its generators
                    self._made.pop(other, None)
            connections = AsyncConnections()
            keeper = _keep(self._made, loop, connections)
            opened = self._made[loop] = _Opened(connections, keeper)
            await anext(keeper)
        return opened.connections

    def _leave_to_parent(self) -> None:
        if self._pid != os.getpid():
            _inherited.append(self._made)
            self._made, self._pid = {}, os.getpid()


@attrs.frozen(eq=False)
class _Opened:
    connections: AsyncConnections
    keeper: AsyncGenerator[None]


async def _keep(
    made: dict[asyncio.AbstractEventLoop, _Opened], loop: asyncio.AbstractEventLoop, connections: AsyncConnections
) -> AsyncGenerator[None]:
    """Close the connections with their loop, whose end has no other hook: `asyncio.run` closes all generators then.

    Otherwise an app that is used in one `asyncio.run` after the other would collect dead connections.
    """
    try:
        yield
    finally:
        made.pop(loop, None)
        await connections.aclose()


_inherited: list[object] = []
"""Parents' connections, kept alive in a forked child: collecting them would close what both processes share."""


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


def _names(error: Exception) -> set[str]:
    """Of its classes: httpx, httpx2 and httpcore use the same names for classes that are not related."""
    return {base.__name__ for base in type(error).__mro__}


def _translated(error: Exception, ends: float | None, used: Any) -> HexclaveError | None:
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
    if names & {"HTTPError", "StreamError", "NetworkError", "ProtocolError"} or isinstance(error, OSError):
        return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")
    if isinstance(error, RuntimeError) and used.is_closed:
        return UnsafeUseError("The app, or its http_client, was closed during the call.")
    if isinstance(error, RuntimeError) and "loop" in str(error):
        return UnsafeUseError(
            "http_client has connections of another event loop: make a client for each loop, or leave http_client out."
        )
    return None
