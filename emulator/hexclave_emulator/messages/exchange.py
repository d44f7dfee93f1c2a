"""Requests and replies, independent of any server framework."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

JsonObject: TypeAlias = dict[str, Any]


@attrs.frozen
class HttpRequest:
    """An HTTP request. Header names are in lower case; the path is as sent, percent-encoded."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    content: bytes = b""
    base_url: str = "http://localhost:8102"
    """Scheme, host and port used by the caller."""


@attrs.frozen
class Reply:
    """A reply."""

    status: int = 200
    content: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    bare: bool = False
    """Answered outside the API: without request id and cache headers, and its status is never rewritten."""
    delay: float = 0.0
    """Seconds to wait before sending."""
    broken: bool = False
    """Close the connection without a reply."""

    def json(self) -> Any:
        """The content, decoded."""
        return json.loads(self.content)


_JSON: Final = "application/json; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"


def ok(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON reply."""
    # ASCII only: text from outside may contain lone surrogates, which UTF-8 cannot encode.
    content = json.dumps(body, separators=(",", ":")).encode()
    return Reply(status, content, {"content-type": _JSON, **(headers or {})})


def created(body: Any) -> Reply:
    """Return a JSON reply with status 201."""
    return ok(body, status=201)


def success() -> Reply:
    """Return `{"success": true}`, the reply of operations without a result."""
    return ok({"success": True})


def text(content: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a plain-text reply."""
    return Reply(status, content.encode("utf-8", "replace"), {"content-type": _TEXT, **(headers or {})})


def page(items: list[JsonObject]) -> Reply:
    """Return a list that is not paginated."""
    return ok({"items": items, "is_paginated": False})


def cursor_page(items: list[JsonObject], next_cursor: str | None) -> Reply:
    """Return one page of a list; the cursor is the id of the first item of the next page."""
    return ok({"items": items, "is_paginated": True, "pagination": {"next_cursor": next_cursor}})
