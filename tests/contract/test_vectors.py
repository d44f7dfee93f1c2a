"""Small handwritten exchanges, with shapes that proved important in recorded traffic."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hexclave import errors
from hexclave._engine.exchange import exchange
from hexclave._messages import Reply
from hexclave.retries import Retries
from hexclave.tokens import Tokens
from hexclave_api import OPERATIONS, strict
from hexclave_api.operation import Operation
from hexclave_api.secret import Secret
from tests.playing import FakeClock, Played, access_token, context, play

FILES = sorted((Path(__file__).parent / "vectors").glob("*.json"))
VECTORS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}

each_vector = pytest.mark.parametrize("vector", [pytest.param(vector, id=name) for name, vector in VECTORS.items()])
each_success = pytest.mark.parametrize(
    "vector", [pytest.param(vector, id=name) for name, vector in VECTORS.items() if "result" in vector]
)
each_failure = pytest.mark.parametrize(
    "vector", [pytest.param(vector, id=name) for name, vector in VECTORS.items() if "error" in vector]
)


def operation(vector: Mapping[str, Any]) -> Operation[Any]:
    made: Operation[Any] = OPERATIONS[vector["operation"]].function(**vector["arguments"])
    return made


def played(vector: Mapping[str, Any]) -> Played:
    reply = vector["reply"]
    content = json.dumps(reply["json"]) if "json" in reply else reply["text"]
    app = context(vector["access"], retries=Retries.OFF)
    tokens = Tokens(access_token=access_token(FakeClock()), refresh_token="not-a-real-refresh-token")
    steps = exchange(app, operation(vector), tokens=tokens)
    return play(app, steps, Reply(reply["status"], reply["headers"], content.encode()))


@each_vector
def test_the_call_sends_exactly_the_request(vector: Mapping[str, Any]) -> None:
    request, expected = played(vector).sent[0], vector["request"]
    url = urlsplit(request.url)
    content = (request.content or b"").decode()
    assert (request.method, url.path.removeprefix("/api/v1")) == (expected["method"], expected["path"])
    assert dict(parse_qsl(url.query, strict_parsing=bool(url.query))) == expected.get("query", {})
    if "form" in expected:
        assert dict(parse_qsl(content, strict_parsing=True)) == expected["form"]
    else:
        assert (json.loads(content) if content else None) == expected.get("body")


@each_success
def test_the_reply_becomes_the_result(vector: Mapping[str, Any]) -> None:
    result = played(vector).result
    assert {path: _at(result, path) for path in vector["result"]} == vector["result"]


@each_success
def test_the_reply_is_exactly_what_the_description_says(vector: Mapping[str, Any]) -> None:
    reply = vector["reply"]
    assert strict.parse(operation(vector), reply.get("json", reply.get("text"))) == played(vector).result


@each_failure
def test_the_reply_becomes_the_error(vector: Mapping[str, Any]) -> None:
    error, expected = played(vector).error, dict(vector["error"])
    assert type(error) is getattr(errors, expected.pop("class"))
    assert {name: _plain(getattr(error, name)) for name in expected} == expected


def _at(value: Any, path: str) -> Any:
    """Return the value at `items.0.id`, as JSON would show it."""
    steps = path.split(".") if path else []
    found = reduce(lambda part, step: part[int(step)] if step.isdecimal() else getattr(part, step), steps, value)
    return (
        found.isoformat() if isinstance(found, datetime) else list(found) if isinstance(found, tuple) else _plain(found)
    )


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value
