"""What goes over the wire, apart from any HTTP library: the seam between decisions and I/O."""

from collections.abc import Mapping

import attrs


@attrs.frozen(repr=False)
class Request:
    """One attempt of one call. Its repr leaves out headers and content, which hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    timeout: float | None
    """Seconds left for this attempt; `None` waits without limit."""

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


@attrs.frozen(repr=False)
class Reply:
    """What came back for one attempt. Its repr leaves out headers and content."""

    status: int
    headers: Mapping[str, str]
    """Look names up in lower case."""
    content: bytes

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.content)} bytes>"
