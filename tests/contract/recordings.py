"""Real traffic with a real backend, and the operations that it calls.

The recordings are not part of the repository; without them there are no scenarios.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl, unquote

import attrs
import pytest

from hexclave._messages import Reply
from hexclave_api import OPERATIONS
from hexclave_api.operation import UNSET, AccessType
from hexclave_api.registry import Entry

FOLDER = Path(__file__).parents[3] / "shared/recordings"
ACCESS_TYPES: tuple[AccessType, ...] = get_args(AccessType)

needs_recordings = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not part of the repository")

# Both name the current version of the API; others, such as `v2beta1`, have different shapes.
_BASES = ("/api/v1", "/api/latest")

CREDENTIALS = {
    "access_token": "x-stack-access-token",
    "refresh_token": "x-stack-refresh-token",
    "publishable_client_key": "x-stack-publishable-client-key",
}
"""The headers that carry what an operation needs."""

NO_OPERATION = "no operation of the description"
NOT_DESCRIBED = {
    "/auth/oauth/callback/spotify": "where providers send the browser, not for programs",
    "/auth/oauth/connected-accounts/spotify/access-token": "older path of another operation",
    "/integrations/credential-scanning/revoke": "for those who find leaked keys, not for apps",
    "/internal/external-db-sync/status": "for the operators of the API, not for its users",
}
"""Parts of the backend that the description omits, each with the reason."""


@attrs.frozen(repr=False)
class Exchange:
    """A request and its reply. Its repr is its place in the recordings."""

    id: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    """JSON or text; `UNSET` when there was none."""
    reply: Reply

    def __repr__(self) -> str:
        return self.id

    @property
    def code(self) -> str | None:
        """The known error in the reply."""
        return self.reply.headers.get("x-stack-known-error")

    @property
    def status(self) -> int:
        """The status in the reply, even if the backend was asked to send 200 instead."""
        return int(self.reply.headers.get("x-stack-actual-status", self.reply.status))

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content(self) -> Any:
        """The reply as decoded by clients."""
        is_json = self.reply.headers.get("content-type", "").startswith("application/json")
        return json.loads(self.reply.content) if is_json else self.reply.content.decode()

    @property
    def inner_path(self) -> str | None:
        """The path inside the API, `/` for its root; `None` if it is outside."""
        base = next((base for base in _BASES if f"{self.path}/".startswith(f"{base}/")), None)
        return None if base is None else self.path.removeprefix(base) or "/"

    @property
    def sent_body(self) -> Any:
        """The body as decoded by the backend. Text that it cannot decode stays text."""
        return decoded(self.body, self.headers.get("content-type", "")) if isinstance(self.body, str) else self.body


def decoded(body: str, content_type: str) -> Any:
    """Return the fields of a form, or JSON; the text itself if it is neither."""
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body))
    try:
        return json.loads(body)
    except ValueError:
        return body


def segments(path: str) -> list[str]:
    """Return the decoded segments of a path, as routers see it. A trailing slash adds an empty segment."""
    return [] if path == "/" else [unquote(segment) for segment in path.split("/")[1:]]


def scenarios() -> list[str]:
    """Return the names of the recordings; none if they are missing."""
    return sorted(file.stem for file in FOLDER.glob("*.jsonl"))


@cache
def load(scenario: str) -> tuple[Exchange, ...]:
    """Return the exchanges of one recording, in order."""
    lines = (FOLDER / f"{scenario}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(map(_exchange, map(json.loads, lines)))


def _exchange(recorded: Mapping[str, Any]) -> Exchange:
    request, response = recorded["request"], recorded["response"]
    body, kind = response["body"], response["body_kind"]
    content = b"" if body is None else json.dumps(body).encode() if kind == "json" else str(body).encode()
    return Exchange(
        id=f"{recorded['scenario']}-{recorded['seq']}",
        method=request["method"],
        path=request["path"],
        query=request["query"],
        headers=request["headers"],
        body=UNSET if request["body"] is None else request["body"],
        reply=Reply(response["status"], {name.lower(): value for name, value in response["headers"]}, content),
    )


@attrs.frozen
class Match:
    """An exchange with the operation that it calls."""

    exchange: Exchange
    entry: Entry
    access: AccessType
    """The access type of the request, or one that the operation allows if it was invalid."""
    in_path: Mapping[str, str]
    """The recorded values of the path parameters."""


def match(exchange: Exchange) -> Match | str:
    """Return the operation for the exchange's method, path and access type, or the reason why there is none."""
    path = exchange.inner_path
    if path is None:
        return "outside this version of the API"
    found = list(_candidates(exchange.method, segments(path)))
    # Like in every router, a fixed segment takes precedence over a parameter.
    fewest = min((len(values) for _, values in found), default=0)
    said = exchange.headers.get("x-stack-access-type")
    for entry, values in found:
        if len(values) == fewest and (said not in ACCESS_TYPES or said in entry.access):
            return Match(exchange, entry, said if said in ACCESS_TYPES else entry.access[0], values)
    return f"not for access type {said}" if found else NOT_DESCRIBED.get(path, NO_OPERATION)


def _candidates(method: str, pieces: list[str]) -> Iterator[tuple[Entry, dict[str, str]]]:
    for entry in OPERATIONS.values():
        pairs = list(zip(segments(entry.path), pieces, strict=False))
        if entry.method != method or not len(pairs) == len(pieces) == len(segments(entry.path)):
            continue
        if all(piece if named.startswith("{") else piece == named for named, piece in pairs):
            yield entry, {named.strip("{}"): piece for named, piece in pairs if named.startswith("{")}
