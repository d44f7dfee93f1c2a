"""No input crashes the emulator: every reply is the API's own, none is a 500."""

import gzip
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexclave_emulator import Emulator, HttpRequest
from tests.emulator.asking import Asker, code

EMULATOR = Emulator()
ASK = Asker(EMULATOR)
ROUTES = [(route.method, route.template) for route in EMULATOR.router.routes]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    [
        *("primary_email", "password", "display_name", "code", "email", "user_id", "team_id", "callback_url", "config"),
        *("client_metadata", "profile_image_url", "totp_secret_base64", "expires_in_millis", "grant_type", "client_id"),
        *(
            "client_secret",
            "refresh_token",
            "oauth_providers",
            "expires_at_millis",
            "bot_challenge_token",
            "new_password",
        ),
    ]
)
bodies = st.dictionaries(field_names, json_values, max_size=4) | json_values
segments = st.text(st.characters(codec="latin-1", exclude_characters="/"), min_size=1, max_size=20)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(ROUTES), st.data())
def test_every_operation_takes_any_input(route: tuple[str, str], data: st.DataObject) -> None:
    """Random bodies, queries and path parameters, with every access type."""
    method, template = route
    path = "/".join(
        quote(data.draw(segments | st.uuids().map(str) | st.just("me")), safe="") if part.startswith("{") else part
        for part in template.split("/")
    )
    ask = data.draw(st.sampled_from([ASK.client, ASK.server, ASK.admin]))
    if path.startswith("/internal/projects/current") and method == "DELETE":
        return
    reply = ask(method, path, data.draw(bodies))
    assert reply.status != 500, reply.content


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/plain", "application/octet-stream", "x"]))
def test_any_bytes_as_body(content: bytes, kind: str) -> None:
    """A body that cannot be decoded gives a 400."""
    ready = EMULATOR.ready
    assert ready is not None
    headers = {
        "x-stack-access-type": "server",
        "x-stack-project-id": ready.project_id,
        "x-stack-secret-server-key": ready.secret_server_key,
        "content-type": kind,
    }
    assert EMULATOR.handle(HttpRequest("POST", "/api/v1/users", (), headers, content)).status in (201, 400)


@given(st.dictionaries(st.sampled_from(["access-type", "project-id", "access-token", "refresh-token"]), st.text()))
def test_any_headers(headers: dict[str, str]) -> None:
    """Keys and tokens may be arbitrary text."""
    named = {f"x-stack-{name}": value for name, value in headers.items()}
    assert ASK.plain("GET", "/users/me", None, named).status < 500


@given(st.text(max_size=60))
def test_any_path(path: str) -> None:
    """Every path is answered."""
    assert EMULATOR.handle(HttpRequest("GET", f"/{path}")).status in (200, 308, 400, 403, 404, 405)


@pytest.mark.parametrize(
    "content",
    [
        b'{"display_name": NaN}',
        b'{"display_name": 1e999}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
        b"\xff\xfe",
        b"",
    ],
    ids=["nan", "infinite", "deep list", "deep object", "long number", "not utf-8", "empty"],
)
def test_invalid_json_is_a_parsing_error(ask: Asker, content: bytes) -> None:
    """The API's JSON is the standard's."""
    assert code(ask.server("POST", "/users", content)) == "BODY_PARSING_ERROR"


def test_half_a_surrogate_pair_is_mended(ask: Asker) -> None:
    """No encoding can represent it, so it becomes the replacement character before it is stored."""
    made = ask.server("POST", "/users", b'{"display_name": "a\\ud800b", "client_metadata": {"\\udfff": 1}}')
    assert made.json()["display_name"] == "a\ufffdb"
    assert made.json()["client_metadata"] == {"\ufffd": 1}


def test_compressed_bodies_are_read_and_bounded(ask: Asker) -> None:
    """Eight megabytes after decompression are the limit, however small the request."""
    small = gzip.compress(json.dumps({"display_name": "Ada"}).encode())
    ready = ask.emulator.ready
    assert ready is not None
    headers = {
        "x-stack-access-type": "server",
        "x-stack-project-id": ready.project_id,
        "x-stack-secret-server-key": ready.secret_server_key,
        "content-type": "application/json",
        "content-encoding": "gzip",
    }
    assert ask.plain("POST", "/users", small, headers).json()["display_name"] == "Ada"
    assert ask.plain("POST", "/users", gzip.compress(b" " * 9_000_000), headers).status == 413
    assert code(ask.plain("POST", "/users", b"no gzip", headers)) == "BODY_PARSING_ERROR"


def test_a_fault_inside_is_a_500_and_changes_nothing(
    emulator: Emulator, ask: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    """If a handler fails nevertheless, the request is rolled back, logged and answered."""
    from hexclave_emulator.operations import users as user_operations
    from hexclave_emulator.state.ids import new_id

    def failing(*_: object, **__: object) -> None:
        raise ZeroDivisionError(new_id())

    original = user_operations.give_personal_team
    user_operations.give_personal_team = failing  # type: ignore[assignment]
    try:
        assert ask.server("POST", "/users", {}).status == 500
    finally:
        user_operations.give_personal_team = original
    assert "ZeroDivisionError" in caplog.text
    assert ask.server("GET", "/users").json()["items"] == []
