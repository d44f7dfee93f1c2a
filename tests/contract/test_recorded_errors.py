"""Every error reply in recorded traffic of a real backend becomes the class of its code, with typed details."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hexclave._messages import Reply
from hexclave.errors import APIStatusError, HexclaveError, KnownError, RateLimitError
from hexclave.errors._known import BY_CODE
from hexclave.errors._reading import failed_status, from_reply

RECORDINGS = Path(__file__).parents[3] / "shared/recordings"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not part of the repository")


def recorded_reply(response: dict[str, Any]) -> Reply:
    headers = {name.lower(): value for name, value in response["headers"]}
    body, kind = response["body"], response["body_kind"]
    content = b"" if body is None else json.dumps(body).encode() if kind == "json" else str(body).encode()
    return Reply(response["status"], headers, content)


def recorded_failures() -> list[Any]:
    failures = []
    for file in sorted(RECORDINGS.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            exchange = json.loads(line)
            reply = recorded_reply(exchange["response"])
            if exchange["response"]["status"] >= 400 or "x-stack-actual-status" in reply.headers:
                failures.append(pytest.param(exchange, reply, id=f"{file.stem}-{exchange['seq']}"))
    return failures


FAILURES = recorded_failures()


def read(exchange: dict[str, Any], reply: Reply) -> HexclaveError:
    return from_reply(reply, method=exchange["request"]["method"], path=exchange["request"]["path"], attempts=1)


@pytest.mark.parametrize(("exchange", "reply"), FAILURES)
def test_a_recorded_error_becomes_the_class_of_its_code(exchange: dict[str, Any], reply: Reply) -> None:
    code = reply.headers.get("x-stack-known-error")
    status = int(reply.headers.get("x-stack-actual-status", reply.status))
    error = read(exchange, reply)
    assert failed_status(reply) == status
    assert (error.status, error.code) == (status, code)
    assert not hasattr(error, "__notes__")
    if code is None:
        assert isinstance(error, APIStatusError)
        assert isinstance(error, RateLimitError) == (status == 429)
        assert not isinstance(error, KnownError)
    else:
        assert type(error) is BY_CODE[code]
        assert status == BY_CODE[code].status
        assert " ".join(error.message.split()) == " ".join(exchange["response"]["body"]["error"].split())


@pytest.mark.parametrize(("exchange", "reply"), FAILURES)
def test_each_recorded_detail_is_a_typed_attribute(exchange: dict[str, Any], reply: Reply) -> None:
    error = read(exchange, reply)
    if not isinstance(error, KnownError):
        return
    names = {name: getattr(type(error), name).key for name in error._detail_names}
    assert set(error.details) <= set(names.values())
    for name, key in names.items():
        assert (getattr(error, name) is None) == (error.details.get(key) is None)


@pytest.mark.parametrize(("exchange", "reply"), FAILURES)
def test_no_recorded_error_shows_a_key_or_token_of_its_exchange(exchange: dict[str, Any], reply: Reply) -> None:
    sent = exchange["request"]["headers"].values()
    secrets = {value for value in sent if len(value) >= 40 and value.count("-") != 4}
    error = read(exchange, reply)
    for text in (str(error), repr(error), error.explain()):
        assert not [secret for secret in secrets if secret in text]


def test_the_recordings_hold_many_errors() -> None:
    codes = Counter(reply.headers.get("x-stack-known-error") for _, reply in (failure.values for failure in FAILURES))
    assert len(FAILURES) >= 400
    assert len(codes) > 75
