"""HTTP/1.1 over blocking sockets."""

import queue
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Final

from hexclave._messages import Reply, Request
from hexclave._transport.address import Origin, address
from hexclave._transport.connecting import connected, sooner, time_left
from hexclave._transport.encoding import encode_head
from hexclave._transport.failures import broken, timed_out, unreachable
from hexclave._transport.parsing import ReplyReader
from hexclave._transport.pool import CONNECTIONS, Pool, readiness
from hexclave.errors import APIConnectionError, HexclaveError, UnsafeUseError

if TYPE_CHECKING:
    import ssl

_PIECE: Final = 1 << 16
_KERNEL_WAITS: Final = sys.platform != "win32" and sys.maxsize > 1 << 32
"""True if the system limits waits. Python's own timeouts need two system calls per wait, and release the GIL in
between.
"""


class SocketTransport:
    """Connections of our own: kept alive, one request at a time on each, at most 100 in use.

    `ssl_context` replaces the certificates of certifi and of `SSL_CERT_FILE` and `SSL_CERT_DIR`. Looking up a name is
    left to the system, which no limit of ours can interrupt.
    """

    def __init__(self, *, ssl_context: "ssl.SSLContext | None" = None) -> None:
        self._ssl_context = ssl_context
        self._pool: Pool[_Connection] = Pool()
        self._slots: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(CONNECTIONS):
            self._slots.put(None)

    def send(self, request: Request, deadline: float | None) -> Reply:
        """Return the whole reply; see `Transport.send`.

        Raises:
            TransportError: there is no reply.
            UnsafeUseError: the request cannot be sent, or the transport is closed.
        """
        origin, target = address(request.url)
        head = encode_head(request, origin, target)
        if self._pool.is_closed:
            raise UnsafeUseError("The transport is closed.")
        if not self._take_slot(deadline):
            raise timed_out(deadline, connecting=True)
        try:
            reader = self._exchange(origin, head, request, deadline)
        finally:
            self._slots.put(None)
        content = reader.chunks[0] if len(reader.chunks) == 1 else b"".join(reader.chunks)
        if "content-encoding" in reader.headers:
            from hexclave._transport.decoding import decode

            encoding = reader.headers["content-encoding"]
            content = decode(reader.status, encoding, content, request.max_reply_size, deadline)
        return Reply(reader.status, reader.headers, content)

    def close(self) -> None:
        """Close idle connections. In-flight calls complete."""
        self._pool.close()

    def _take_slot(self, deadline: float | None) -> bool:
        try:
            self._slots.get(timeout=None if deadline is None else max(deadline - time.monotonic(), 0))
        except queue.Empty:
            return False
        return True

    def _exchange(self, origin: Origin, head: bytes, request: Request, deadline: float | None) -> ReplyReader:
        while True:
            connection = self._pool.take_idle(origin)
            is_fresh = connection is None
            connection = connection or self._connect(origin, request.connect_timeout, deadline)
            try:
                reader = connection.exchange(head, request, deadline)
            except APIConnectionError:
                connection.close()
                if is_fresh or connection.has_sent:
                    raise
                continue  # The server closed it meanwhile, and not a byte of the request has left this machine.
            except BaseException:
                connection.close()
                raise
            if reader.reusable:
                self._pool.give_back(origin, connection)
            else:
                connection.close()
            return reader

    def _connect(self, origin: Origin, limit: float | None, deadline: float | None) -> "_Connection":
        ends = sooner(None if limit is None else time.monotonic() + limit, deadline)
        failure: HexclaveError
        sock: socket.socket | None = None
        tls: ssl.SSLSocket | None = None
        try:
            sock = connected(origin, ends)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if origin.scheme == "https":
                sock.settimeout(time_left(ends))
                from hexclave._transport.tls import default_context  # slow to load

                context = self._ssl_context or default_context()
                sock = tls = context.wrap_socket(sock, server_hostname=origin.host.encode())
            return _Connection(sock, tls)
        except TimeoutError:
            failure = timed_out(deadline, connecting=True)
        except (OSError, UnicodeError) as error:  # UnicodeError: no name service could know such a host.
            failure = unreachable(str(origin), error)
        except BaseException:
            if sock is not None:
                sock.close()
            raise
        if sock is not None:
            sock.close()
        raise failure


class _Connection:
    def __init__(self, sock: socket.socket, tls: "ssl.SSLSocket | None") -> None:
        self.idle_since = 0.0
        self.has_sent = False
        """True if any byte of the request may have been sent."""
        self._sock, self._tls = sock, tls
        self._is_readable = readiness(sock.fileno())
        self._timeout = sock.gettimeout()
        if tls is None and _KERNEL_WAITS:
            sock.settimeout(None)
            self._timeout = None

    def exchange(self, head: bytes, request: Request, deadline: float | None) -> ReplyReader:
        """Send the request and return the reader of its complete reply.

        Raises:
            TransportError: the reply did not come.
        """
        reader = ReplyReader(request.method, request.max_reply_size)
        silence, content = request.read_timeout, request.content
        failure: HexclaveError
        self.has_sent = False
        try:
            is_sent, data = self._send(head if content is None else head + content, silence, deadline)
            while True:
                if not data:
                    self._limit(silence, deadline)
                    data = self._sock.recv(_PIECE)
                if not data:
                    reader.end()
                    return reader
                if reader.feed(data):
                    reader.reusable = reader.reusable and is_sent
                    return reader
                data = None
        except (TimeoutError, BlockingIOError):
            failure = timed_out(deadline)
        except OSError as error:
            failure = broken(f"{type(error).__name__}: {error}")
        raise failure

    def _send(self, data: bytes, silence: float | None, deadline: float | None) -> tuple[bool, bytes | None]:
        """Return whether all was sent before anything came back, and what came."""
        rest, early = memoryview(data), None
        try:
            while rest:
                if self.has_sent and early is None:
                    early = self._arrived()
                self._limit(silence, deadline)
                rest = rest[self._sock.send(rest[:_PIECE] if len(rest) > _PIECE else rest) :]
                self.has_sent = True
        except (TimeoutError, BlockingIOError):
            raise
        except OSError:
            if not self.has_sent:
                raise
            return False, early  # The reply may say why the server does not accept the rest.
        return early is None, early

    def _limit(self, silence: float | None, deadline: float | None) -> None:
        timeout = silence
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if silence is None or left < silence:
                timeout = left
        if timeout != self._timeout:
            self._timeout = timeout
            if self._tls is not None or not _KERNEL_WAITS:
                self._sock.settimeout(timeout)
                return
            whole, rest = divmod(0 if timeout is None else max(int(timeout * 1e6), 1), 1_000_000)
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                self._sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", whole, rest))

    def is_clean(self) -> bool:
        """Return true if it is open and received no unexpected data."""
        return self._arrived() is None

    def _arrived(self) -> bytes | None:
        """Return what can be read at once: `None` for nothing, `b""` at the end or after a failure."""
        if not self._is_readable() and (self._tls is None or not self._tls.pending()):
            return None
        if self._tls is not None:
            self._tls.settimeout(0)
            self._timeout = 0
        try:
            return self._sock.recv(_PIECE)  # at once, because there is something
        except OSError as error:
            if self._tls is not None:
                import ssl  # loaded already

                # What came was a ticket for a later session: harmless, and taken in by trying to read.
                if isinstance(error, ssl.SSLWantReadError):
                    return None
            return b""

    def close(self) -> None:
        self._sock.close()
