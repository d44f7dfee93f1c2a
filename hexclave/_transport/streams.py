"""HTTP/1.1 over the connections of an asyncio event loop."""

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from hexclave._messages import Reply, Request
from hexclave._transport.address import Origin, address
from hexclave._transport.connecting import sooner
from hexclave._transport.encoding import encode_head
from hexclave._transport.failures import broken, timed_out, unreachable
from hexclave._transport.parsing import ReplyReader
from hexclave._transport.pool import CONNECTIONS, Pool, readiness
from hexclave.errors import APIConnectionError, HexclaveError, UnsafeUseError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


class AsyncSocketTransport:
    """Connections of our own, for one event loop: kept alive, one request at a time on each, at most 100 in use.

    `ssl_context` replaces the certificates of certifi and of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    """

    def __init__(self, *, ssl_context: "ssl.SSLContext | None" = None) -> None:
        self._ssl_context = ssl_context
        self._pool: Pool[_Connection] = Pool()
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply; see `Transport.send`.

        Raises:
            TransportError: there is no reply.
            UnsafeUseError: the request cannot be sent, or the transport is closed or belongs to another event loop.
        """
        origin, target = address(request.url)
        head = encode_head(request, origin, target)
        loop = asyncio.get_running_loop()
        if self._pool.is_closed:
            raise UnsafeUseError("The transport is closed.")
        if self._loop is not loop:
            if self._loop is not None:
                raise UnsafeUseError("The transport has connections of another event loop: make one for each loop.")
            self._loop = loop
        if not await self._take_slot(deadline):
            raise timed_out(deadline, connecting=True)
        try:
            reader = await self._exchange(loop, origin, head, request, deadline)
        finally:
            self._slots.release()
        content = reader.chunks[0] if len(reader.chunks) == 1 else b"".join(reader.chunks)
        if "content-encoding" in reader.headers:
            from hexclave._transport.decoding import decode_async

            encoding = reader.headers["content-encoding"]
            content = await decode_async(reader.status, encoding, content, request.max_reply_size, deadline)
        return Reply(reader.status, reader.headers, content)

    async def close(self) -> None:
        """Close idle connections. In-flight calls complete."""
        self._pool.close()

    async def _take_slot(self, deadline: float | None) -> bool:
        if deadline is None or not self._slots.locked():
            return await self._slots.acquire()
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._slots.acquire()
        except TimeoutError:
            return False

    async def _exchange(
        self, loop: asyncio.AbstractEventLoop, origin: Origin, head: bytes, request: Request, deadline: float | None
    ) -> ReplyReader:
        connection = self._pool.take_idle(origin)
        if connection is None:
            connection = await self._connect(loop, origin, request.connect_timeout, deadline)
        try:
            reader = await connection.exchange(loop, head, request, deadline)
        except BaseException:
            connection.close()
            raise
        if reader.reusable:
            self._pool.give_back(origin, connection)
        else:
            connection.close()
        return reader

    async def _connect(
        self, loop: asyncio.AbstractEventLoop, origin: Origin, limit: float | None, deadline: float | None
    ) -> "_Connection":
        ends = sooner(None if limit is None else time.monotonic() + limit, deadline)
        failure: HexclaveError
        try:
            async with asyncio.timeout(None if ends is None else ends - time.monotonic()):
                return await self._connected(loop, origin, ends)
        except TimeoutError:
            failure = timed_out(deadline, connecting=True)
        except (OSError, UnicodeError) as error:  # UnicodeError: no name service could know such a host.
            failure = unreachable(str(origin), error)
        raise failure

    async def _connected(self, loop: asyncio.AbstractEventLoop, origin: Origin, ends: float | None) -> "_Connection":
        """Connect to the first address that answers. Each gets an equal share of the time that is left for all.

        Not left to asyncio: it gives the first all the time, or loses a connection when it is cancelled.
        """
        context = name = None
        if origin.scheme == "https":
            from hexclave._transport.tls import default_context  # slow to load

            context, name = self._ssl_context or default_context(), origin.host
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        for number, (*_, place) in enumerate(found, 1):
            share = None if ends is None else (ends - time.monotonic()) / (len(found) - number + 1)
            try:
                async with asyncio.timeout(share):
                    _, connection = await loop.create_connection(
                        _Connection, str(place[0]), origin.port, ssl=context, server_hostname=name
                    )
            except OSError:
                if number == len(found):
                    raise
            else:
                return connection
        raise OSError("the name has no address")


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self.idle_since = 0.0
        self._transport: asyncio.Transport
        self._is_readable: Callable[[], bool]
        self._reader: ReplyReader | None = None
        self._reply: asyncio.Future[None] | None = None
        self._is_open = True
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._deadline: float | None = None
        self._silence: float | None = None
        self._last_progress = 0.0
        self._unsent = 0

    async def exchange(
        self, loop: asyncio.AbstractEventLoop, head: bytes, request: Request, deadline: float | None
    ) -> ReplyReader:
        """Send the request and return the reader of its complete reply.

        Raises:
            TransportError: the reply did not come.
        """
        reader = self._reader = ReplyReader(request.method, request.max_reply_size)
        reply = self._reply = loop.create_future()
        self._deadline, self._silence = deadline, request.read_timeout
        self._last_progress = time.monotonic()
        self._transport.write(head if request.content is None else head + request.content)
        self._unsent = self._transport.get_write_buffer_size()
        self._watch(loop)
        try:
            await reply
        finally:
            self._reader = self._reply = None
        return reader

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the limits checked when the first of them may be reached. A timer is left to the calls that follow."""
        ends = self._deadline
        if self._silence is not None and (ends is None or self._last_progress + self._silence < ends):
            ends = self._last_progress + self._silence
        if ends is None or (self._timer is not None and self._timer_at <= ends):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = ends
        self._timer = loop.call_later(ends - time.monotonic(), self._check, loop)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._reply is None or self._reply.done():
            return
        now, unsent = time.monotonic(), self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            self._unsent, self._last_progress = unsent, now
        if self._deadline is not None and now >= self._deadline:
            self._fail(timed_out(self._deadline))
        elif self._silence is not None and now >= self._last_progress + self._silence:
            self._fail(timed_out(None))
        else:
            self._watch(loop)

    def _fail(self, failure: HexclaveError) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(failure)

    def is_clean(self) -> bool:
        """Return true if it is open and received no unexpected data."""
        return self._is_open and not self._is_readable()

    def close(self) -> None:
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_connection makes no other
        self._transport = transport
        self._is_readable = readiness(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        reader, reply = self._reader, self._reply
        if reader is None or reply is None or reply.done():
            self.close()  # Unexpected data.
            return
        self._last_progress = time.monotonic()
        try:
            is_complete = reader.feed(data)
        except HexclaveError as error:
            self._fail(error)
            return
        if is_complete:
            if self._transport.get_write_buffer_size():
                reader.reusable = False  # It came before all of the request was sent.
            reply.set_result(None)

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def _end(self, error: Exception | None) -> None:
        self._is_open = False
        if self._reader is None or self._reply is None or self._reply.done():
            return
        if error is not None:
            self._fail(broken(f"{type(error).__name__}: {error}"))
            return
        try:
            self._reader.end()
        except APIConnectionError as failure:
            self._fail(failure)
        else:
            self._reply.set_result(None)
