"""Reconstruction of operations from recorded requests."""

import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from hexclave_api.operation import UNSET, Operation
from hexclave_api.registry import Entry
from hexclave_api.secret import Secret, revealed
from tests.contract.describing import typed
from tests.contract.recordings import Match, segments

_MARK = "§"


@cache
def specimen(entry: Entry) -> Operation[Any]:
    """Return the operation with every argument set to a text that names it."""
    return entry.function(**{name: _MARK + name for name in inspect.signature(entry.function).parameters})


@cache
def arguments(entry: Entry) -> Mapping[tuple[str, str], str | None]:
    """Return the arguments of the operation's function by their place in the request: `("query", "limit")`.

    `None` means a constant value; a body that is one argument has the name `""`.
    """
    probe = specimen(entry)
    values = {
        ("path", name.strip("{}")): value
        for name, value in zip(segments(entry.path), probe.path, strict=True)
        if name.startswith("{")
    }
    values |= {("query", name): value for name, value in probe.query.items()}
    if probe.body is not UNSET:
        fields = probe.body if isinstance(probe.body, dict) else {"": probe.body}
        values |= {("body", name): value for name, value in fields.items()}
    return {place: _argument(value) for place, value in values.items()}


def _argument(value: object) -> str | None:
    value = value.reveal() if isinstance(value, Secret) else value
    return value.removeprefix(_MARK) if isinstance(value, str) and value.startswith(_MARK) else None


def rebuild(match: Match) -> Operation[Any]:
    """Return the operation with the recorded values as arguments.

    Raises:
        TypeError: the function does not accept a value that was sent, or requires one that was not.
    """
    names = arguments(match.entry)
    body = match.exchange.sent_body
    values: dict[tuple[str, str], Any] = {("path", name): value for name, value in match.in_path.items()}
    values |= {("query", name): value for name, value in typed(match).items()}
    if ("body", "") in names or not isinstance(body, dict):
        values |= {} if body is UNSET else {("body", ""): body}
    else:
        values |= {("body", name): value for name, value in body.items()}
    # Values without an argument are tried under their name in the request.
    keywords = {names.get(place, place[1]): value for place, value in values.items()}
    return match.entry.function(**{name: value for name, value in keywords.items() if name is not None})


def differences(operation: Operation[Any], match: Match) -> list[str]:
    """Return the differences for the backend between the rebuilt and the recorded request. A missing body equals an
    empty object.
    """
    exchange = match.exchange
    path, _, query = operation.url.partition("?")
    pairs = {
        "method": (operation.method, exchange.method),
        "path": (segments(path), segments(exchange.inner_path or "")),
        "query": (dict(parse_qsl(query, keep_blank_values=True)), dict(exchange.query)),
        "body": (_json(operation.body), _json(exchange.sent_body)),
    }
    return [f"{what}: {made!r} instead of {recorded!r}" for what, (made, recorded) in pairs.items() if made != recorded]


def _json(body: Any) -> str:
    # As text, because Python considers 1 and true equal.
    return "{}" if body is UNSET else json.dumps(body, sort_keys=True, default=revealed)
