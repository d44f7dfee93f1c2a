"""A recorded scenario: requests in order, with their replies."""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import attrs

from hexclave_emulator.domains.access import unprefixed


@attrs.frozen(repr=False)
class Exchange:
    """One request and its reply, as recorded."""

    scenario: str
    seq: int
    note: str | None
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    """JSON, raw text, or `None` for no body."""
    status: int
    reply_headers: Mapping[str, str]
    """Names in lower case."""
    reply: Any
    """JSON or text; `None` for nothing."""

    @property
    def api(self) -> Mapping[str, str]:
        """The API's own headers, without their prefix."""
        return unprefixed(self.headers)

    @property
    def project_id(self) -> str | None:
        return self.api.get("project-id")

    @property
    def code(self) -> str | None:
        return self.reply_headers.get("x-stack-known-error")

    @property
    def actual_status(self) -> int:
        """The status that the handler intended."""
        return int(self.reply_headers.get("x-stack-actual-status", self.status))

    @property
    def succeeded(self) -> bool:
        return 200 <= self.actual_status < 300

    @property
    def millis(self) -> int:
        """The time of the reply, to the second."""
        return int(parsedate_to_datetime(self.reply_headers["date"]).astimezone(UTC).timestamp() * 1000)

    @property
    def route(self) -> str:
        """Method and path without the version."""
        return f"{self.method} {self.path.partition('/api/')[2].partition('/')[2]}"


class NotARecording(ValueError):
    """A file without exchanges; the text gives the file and the place."""


def load(folder: Path) -> dict[str, list[Exchange]]:
    """Load every scenario of the folder by name, exchanges in order.

    Raises:
        NotARecording: a file contains something else.
    """
    return {file.stem: exchanges(file) for file in sorted(folder.glob("*.jsonl"))}


def exchanges(file: Path) -> list[Exchange]:
    """Return the exchanges of one file, in order.

    Raises:
        NotARecording: it contains something else.
    """
    found = []
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(_exchange(file.stem, json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise NotARecording(f"{file}, line {number}, is not a recorded exchange: {error!r}") from None
    return sorted(found, key=lambda each: each.seq)


def _exchange(scenario: str, entry: Mapping[str, Any]) -> Exchange:
    request, response = entry["request"], entry["response"]
    made = Exchange(
        scenario=scenario,
        seq=int(entry["seq"]),
        note=entry.get("note"),
        method=str(request["method"]),
        path=str(request["path"]),
        query=request.get("query") or {},
        headers={name.lower(): value for name, value in dict(request.get("headers") or {}).items()},
        body=request.get("body"),
        status=int(response["status"]),
        reply_headers={name.lower(): value for name, value in response["headers"]},
        reply=response.get("body"),
    )
    parsedate_to_datetime(made.reply_headers["date"])
    return made


def claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a token without checking its signature; `None` if it is not a token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def leaves(value: Any) -> Iterator[str]:
    """Yield every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside a JSON value, outer ones first."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)
