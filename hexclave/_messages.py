"""Requests and replies, independent of any HTTP library."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from hexclave_api.value import Value

_WORTHWHILE: Final = 1 << 20
"""Bytes; decoding fewer saves less time than importing msgspec takes."""

MAX_REPLY_SIZE: Final = 64 << 20
"""Default maximum size of a reply body in bytes, both compressed and decompressed."""


class Request(Value):
    """An attempt of a call. Its repr omits headers, query and content, which contain secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    total_timeout: float | None
    """Seconds until the reply must be complete; `None`, here and for the next two, means no limit."""
    connect_timeout: float | None
    """Seconds to get a connection."""
    read_timeout: float | None
    """Seconds without any bytes sent or received."""
    max_reply_size: int
    """Maximum size of the reply body in bytes, both compressed and decompressed."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        total_timeout: float | None = None,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
        max_reply_size: int = MAX_REPLY_SIZE,
    ) -> None:
        fields = self.__dict__
        fields["method"] = method
        fields["url"] = url
        fields["headers"] = headers
        fields["content"] = content
        fields["total_timeout"] = total_timeout
        fields["connect_timeout"] = connect_timeout
        fields["read_timeout"] = read_timeout
        fields["max_reply_size"] = max_reply_size

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


class Reply(Value):
    """The reply to an attempt. Its repr omits headers and content."""

    status: int
    headers: Mapping[str, str]
    """Names are in lower case."""
    content: bytes

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        fields = self.__dict__
        fields["status"] = status
        fields["headers"] = headers
        fields["content"] = content

    def json(self) -> object:
        """Decode the content as JSON.

        Raises:
            ValueError: it is not JSON.
            RecursionError: it is nested too deeply.
        """
        return _decoded(self.content)

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.content)} bytes>"


class _Decoder:
    """The standard library's decoder, and msgspec's, if installed, once so much was read that importing it pays off."""

    def __init__(self) -> None:
        self._left = _WORTHWHILE
        self._quick: Callable[[bytes], object] | None = None

    @property
    def is_quick(self) -> bool:
        return self._quick is not None

    def __call__(self, content: bytes) -> object:
        if self._quick is not None:
            try:
                return self._quick(content)
            # Fall back to the standard library, which also accepts NaN and other encodings.
            except (ValueError, RecursionError):
                pass
        elif self._left > 0:
            self._left -= len(content)
            if self._left <= 0:
                self._quick = _quick_decoder()
        return json.loads(content)


_decoded: Final = _Decoder()


def _quick_decoder() -> Callable[[bytes], object] | None:
    """Return msgspec's decoder if installed: the only fast one with the same results as the standard library."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec.json.Decoder().decode
