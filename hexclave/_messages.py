"""Requests and replies, independent of any HTTP library."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Final

import attrs

MAX_REPLY_SIZE: Final = 64 << 20
"""Default maximum size of a reply body in bytes, both compressed and decompressed."""


# No slots, because setting them is slower.
@attrs.frozen(repr=False, slots=False)
class Request:
    """An attempt of a call. Its repr omits headers, query and content, which contain secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    total_timeout: float | None = None
    """Seconds until the reply must be complete; `None`, here and for the next two, means no limit."""
    connect_timeout: float | None = None
    """Seconds to get a connection."""
    read_timeout: float | None = None
    """Seconds without any bytes sent or received."""
    max_reply_size: int = MAX_REPLY_SIZE
    """Maximum size of the reply body in bytes, both compressed and decompressed."""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


@attrs.frozen(repr=False, slots=False)
class Reply:
    """The reply to an attempt. Its repr omits headers and content."""

    status: int
    headers: Mapping[str, str]
    """Names are in lower case."""
    content: bytes

    def json(self) -> object:
        """Decode the content as JSON.

        Raises:
            ValueError: it is not JSON.
            RecursionError: it is nested too deeply.
        """
        decode = _quick_decoder()
        if decode is not None:
            try:
                return decode(self.content)
            # Fall back to the standard library, which also accepts NaN and other encodings.
            except (ValueError, RecursionError):
                pass
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.content)} bytes>"


@functools.cache
def _quick_decoder() -> Callable[[bytes], object] | None:
    """Return msgspec's decoder if installed: the only fast one with the same results as the standard library."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec.json.Decoder().decode
