"""Requests and responses as plain values, which every framework's are converted to and from."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import parse_qsl

import attrs

from hexclave_api.operation import JsonValue

LARGEST_BODY: Final = 65_536
"""Bytes of a form; larger ones are refused."""

_MOST_FIELDS: Final = 100


@attrs.frozen
class Request:
    """A request to a sign-in page, or to the application of a browser with a session."""

    method: str
    path: str
    """Without the path at which the application is mounted; decoded."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    """With lower-case names; contains cookies."""
    scheme: str
    query_string: str = attrs.field(default="", repr=False)
    root_path: str = ""
    """The path at which the application is mounted."""
    address: str = ""
    """IP address of the client, as the server reports it."""
    form: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    """The fields of a form or of a JSON object; may contain passwords."""
    csrf: tuple[str, str] | None = attrs.field(default=None, repr=False)
    """Name and value of the form field of a framework that checks CSRF tokens itself."""

    @property
    def query(self) -> Mapping[str, str]:
        """The first value of each parameter; may contain codes."""
        return first_values(self.query_string)

    @property
    def wants_json(self) -> bool:
        """True if a script sent the request, which gets JSON instead of a page."""
        return "application/json" in self.headers.get("accept", "")


@attrs.frozen
class Response:
    status: int
    headers: Sequence[tuple[str, str]] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Page:
    """A page to be shown: its template, and the data for it, which is also the JSON for scripts."""

    name: str
    data: Mapping[str, JsonValue] = attrs.field(factory=dict)
    status: int = HTTPStatus.OK


@attrs.frozen
class Redirect:
    """A page of this site, or of an OAuth provider, that the browser is sent to."""

    url: str = attrs.field(repr=False)
    """May contain codes and, if an account is connected, an access token."""


Outcome: TypeAlias = Page | Redirect | Response


def first_values(encoded: str) -> dict[str, str]:
    """Return the fields of a query or form, the first value of each."""
    try:
        return dict(reversed(parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MOST_FIELDS)))
    except ValueError:
        return {}


def form_fields(request: Request, body: bytes) -> Request:
    """Return the request with the fields of its body: a form, or a JSON object with texts."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    fields: dict[str, str] = {}
    if kind == "application/json":
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            fields = {name: each for name, each in value.items() if isinstance(each, str)}
    elif kind == "application/x-www-form-urlencoded":
        fields = first_values(body.decode(errors="replace"))
    return attrs.evolve(request, form=fields)
