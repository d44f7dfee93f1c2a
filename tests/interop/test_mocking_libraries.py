"""respx and VCR see the calls of an app that has an httpx client, and the page on testing says so."""

import asyncio
from pathlib import Path

import httpx
import pytest
import respx
import vcr

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave.errors import UserNotFound
from hexclave.testing import emulator

KEY = "ssk_not_a_real_key_0000000000000000000000000000"
USERS = "https://api.hexclave.com/api/v1/users"
MISSING = {"code": "USER_NOT_FOUND", "error": "No such user."}


@respx.mock
def test_respx_answers_a_blocking_app() -> None:
    route = respx.get(f"{USERS}/u1").respond(json={"id": "u1", "display_name": "Ada"})
    with httpx.Client() as client, HexclaveServerApp("project-1", KEY, http_client=client) as app:
        found = app.with_reply(lambda app: app.users.get("u1"))
    assert (found.value.display_name, found.status) == ("Ada", 200)
    assert route.calls.last.request.headers["user-agent"].startswith("hexclave-python/")


@respx.mock
def test_respx_answers_an_async_app() -> None:
    respx.get(f"{USERS}/u1").respond(404, json=MISSING)

    async def call() -> None:
        async with httpx.AsyncClient() as client, AsyncHexclaveServerApp("project-1", KEY, http_client=client) as app:
            await app.users.get("u1")

    with pytest.raises(UserNotFound):
        asyncio.run(call())


def test_vcr_records_and_replays(tmp_path: Path) -> None:
    recorder = vcr.VCR(filter_headers=["x-stack-secret-server-key"], cassette_library_dir=str(tmp_path))

    def found() -> str | None:
        keys = (hx.project.project_id, hx.project.secret_server_key)
        with httpx.Client() as client, HexclaveServerApp(*keys, base_url=hx.base_url, http_client=client) as app:
            return app.users.get(user.id).display_name

    with emulator() as hx:
        user = hx.server_app().users.create(display_name="Ada")
        with recorder.use_cassette("user.yaml"):
            assert found() == "Ada"
    # The emulator is gone: only the cassette can answer.
    with recorder.use_cassette("user.yaml", record_mode=vcr.mode.NONE):
        assert found() == "Ada"
    assert hx.project.secret_server_key not in (tmp_path / "user.yaml").read_text("utf-8")
