"""The Python that the page shows sends the request that it stands for."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

import hexclave
from hexclave_emulator import Emulator
from hexclave_emulator.messages.exchange import HttpRequest
from hexclave_emulator.page.calls import python_of_request
from tests.surface.calls import CALLS
from tests.surface.recording import APPS, recorded

# Without forms, and without bodies that differ from run to run.
SINGLE = [
    (access, row) for access, rows in CALLS.items() for row in rows if len(row) == 3 and isinstance(row[2], dict | None)
]


@pytest.fixture(scope="module")
def inner() -> Emulator:
    return Emulator()


def shown(inner: Emulator, access: str, line: str, body: Any) -> Any:
    method, _, url = line.partition(" ")
    path, _, query = url.partition("?")
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"x-stack-access-type": access}
    request = HttpRequest(method, f"/api/v1{path}", parse_qsl(query, keep_blank_values=True), headers, content)
    return python_of_request(inner, request)


@pytest.mark.parametrize(("access", "row"), SINGLE, ids=[f"{access}-{row[0][:60]}" for access, row in SINGLE])
def test_the_request_of_every_method_is_shown_as_a_program(
    access: str, row: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch, inner: Emulator
) -> None:
    """For each row of the table of what methods send."""
    _, line, body = row
    written = shown(inner, access, line, body)
    assert written is not None
    recording = recorded(access)
    monkeypatch.setattr(hexclave, APPS[access].__name__, lambda: recording.app)
    exec(compile(written.python, "shown", "exec"), {})
    assert recording.sent[0] == (line, body)


def test_most_programs_call_a_method_of_a_resource(inner: Emulator) -> None:
    """`app.call(…)` is the exception: bound resources, and methods that compute an argument."""
    written = [shown(inner, access, row[1], row[2]) for access, row in SINGLE]
    plain = [each for each in written if "app.call(" in each.python]
    assert len(plain) < len(written) * 0.2
