"""Idle connections, and what both modes know of when one may be used again."""

import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, Generic, Protocol, TypeVar

from hexclave._transport.address import Origin

CONNECTIONS: Final = 100
"""Calls that are on the wire at once; further ones wait."""
EXPIRY: Final = 5.0
"""Seconds after which an unused connection counts as closed by the server."""


class Connection(Protocol):
    idle_since: float

    def is_clean(self) -> bool:
        """Return true if it is open and received no unexpected data."""
        ...

    def close(self) -> None: ...


C = TypeVar("C", bound=Connection)


class Pool(Generic[C]):
    """Idle connections by origin, the one used last first."""

    def __init__(self) -> None:
        self._idle: dict[Origin, deque[C]] = {}
        self.is_closed = False

    def take_idle(self, origin: Origin) -> C | None:
        """Return a connection that can be used, if there is one."""
        idle = self._idle.get(origin)
        if not idle:
            return None
        expired = time.monotonic() - EXPIRY
        while True:
            try:
                connection = idle.pop()
            except IndexError:  # Other threads may take some, too.
                return None
            if connection.idle_since > expired and connection.is_clean():
                return connection
            connection.close()

    def give_back(self, origin: Origin, connection: C) -> None:
        """Keep a connection for the next call, and close the one unused for longest if it has expired."""
        connection.idle_since = now = time.monotonic()
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle.setdefault(origin, deque())
        idle.append(connection)
        if self.is_closed:
            self.close()
        elif len(idle) > 1:
            try:
                oldest = idle.popleft()
            except IndexError:
                return
            if oldest.idle_since > now - EXPIRY:
                idle.appendleft(oldest)
            else:
                oldest.close()

    def close(self) -> None:
        """Close idle connections; those in use are closed when they are returned."""
        self.is_closed = True
        for idle in list(self._idle.values()):
            while idle:
                try:
                    idle.pop().close()
                except IndexError:
                    break

    def __iter__(self) -> Iterator[C]:
        return (connection for idle in list(self._idle.values()) for connection in list(idle))


def readiness(descriptor: int) -> Callable[[], bool]:
    """Return a function that tells whether bytes, or the end of the stream, can be read at once."""
    if not hasattr(select, "poll"):
        return lambda: bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: bool(poll.poll(0))
