"""Connections that the apps make themselves: kept alive, and each for one call at a time.

The client layer of httpx is left out, because it costs more than sending a call does, and so is the queue of its pool,
which looks at every connection for every call. It is asked where its rules are more than a few lines.
"""

import functools
import ipaddress
import os
import ssl
import string
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import certifi
import httpcore

from hexclave import _deadline
from hexclave._messages import Reply, Request

CONNECTIONS: Final = 100
EXPIRY: Final = 5.0
"""Seconds after which a connection that is not used counts as closed by the server."""
_HEADERS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
    "user-agent": "hexclave-python",
}
_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = frozenset(string.ascii_lowercase + string.digits + "-._")
_SYSTEM_PROXIES: Final = frozenset({"darwin", "win32"})
"""Where there are proxies beside those of the environment."""
_LONGEST_URL: Final = 65_536
_PLAIN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%"
"""What may stand in path and query as it is."""


class Origin(NamedTuple):
    scheme: bytes
    host: bytes
    port: int | None
    header: bytes
    """The value of `Host`."""

    @property
    def url(self) -> str:
        return f"{self.scheme.decode()}://{self.header.decode()}"


class Place(NamedTuple):
    """An origin that calls went to."""

    pool: Any
    """Makes connections, directly or by the proxy that the environment names; it is not asked to keep any."""
    idle: deque[Any]
    """The connections that are not in use, the one used last at the end."""


class Kept(ABC):
    """What both modes have in common."""

    def __init__(self) -> None:
        self._places: dict[Origin, Place] = {}
        self.is_closed = False

    def _place(self, origin: Origin) -> Place:
        place = self._places.get(origin)
        # One step, so that all threads get the same one.
        return self._places.setdefault(origin, self._made(origin)) if place is None else place

    def _made(self, origin: Origin) -> Place:
        context = _ssl_context() if origin.scheme == b"https" else None
        return Place(self._proxied(origin.url, context) if _may_be_proxied() else self._direct(context), deque())

    @abstractmethod
    def _direct(self, context: ssl.SSLContext | None) -> Any: ...

    @abstractmethod
    def _proxied(self, url: str, context: ssl.SSLContext | None) -> Any: ...

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

    def __init__(self) -> None:
        super().__init__()
        self._slots = threading.Semaphore(CONNECTIONS)

    def _direct(self, context: ssl.SSLContext | None) -> Any:
        backend: Any = _deadline.Backend(httpcore.SyncBackend())
        return httpcore.ConnectionPool(ssl_context=context, keepalive_expiry=EXPIRY, network_backend=backend)

    def _proxied(self, url: str, context: ssl.SSLContext | None) -> Any:
        from hexclave import _by_httpx

        return _by_httpx.pool(url, context)

    def send(self, request: Request, ends: float | None) -> Reply:
        with _deadline.until(ends):
            return self._send(request, ends)

    def _send(self, request: Request, ends: float | None) -> Reply:
        origin, target = address(request.url)
        place = self._place(origin)
        made = core_request(request, origin, target)
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
def _ssl_context() -> ssl.SSLContext:
    """What httpx makes by default. One for the process, made at the first call: it reads all certificates."""
    if cafile := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=cafile)
    if capath := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=capath)
    return ssl.create_default_context(cafile=certifi.where())


def _may_be_proxied() -> bool:
    """`False` where no proxy applies to any URL, which is told without httpx."""
    if any(name[-6:].lower() == "_proxy" for name in os.environ):
        return True
    if sys.platform not in _SYSTEM_PROXIES:
        return False
    from urllib.request import getproxies  # slow to load

    return bool(getproxies())


def popped(place: Place) -> Any:
    """A connection that was kept, which may be dead by now; `None` if there is none."""
    try:
        return place.idle.pop()
    except IndexError:
        return None


def core_request(request: Request, origin: Origin, target: bytes) -> httpcore.Request:
    headers = [(b"host", origin.header)]
    for name, value in (_HEADERS | dict(request.headers)).items():
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
        InvalidURL: neither can be told.
    """
    start = url.find("/", 8)  # behind `https://`
    if start > 0 and len(url) < _LONGEST_URL and "/." not in url and url.isascii():
        origin, target = _origin(url[:start]), url[start:].encode()
        if origin is not None and not target.translate(None, _PLAIN):
            return origin, target
    # Redirects may go to any spelling of a URL, so the library reads it.
    return _read(url)


@functools.lru_cache(maxsize=16)
def _origin(text: str) -> Origin | None:
    """`None` if there is more in it."""
    scheme, _, rest = text.partition("://")
    host, colon, port = rest.partition(":")
    if scheme in _PORTS and _is_plain(host) and (not colon or _is_port(port)):
        number = int(port) if colon and int(port) != _PORTS[scheme] else None
        header = host if number is None else f"{host}:{number}"
        return Origin(scheme.encode(), host.encode(), number, header.encode())
    return None if set(text) & {"?", "#", "@", "\\"} else _read(text)[0]


def _is_plain(host: str) -> bool:
    """Whether it is a name or an IPv4 address in its usual form."""
    if "a" <= host[:1] <= "z":
        return _HOST.issuperset(host)
    try:
        return str(ipaddress.IPv4Address(host)) == host
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return text.isdecimal() and text[0] != "0" and int(text) < 1 << 16


def _read(url: str) -> tuple[Origin, bytes]:
    from hexclave import _by_httpx

    scheme, host, port, header, target = _by_httpx.parts(url)
    return Origin(scheme, host, port, header), target


def reply(response: httpcore.Response, content: bytes) -> Reply:
    headers = _joined(response.headers)
    if "content-encoding" in headers:
        from hexclave._content_coding import decoded

        content = decoded(response.status, headers["content-encoding"], content)
    return Reply(response.status, headers, content)


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.lower().decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
