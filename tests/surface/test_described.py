"""Methods rendered from `x-methods` send the request that the spec describes, with every argument they take.

The expected request is derived from `spec/openapi.yaml` alone, so a new operation needs no row in tests/surface/calls.
"""

import inspect
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from generator.rendering.identifiers import argument
from hexclave_emulator.checking.examples import example
from tests.surface.described import Entry, entries, resource
from tests.surface.recording import recorded

NOON, NOON_MILLIS = datetime(2030, 1, 1, 12, tzinfo=UTC), 1893499200000
HOUR, HOUR_MILLIS = timedelta(hours=1), 3600000


@pytest.mark.parametrize("entry", [pytest.param(each, id=f"{each.access}: {each.method}") for each in entries()])
def test_a_rendered_method_sends_the_described_request(entry: Entry) -> None:
    recording = recorded(entry.access)
    owner, _, name = entry.method.rpartition(".")
    method = getattr(resource(recording.app, owner), name)
    parameters = inspect.signature(method).parameters
    arguments: dict[str, Any] = {}
    expected: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}}
    for place, wire_name, schema, required in entry.fields():
        python_name = argument(wire_name, (), place)
        fixed = entry.fixed | entry.bound
        if python_name in fixed:
            expected[place][wire_name] = fixed[python_name]
        elif entry.only is None or python_name in entry.only:
            shown = entry.rename.get(python_name, python_name)
            shown = shown if shown in parameters else re.sub("_(?:millis|ms)(?=_|$)", "", shown)
            given, sent = _example(wire_name, schema, entry.access, str(parameters[shown].annotation))
            arguments[shown] = given
            expected[place][wire_name] = sent
        elif required and len(schema.get("enum", ())) == 1:  # always sent, so that the caller need not know it
            expected[place][wire_name] = schema["enum"][0]
    positional = [each for each in parameters.values() if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    in_order = [arguments.pop(each.name) for each in positional]
    assert arguments.keys() == {each.name for each in parameters.values()} - {each.name for each in positional}
    method(*in_order, **arguments)
    (request,) = recording.requests
    url = urlsplit(request.url)
    assert request.method == entry.operation.method
    assert url.path == "/api/v1" + entry.operation.template.format(**expected["path"])
    assert dict(parse_qsl(url.query, strict_parsing=bool(url.query))) == {
        name: _in_query(value) for name, value in expected["query"].items()
    }
    assert json.loads(request.content or b"{}") == expected["body"]


def _example(name: str, schema: dict[str, Any], access: str, annotation: str) -> tuple[Any, Any]:
    """Return an argument, and how it is sent."""
    if "timedelta" in annotation:
        return HOUR, HOUR_MILLIS
    if "datetime" in annotation:
        return NOON, NOON_MILLIS
    if "Decimal" in annotation:
        return Decimal("9.99"), "9.99"
    value = example(schema, access)
    value = name if value == "example" else value
    return value, value


def _in_query(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_in_query, value))
    return value if isinstance(value, str) else json.dumps(value)
