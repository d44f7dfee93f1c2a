"""Tests of fastapi_app.py, each with a project of its own in the emulator.

    pytest examples/test_fastapi_app.py

Needs `hexclave[emulator]`, whose fixtures these are.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

import hexclave
from hexclave.testing import RunningEmulator
from hexclave.webhooks import sign

SECRET = os.environ["HEXCLAVE_WEBHOOK_SECRET"] = "whsec_bm90IGEgcmVhbCB3ZWJob29rIHNlY3JldCE="

from examples.fastapi_app import api


@pytest.fixture
def browser(hexclave_environment: dict[str, str]) -> Iterator[TestClient]:
    """A client of the app, which reads its keys from the environment."""
    assert "HEXCLAVE_SECRET_SERVER_KEY" in hexclave_environment
    with TestClient(api) as client:
        yield client


def signed_in(app: hexclave.HexclaveServerApp, user_id: str) -> dict[str, str]:
    """Return the header with which the user's browser calls the backend."""
    token = app.sessions.create(user_id).access_token
    assert token is not None
    return {"Authorization": f"Bearer {token.reveal()}"}


def test_profile(browser: TestClient, hexclave_server_app: hexclave.HexclaveServerApp) -> None:
    ada = hexclave_server_app.users.create(display_name="Ada", primary_email="ada@example.com")
    assert browser.get("/profile").status_code == 401
    assert browser.get("/profile", headers=signed_in(hexclave_server_app, ada.id)).json() == {"name": "Ada"}


def test_only_members_see_a_team(browser: TestClient, hexclave_server_app: hexclave.HexclaveServerApp) -> None:
    ada = hexclave_server_app.users.create(display_name="Ada")
    lin = hexclave_server_app.users.create(display_name="Lin")
    team = hexclave_server_app.teams.create(display_name="Engines", creator_user_id=ada.id)
    assert browser.get(f"/teams/{team.id}", headers=signed_in(hexclave_server_app, ada.id)).status_code == 200
    assert browser.get(f"/teams/{team.id}", headers=signed_in(hexclave_server_app, lin.id)).status_code == 403


def test_expired_tokens_are_refused(
    browser: TestClient, hexclave_emulator: RunningEmulator, hexclave_server_app: hexclave.HexclaveServerApp
) -> None:
    ada = hexclave_server_app.users.create(display_name="Ada")
    hexclave_emulator.clock.advance(-3600)
    headers = signed_in(hexclave_server_app, ada.id)
    assert browser.get("/me", headers=headers).status_code == 401


def test_a_webhook_is_handled_once(browser: TestClient) -> None:
    body = json.dumps({"type": "user.created", "data": {"id": "user-1"}}).encode()
    headers = sign(body, SECRET, webhook_id="msg_1", sent_at=datetime.now(UTC))
    for _ in range(2):
        assert browser.post("/webhooks", content=body, headers=headers).status_code == 200
    assert browser.get("/new-users").json() == ["user-1"]


def test_an_unsigned_webhook_is_refused(browser: TestClient) -> None:
    assert browser.post("/webhooks", content=b"{}").status_code == 400
