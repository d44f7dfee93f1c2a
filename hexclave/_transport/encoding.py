"""Requests as the bytes that are sent. What is not allowed in a header is refused, never mended."""

import functools
from typing import Final

from hexclave._messages import Request
from hexclave._transport.address import Origin
from hexclave.errors import UnsafeUseError

_DEFAULTS: Final = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
}
_OURS: Final = frozenset({"connection", "content-length", "expect", "host", "te", "transfer-encoding", "upgrade"})
_TOKEN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def encode_head(request: Request, origin: Origin, target: str) -> bytes:
    """Return everything before the body.

    Raises:
        UnsafeUseError: the method, or a header, cannot be sent as it is.
    """
    content, method = request.content, _checked_method(request.method)
    headers = {**_DEFAULTS, **request.headers}
    if not headers.keys() <= _allowed_names:
        for name in headers:
            _check_name(name)
    values = "".join(headers.values())
    if "\n" in values or "\r" in values or "\0" in values or not values.isascii():
        raise UnsafeUseError("A header of the call contains a line break, a NUL or a non-ASCII character.")
    if content is not None or method in _WITH_BODY:
        headers["content-length"] = str(len(content or b""))
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return f"{method} {target} HTTP/1.1\r\nhost: {origin.header}\r\n{lines}\r\n".encode("ascii")


_allowed_names: Final[set[str]] = set()
_MOST_NAMES: Final = 256


def _check_name(name: str) -> None:
    if not name or not _TOKEN.issuperset(name):
        raise UnsafeUseError(f"{name!r} is not a valid name of a header.")
    if name.lower() in _OURS:
        raise UnsafeUseError(f"The header {name!r} is set by the transport and cannot be given.")
    if len(_allowed_names) < _MOST_NAMES:
        _allowed_names.add(name)


@functools.lru_cache(maxsize=16)
def _checked_method(method: str) -> str:
    if not method or not _TOKEN.issuperset(method):
        raise UnsafeUseError(f"{method!r} is not an HTTP method.")
    return method
