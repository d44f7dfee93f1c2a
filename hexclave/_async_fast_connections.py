"""The fast connections of async apps, which keep to one event loop."""

import asyncio
import atexit
import contextlib
import os
import time
import types
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from pyreqwest.client import Client, ClientBuilder, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from hexclave._fast_connections import CONNECTIONS, LOADED_IN, Clients, filled, reply, translated, until
from hexclave._messages import Reply, Request


def _settle() -> None:
    """Wait until the library's thread has let go of the interpreter, which it holds for a moment after waking a loop.

    An interpreter that ends in that moment is aborted. One thread does everything there in turn, so when it has failed
    to connect to a port that cannot be, it is done with all that came before.
    """
    if os.getpid() == LOADED_IN:
        with contextlib.suppress(PyreqwestError):
            SyncClientBuilder().no_proxy().timeout(timedelta(seconds=1)).build().get(
                "http://127.0.0.1:0/"
            ).build().send()


atexit.register(_settle)


@types.coroutine
def _cancellable(awaited: Any) -> Generator[Any, Any, Any]:
    """What the library returns; a cancellation that comes together with the result is not lost, as it is there."""
    try:
        waiting = awaited.send(None)
        while True:
            try:
                sent = yield waiting
            except BaseException:
                awaited.close()
                raise
            waiting = awaited.send(sent)
    except StopIteration as ended:
        return ended.value


class AsyncFastConnections(Clients[Client]):
    """For the tasks of one event loop."""

    def __init__(self) -> None:
        super().__init__(ClientBuilder)
        # Not the library's own limit: a call that was cancelled goes on there until its time is up.
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def send(self, request: Request) -> Reply:
        total = request.total_timeout
        ends = None if total is None else time.monotonic() + total
        if self._slots.locked():
            async with asyncio.timeout(total):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            made = filled(self._client(request).request(request.method, request.url), request)
            if ends is not None:  # The library keeps the time, also of what is left of a cancelled call.
                made = made.timeout(until(ends))
            response = await _cancellable(made.build().send())
            return reply(response, bytes(await _cancellable(response.bytes())))
        except (PyreqwestError, ValueError) as error:
            failure = translated(error, ends)
        finally:
            self._slots.release()
        raise failure

    async def aclose(self) -> None:
        """Calls under way come to their end."""
        self._forget()
