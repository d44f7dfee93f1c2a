"""The interface between the calls of an app and the network."""

from typing import Protocol

from hexclave._messages import Reply, Request


class Transport(Protocol):
    """Sends requests for blocking apps. Threads may use it at once."""

    def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply, or raise. It neither follows redirects nor repeats a request.

        `deadline` is a value of `time.monotonic()`; `None` waits without limit.

        Raises:
            TransportError: there is no reply; its attribute `sent` tells whether the request may have arrived.
            UnsafeUseError: the request cannot be sent.
        """
        ...

    def close(self) -> None:
        """Close idle connections. In-flight calls complete."""
        ...


class AsyncTransport(Protocol):
    """Sends requests for async apps."""

    async def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply, or raise; see `Transport.send`.

        Raises:
            TransportError: there is no reply; its attribute `sent` tells whether the request may have arrived.
            UnsafeUseError: the request cannot be sent.
        """
        ...

    async def close(self) -> None:
        """Close idle connections. In-flight calls complete."""
        ...
