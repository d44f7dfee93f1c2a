"""Executor of steps in the running asyncio event loop."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from hexclave._engine.executor import USED_BEFORE_FORK
from hexclave._messages import Reply, Request
from hexclave._steps import Call, Send, Sleep, Step, Steps, Wait
from hexclave._transport.own import OwnTransports
from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from hexclave._transport.protocol import AsyncTransport

T = TypeVar("T")

_OWN = OwnTransports()


class AwaitingExecutor:
    """Performs steps in the running asyncio event loop; each loop has its own connections.

    A transport that was passed in is not closed, and cannot be recreated for another loop or in a forked process.
    """

    def __init__(self, given: "AsyncTransport | None" = None, own: OwnTransports = _OWN) -> None:
        self._given = given
        self._given_is_used = False
        self._own = own
        self._made: dict[asyncio.AbstractEventLoop, _Opened] = {}
        self._pid = os.getpid()
        self._closed = False

    async def run(self, steps: Steps[T]) -> T:
        """Perform the steps and return their value."""
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

    async def close(self) -> None:
        """Close the running loop's own connections; a transport that was passed in stays open."""
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
        transport = self._used() or await self._opened()
        deadline = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        try:
            return await transport.send(request, deadline)
        except BaseException as error:
            failure = error.with_traceback(None)
        # Raised outside the `except`, because the transport's frames contain headers, which tracebacks may show.
        raise failure

    def _used(self) -> "AsyncTransport | None":
        """Return the running loop's transport, or `None` if it has none yet."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        if self._closed:
            raise UnsafeUseError("The app is closed.")
        if self._given is not None:
            self._given_is_used = True
            return self._given
        opened = self._made.get(asyncio.get_running_loop())
        return None if opened is None else opened.transport

    async def _opened(self) -> "AsyncTransport":
        for other in list(self._made):
            if other.is_closed():  # closed without closing its async generators
                self._made.pop(other, None)
        loop, transport = asyncio.get_running_loop(), self._own.awaiting()
        keeper = _keep(self._made, loop, transport)
        self._made[loop] = _Opened(transport, keeper)
        await anext(keeper)
        return transport

    def _leave_to_parent(self) -> None:
        if self._given_is_used:
            raise UnsafeUseError(USED_BEFORE_FORK)
        _inherited.append(self._made)
        self._made, self._pid = {}, os.getpid()


class _Opened(NamedTuple):
    transport: "AsyncTransport"
    keeper: AsyncGenerator[None]


async def _keep(
    made: dict[asyncio.AbstractEventLoop, _Opened],
    loop: asyncio.AbstractEventLoop,
    transport: "AsyncTransport",
) -> AsyncGenerator[None]:
    """Close the connections when their loop ends: `asyncio.run` closes all async generators, its only hook.

    Otherwise an app used in several `asyncio.run` calls would accumulate dead connections.
    """
    try:
        yield
    finally:
        made.pop(loop, None)
        await transport.close()


_inherited: list[object] = []
"""Parents' connections in a forked child, kept alive because collecting them would close the shared sockets."""


async def _settled(step: Wait) -> bool:
    loop = asyncio.get_running_loop()
    settled = asyncio.Event()
    # An event of this loop, not `wrap_future`: cancelling a waiter must not cancel the future for others.
    step.future.add_done_callback(lambda _: _wake(loop, settled))
    try:
        async with asyncio.timeout(step.timeout):
            await settled.wait()
    except TimeoutError:
        return False
    return True


def _wake(loop: asyncio.AbstractEventLoop, settled: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # The loop is closed, so there is no waiter.
        loop.call_soon_threadsafe(settled.set)
