"""The target of a URL: the origin to connect to, and the path to request."""

import functools
import socket
from typing import Final, NamedTuple

from hexclave.errors import UnsafeUseError

_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
_LONGEST_URL: Final = 65_536
_PLAIN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%"
"""Characters allowed unescaped in path and query."""


class Origin(NamedTuple):
    scheme: str
    host: str
    port: int
    header: str
    """The value of `Host`."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.header}"


def address(url: str) -> tuple[Origin, str]:
    """Return the origin, and the path with the query.

    Raises:
        UnsafeUseError: the URL is not valid.
    """
    start = url.find("/", 8)  # after `https://`
    if start > 0 and len(url) < _LONGEST_URL and "/." not in url and url.isascii():
        origin, target = _origin(url[:start]), url[start:]
        if origin is not None and not target.encode().translate(None, _PLAIN):
            return origin, target
    return _read(url)


@functools.lru_cache(maxsize=16)
def _origin(text: str) -> Origin | None:
    """`None` if there is more in it."""
    scheme, _, rest = text.partition("://")
    host, colon, port = rest.partition(":")
    if scheme in _PORTS and _is_plain(host) and (not colon or _is_port(port)):
        number = int(port) if colon else _PORTS[scheme]
        return Origin(scheme, host, number, host if number == _PORTS[scheme] else f"{host}:{number}")
    return None if set(text) & {"?", "#", "@", "\\"} else _read(text)[0]


def _is_plain(host: str) -> bool:
    """Return true for a name or an IPv4 address in its usual form."""
    if "a" <= host[:1] <= "z":
        return _HOST.issuperset(host)
    try:
        return socket.inet_ntoa(socket.inet_pton(socket.AF_INET, host)) == host
    except OSError:
        return False


def _is_port(text: str) -> bool:
    return text.isdecimal() and text.isascii() and text[0] != "0" and int(text) < 1 << 16


def _read(url: str) -> tuple[Origin, str]:
    """Redirects may lead to any spelling of a URL, so a library reads it, which is slow to load."""
    import httpx

    try:
        read = httpx.URL(url)
        scheme, port = read.scheme, read.port
        if scheme in _PORTS and read.raw_host and (port is None or port < 1 << 16):
            number = _PORTS[scheme] if port is None else port
            return Origin(scheme, read.raw_host.decode(), number, read.netloc.decode()), read.raw_path.decode()
    except (httpx.InvalidURL, ValueError):
        pass
    raise UnsafeUseError("The URL of the call is not a valid http or https URL.")
