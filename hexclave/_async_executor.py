"""Perform the steps of a call in the running asyncio event loop."""

import asyncio
import contextlib
import inspect
import os
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import attrs

from hexclave import _fast
from hexclave._failures import translated
from hexclave._given_client import AsyncGiven, AsyncHttpClient
from hexclave._messages import Reply, Request
from hexclave._steps import Call, Send, Sleep, Step, Steps, Wait
from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from hexclave._async_connections import AsyncConnections
    from hexclave._async_fast_connections import AsyncFastConnections

T = TypeVar("T")


class AwaitingExecutor:
    """Performs steps in the running asyncio event loop; each loop has connections of its own."""

    def __init__(self, http_client: AsyncHttpClient | Literal["fast"] | None) -> None:
        self._fast = _fast.is_chosen(http_client)
        if isinstance(http_client, str):
            http_client = None
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
                    outcome = await (self._send(step.request) if isinstance(step, Send) else self._perform(step))
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    async def handed(self, value: T) -> T:
        """The value, as `run` would give it."""
        return value

    async def close(self) -> None:
        """Close the running loop's connections that were made here; a client that was given stays open."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        self._closed = True
        opened = self._made.pop(asyncio.get_running_loop(), None)
        if opened is not None:
            await opened.keeper.aclose()

    async def _perform(self, step: Sleep | Call[Any] | Wait) -> object:
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
            return None
        if isinstance(step, Call):
            return await step.awaiting()
        return await _settled(step)

    async def _send(self, request: Request) -> Reply:
        used = self._used() or await self._opened()
        ends = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        failure: BaseException | None
        try:
            return await used.send(request)
        except Exception as error:
            failure = translated(error, ends, used)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        raise failure

    def _used(self) -> "AsyncGiven | AsyncConnections | AsyncFastConnections | None":
        """`None` if the running loop has none yet."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        if self._closed:
            raise UnsafeUseError("The app is closed.")
        if self._given is not None:
            self._given.check()
            return self._given
        opened = self._made.get(asyncio.get_running_loop())
        return None if opened is None else opened.connections

    async def _opened(self) -> "AsyncConnections | AsyncFastConnections":
        for other in list(self._made):
            if other.is_closed():  # by hand, without closing its generators
                self._made.pop(other, None)
        loop, connections = asyncio.get_running_loop(), self._new()
        keeper = _keep(self._made, loop, connections)
        self._made[loop] = _Opened(connections, keeper)
        await anext(keeper)
        return connections

    def _new(self) -> "AsyncConnections | AsyncFastConnections":
        # Loaded with the first call, and only the library that makes it.
        if self._fast and _fast.is_usable():
            from hexclave._async_fast_connections import AsyncFastConnections

            return AsyncFastConnections()
        from hexclave._async_connections import AsyncConnections

        return AsyncConnections()

    def _leave_to_parent(self) -> None:
        _inherited.append(self._made)
        self._made, self._pid = {}, os.getpid()


@attrs.frozen(eq=False)
class _Opened:
    connections: "AsyncConnections | AsyncFastConnections"
    keeper: AsyncGenerator[None]


async def _keep(
    made: dict[asyncio.AbstractEventLoop, _Opened],
    loop: asyncio.AbstractEventLoop,
    connections: "AsyncConnections | AsyncFastConnections",
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


async def _settled(step: Wait) -> bool:
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
