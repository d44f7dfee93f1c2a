"""All ways to sign in, with unusable success replies: a result or an SDK error, and a usable session."""

import inspect
import json
from typing import Any

import pytest

from hexclave.errors import HexclaveError, UnreadableReplyError
from hexclave.resources.auth import Auth
from hexclave.retries import Retries
from hexclave.tokens import MemoryTokenStore, Tokens
from tests.e2e import misbehaving
from tests.e2e.calling import REFRESH_TOKEN, Server, attempted, blocking, check, operation

NEEDS_MORE = {"finish_cli_login", "finish_oauth"}
"""They take what another method returned."""
FLOWS = sorted(name for name, _ in inspect.getmembers(Auth) if not name.startswith("_") and name not in NEEDS_MORE)
ARGUMENTS: dict[str, Any] = {
    "email": "user@example.com",
    "callback_url": "https://example.com/callback",
    "redirect_uri": "https://example.com/callback",
    "app_url": "https://example.com",
    "provider_id": "github",
    "totp": "123456",
    "credential": {"id": "x"},
    "authentication_response": {"id": "x"},
}
FIELDS = ("access_token", "refresh_token", "user_id", "expires_at", "polling_code", "login_code", "code", "status")
SHAPES: dict[str, Any] = {
    "empty object": {},
    "list": [],
    "null": None,
    "number": 5,
    "text": "x",
} | {
    f"all {value!r}": dict.fromkeys(FIELDS, value)
    for value in (None, 5, {}, [], "", "a\r\nb: c", "2026-01-01T00:00:00")
}


def arguments(name: str) -> dict[str, Any]:
    """Return plausible values for the method's arguments."""
    parameters = inspect.signature(getattr(Auth, name)).parameters.values()
    return {
        each.name: ARGUMENTS.get(each.name, "abcdef")
        for each in parameters
        if each.default is each.empty and each.name != "self"
    }


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", FLOWS)
def test_a_success_that_is_none(server: Server, name: str, shape: Any) -> None:
    reply = json.dumps(shape).encode()
    here = server.raw(
        *[b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(reply), reply)]
        * 3,
        then="keep",
    )
    store = MemoryTokenStore(Tokens(misbehaving.token("before"), REFRESH_TOKEN))
    with blocking(here, "client", session=store, retries=Retries.OFF) as app:
        outcome = attempted(lambda: getattr(app.auth, name)(**arguments(name)))
    check(outcome)
    tokens = store.load()
    assert tokens is None or isinstance(tokens, Tokens)


@pytest.mark.parametrize(
    "shape", [{}, {"access_token": None}, {"access_token": ""}, {"access_token": 7}, {"access_token": "a b"}]
)
def test_a_refresh_that_brings_no_token_leaves_the_session_as_it_was(server: Server, shape: Any) -> None:
    reply = json.dumps(shape).encode()
    here = server.raw(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(reply), reply), then="keep")
    store = MemoryTokenStore(Tokens(None, REFRESH_TOKEN))
    before = store.load()
    with blocking(here, "client", session=store, retries=Retries.OFF) as app:
        outcome = attempted(lambda: app.call(operation()))
    check(outcome)
    assert type(outcome.error) is UnreadableReplyError
    assert store.load() == before
    assert isinstance(outcome.error, HexclaveError)
