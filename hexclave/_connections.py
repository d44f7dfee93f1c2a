"""Connections that the apps make themselves: kept alive, and each for one call at a time.

The client layer of httpx is left out, because it costs more than sending a call does, and so is the queue of its pool,
which looks at every connection for every call. Its clients only say which proxy of the environment applies.
"""

import functools
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar, Final, NamedTuple

import httpcore
import httpx

from hexclave import _deadline
from hexclave._messages import Reply, Request

CONNECTIONS: Final = 100
_HEADERS: Final = {"accept": "application/json", "user-agent": "hexclave-python"}
_LONGEST_URL: Final = 65_536
_PLAIN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%"
"""What may stand in path and query as it is."""


class Origin(NamedTuple):
    scheme: bytes
    host: bytes
    port: int | None
    header: bytes
    """The value of `Host`."""


class Place(NamedTuple):
    """An origin that calls went to."""

    pool: Any
    """Makes connections, directly or by the proxy that the environment names; it is not asked to keep any."""
    headers: dict[str, str]
    idle: deque[Any]
    """The connections that are not in use, the one used last at the end."""


class Kept:
    """What both modes have in common."""

    _client: ClassVar[type[httpx.Client | httpx.AsyncClient]]

    def __init__(self) -> None:
        self._places: dict[Origin, Place] = {}
        self.is_closed = False

    def _place(self, origin: Origin) -> Place:
        place = self._places.get(origin)
        # One step, so that all threads get the same one.
        return self._places.setdefault(origin, self._made(origin)) if place is None else place

    def _made(self, origin: Origin) -> Place:
        client = self._client(verify=_ssl_context(origin.scheme), headers=_HEADERS)
        if isinstance(client, httpx.Client):
            _deadline.watch(client)
        url = httpx.URL(scheme=origin.scheme.decode(), host=origin.host.decode(), port=origin.port)
        # There is no public way to learn the proxy, nor to have the pool's kind of connection without its queue.
        transport: Any = client._transport_for_url(url)  # noqa: SLF001 - see above
        return Place(transport._pool, dict(client.headers), deque())  # noqa: SLF001

    def _keep(self, place: Place, connection: Any) -> Any:
        """Keep the connection; what is to be closed instead, because it or the one unused for longest is of no use."""
        if self.is_closed or not connection.is_available():
            return connection
        idle = place.idle
        idle.append(connection)
        if len(idle) == 1:
            return None
        try:
            oldest = idle.popleft()
        except IndexError:  # Other threads were quicker.
            return None
        if oldest.has_expired():
            return oldest
        idle.appendleft(oldest)
        return None


class Connections(Kept):
    """For threads."""

    _client = httpx.Client

    def __init__(self) -> None:
        super().__init__()
        self._slots = threading.Semaphore(CONNECTIONS)

    def send(self, request: Request, ends: float | None) -> Reply:
        origin, target = address(request.url)
        place = self._place(origin)
        made = core_request(request, origin, target, place.headers)
        if not self._slots.acquire(timeout=None if ends is None else max(ends - time.monotonic(), 0)):
            raise TimeoutError
        try:
            connection = popped(place)
            while connection is not None and connection.has_expired():
                connection.close()
                connection = popped(place)
            if connection is None:
                connection = place.pool.create_connection(made.url.origin)
            try:
                response = connection.handle_request(made)
                try:
                    content = b"".join(_deadline.chunks(ends, response.stream))
                finally:
                    response.stream.close()
            finally:
                useless = self._keep(place, connection)
                if useless is not None:
                    useless.close()
        finally:
            self._slots.release()
        return reply(response, content)

    def close(self) -> None:
        """Calls under way come to their end."""
        self.is_closed = True
        for place in list(self._places.values()):
            while (connection := popped(place)) is not None:
                connection.close()


@functools.cache
def _ssl_context(scheme: bytes) -> ssl.SSLContext:
    """One for the process, made at the first call: reading the certificates is most of the cost of a client."""
    return httpx.create_ssl_context() if scheme == b"https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def popped(place: Place) -> Any:
    """A connection that was kept, which may be dead by now; `None` if there is none."""
    try:
        return place.idle.pop()
    except IndexError:
        return None


def core_request(request: Request, origin: Origin, target: bytes, defaults: dict[str, str]) -> httpcore.Request:
    headers = [(b"host", origin.header)]
    for name, value in (defaults | dict(request.headers)).items():
        if name != "cookie":  # The API's cookies would carry one user's call over into another's.
            headers.append((name.encode("ascii"), value.encode("ascii")))
    if request.content is not None:
        headers.append((b"content-length", b"%d" % len(request.content)))
    connect, read = request.connect_timeout, request.read_timeout
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target),
        headers=headers,
        content=request.content,
        extensions={"timeout": {"connect": connect, "read": read, "write": read}},
    )


def address(url: str) -> tuple[Origin, bytes]:
    """Where to connect, and what to ask for there.

    Raises:
        httpx.InvalidURL: neither can be told.
    """
    start = url.find("/", 8)  # behind `https://`
    if start > 0 and len(url) < _LONGEST_URL and "/." not in url and url.isascii():
        origin, target = _origin(url[:start]), url[start:].encode()
        if origin is not None and not target.translate(None, _PLAIN):
            return origin, target
    # Redirects may go to any spelling of a URL, so the library reads it.
    whole = httpx.URL(url)
    return _parts(whole), whole.raw_path


@functools.lru_cache(maxsize=16)
def _origin(text: str) -> Origin | None:
    """`None` if there is more in it."""
    return None if set(text) & {"?", "#", "@", "\\"} else _parts(httpx.URL(text))


def _parts(url: httpx.URL) -> Origin:
    return Origin(url.raw_scheme, url.raw_host, url.port, url.netloc)


def reply(response: httpcore.Response, content: bytes) -> Reply:
    headers = _joined(response.headers)
    if "content-encoding" in headers:
        content = _decoded(response, content)
    return Reply(response.status, headers, content)


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.lower().decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _decoded(response: httpcore.Response, content: bytes) -> bytes:
    try:
        return httpx.Response(response.status, headers=response.headers, content=content).content
    except httpx.DecodingError:
        if 200 <= response.status < 300:
            raise
        return b""  # A failure is told by its status.
