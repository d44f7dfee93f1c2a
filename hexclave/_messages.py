"""What goes over the wire, apart from any HTTP library: the seam between decisions and I/O."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Final

import attrs

MAX_REPLY_SIZE: Final = 64 << 20
"""Bytes of a reply's body, both as sent and decompressed, unless an app has another limit."""


# Neither is in slots: to fill them takes longer.
@attrs.frozen(repr=False, slots=False)
class Request:
    """One attempt of one call. Its repr leaves out headers, query and content, which hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    total_timeout: float | None = None
    """Seconds until the whole reply must be there; `None` waits without limit. So for the next two."""
    connect_timeout: float | None = None
    """Seconds until there is a connection."""
    read_timeout: float | None = None
    """Seconds without a byte of the reply, or without the other side taking one of the request."""
    max_reply_size: int = MAX_REPLY_SIZE
    """Bytes that the body of the reply may have, both as sent and decompressed."""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


@attrs.frozen(repr=False, slots=False)
class Reply:
    """What came back for one attempt. Its repr leaves out headers and content."""

    status: int
    headers: Mapping[str, str]
    """Look names up in lower case."""
    content: bytes

    def json(self) -> object:
        """The content, decoded.

        Raises:
            ValueError: it is not JSON.
            RecursionError: it is nested too deeply.
        """
        decode = _quick_decoder()
        if decode is not None:
            try:
                return decode(self.content)
            # Whatever only the standard library takes, such as NaN or other encodings, is decoded by it.
            except (ValueError, RecursionError):
                pass
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.content)} bytes>"


@functools.cache
def _quick_decoder() -> Callable[[bytes], object] | None:
    """That of msgspec, if it is installed: of the quick ones it alone has the values of the standard library."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec.json.Decoder().decode
