"""Permissions, connected accounts, configuration, and less common ways to sign in."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hexclave
from hexclave import errors
from hexclave._flows.times import moment_text
from hexclave.verify._credentials import find_credentials
from hexclave_api.times import moment_millis
from tests.playing import reply
from tests.surface.recording import recorded


@pytest.mark.parametrize(("permission", "expected"), [("$read_members", True), ("$delete_team", False)])
def test_a_permission_is_had_or_not(permission, expected):
    items = [{"id": "$read_members", "user_id": "u1", "team_id": "t1"}]
    recording = recorded("server", lambda *_: reply(200, {"items": items, "is_paginated": False}))
    assert recording.app.teams.permissions.has("t1", "u1", permission) is expected
    assert recording.app.permissions.has("u1", permission) is expected


def test_one_text_is_not_a_list_of_scopes():
    recording = recorded("client")
    with pytest.raises(hexclave.UnsafeUseError, match="scopes must be a list"):
        recording.app.connected_accounts.get_access_token("google", scopes="email")
    assert recording.sent == []


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_configuration_that_is_no_object_is_unreadable(text):
    recording = recorded("admin", lambda *_: reply(200, {"config_string": text}))
    with pytest.raises(errors.UnreadableReplyError):
        recording.app.config.get_override("branch")


@pytest.mark.parametrize("override", [{"a": float("nan")}, {"a": object()}])
def test_a_configuration_that_is_not_json_is_refused(override):
    recording = recorded("admin")
    with pytest.raises(hexclave.UnsafeUseError, match="not JSON"):
        recording.app.config.update_override("branch", override)
    assert recording.sent == []


def test_a_backend_reads_the_authorization_header_back():
    app = recorded("client").app
    found = find_credentials(
        {"Authorization": app.auth.get_authorization_header().reveal()}, "p", cookies=False, api_keys=False
    )
    assert found is not None
    assert found.tokens == hexclave.Tokens(app.auth.get_access_token(), "refresh")


def test_there_is_no_header_and_no_partial_user_when_signed_out():
    app = recorded("client").app.with_session(hexclave.MemoryTokenStore())
    assert app.auth.get_authorization_header() is None
    assert app.auth.get_partial_user() is None


def test_the_access_token_identifies_the_user():
    recording = recorded("client")
    user = recording.app.auth.get_partial_user()
    assert user is not None
    assert (user.user_id, user.name, recording.sent) == ("u1", "Ada", [])


def test_a_sign_in_by_another_service_has_no_refresh_token():
    recording = recorded("client")
    recording.app.auth.sign_in_with_clerk("t")
    assert recording.app.auth.get_refresh_token() is None


def test_confirming_the_login_of_a_program_takes_a_refresh_token():
    recording = recorded("client")
    app = recording.app.with_session(hexclave.MemoryTokenStore())
    with pytest.raises(hexclave.UnsafeUseError, match="confirm_cli_login needs"):
        app.auth.confirm_cli_login("c")
    assert recording.sent == []


def test_a_session_made_by_a_server_can_be_acted_with():
    app = recorded("server").app
    assert app.with_session(app.sessions.create("u1")).me.find() is not None


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=-3)))))
def test_moments_keep_their_millisecond(moment):
    """Whatever the timezone, both forms have the same value."""
    wanted = moment.astimezone(UTC)
    assert (
        abs(moment_millis(moment, "at") - (wanted - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1)) <= 1
    )
    assert abs(datetime.fromisoformat(moment_text(moment, "at")) - wanted) < timedelta(milliseconds=1)


def test_async_apps_have_the_same_members():
    """Flows, results without a value, and pages, through a real event loop."""
    seen = []

    def answer(request):
        seen.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        if request.url.path.endswith("update-quantity"):
            code = {"x-stack-known-error": "ITEM_QUANTITY_INSUFFICIENT_AMOUNT"}
            body = {"code": "ITEM_QUANTITY_INSUFFICIENT_AMOUNT", "error": "too little"}
            return httpx.Response(400, headers=code, json=body)
        last = "cursor" in str(request.url)
        page = {"items": [], "is_paginated": True, "pagination": {"next_cursor": None if last else "u2"}}
        return httpx.Response(200, content=json.dumps(page))

    async def main():
        async with (
            httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client,
            hexclave.AsyncHexclaveServerApp("p", "ssk_not_a_real_key", http_client=client) as app,
        ):
            assert [user async for user in app.users.list()] == []
            assert await app.teams.members.remove("t1", "u1") is None
            return await app.payments.for_user("u1").try_decrease_item_quantity("i1", 2)

    assert asyncio.run(main()) is False
    assert seen == [
        "GET /users",
        "GET /users",
        "DELETE /team-memberships/t1/u1",
        "POST /payments/items/user/u1/i1/update-quantity",
    ]
