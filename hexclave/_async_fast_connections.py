"""The fast connections of async apps, which keep to one event loop."""

import asyncio
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from hexclave._fast_connections import CONNECTIONS, Clients, filled, reply, translated
from hexclave._messages import Reply, Request


class AsyncFastConnections(Clients[Client]):
    """For the tasks of one event loop."""

    def __init__(self) -> None:
        super().__init__(ClientBuilder)
        # Not the library's own limit: a call that was cancelled goes on there until its time is up.
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def send(self, request: Request) -> Reply:
        made = filled(self._client(request).request(request.method, request.url), request)
        if request.total_timeout is not None:
            # Past the end of the call, which the event loop sees to: it is for what is left of a cancelled call.
            made = made.timeout(timedelta(seconds=request.total_timeout + 1))
        try:
            async with self._slots:
                response = await made.build().send()
            return reply(response, bytes(await response.bytes()))
        except (PyreqwestError, ValueError) as error:
            failure = translated(error, None)
        raise failure

    async def aclose(self) -> None:
        """Calls under way come to their end."""
        self._forget()
