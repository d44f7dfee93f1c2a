"""Typical user journeys with each app, over a real socket to the emulator; one text for blocking and async."""

import asyncio
from typing import Any

import pytest

import hexclave
from hexclave.errors import (
    ApiKeyRevoked,
    EmailPasswordMismatch,
    InsufficientAccessType,
    SessionExpired,
    TeamPermissionRequired,
    UserNotFound,
    UserWithEmailAlreadyExists,
)
from hexclave.pagination import AsyncPages, Page
from hexclave.testing import RunningEmulator, emulator
from hexclave_api.operations.users import get_current_user, list_users
from hexclave_api.value import evolve

pytest.importorskip("uvicorn", reason="the emulator's packages are not installed")
CALLBACK = "http://localhost:3000/callback"
PASSWORD = "correct horse battery"


class Awaited:
    """A blocking app with the methods of an async one."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not callable(value):
            return (
                Awaited(value)
                if type(value).__module__.startswith(("hexclave.resources", "hexclave_api.resources"))
                else value
            )

        async def method(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            return Awaited(result) if isinstance(result, hexclave.HexclaveClientApp) else result

        return method


async def items(pages: Any) -> list[Any]:
    found = await pages if not isinstance(pages, AsyncPages) else pages
    return list(found) if isinstance(found, Page) else [item async for item in found]


@pytest.fixture(params=["blocking", "async"])
def play(request):
    """Plays a journey in one mode against a new emulator."""

    def run(journey: Any) -> None:
        async def scene() -> None:
            with emulator() as hx:
                if request.param == "blocking":
                    apps = (Awaited(hx.client_app()), Awaited(hx.server_app()), Awaited(hx.admin_app()))
                    await journey(hx, *apps)
                else:
                    async with (
                        hx.async_client_app() as client,
                        hx.async_server_app() as server,
                        hx.async_admin_app() as admin,
                    ):
                        await journey(hx, client, server, admin)

        asyncio.run(scene())

    return run


def test_a_user_signs_up_changes_herself_and_leaves(play):
    async def journey(hx: RunningEmulator, client: Any, server: Any, _admin: Any) -> None:
        signed_up = await client.auth.sign_up_with_password(email="ada@example.com", password=PASSWORD)
        me = await client.me.update(display_name="Ada", client_metadata={"theme": "dark"})
        assert (me.id, me.display_name, me.client_metadata) == (signed_up.user_id, "Ada", {"theme": "dark"})
        assert (await server.users.get(me.id)).primary_email == "ada@example.com"
        with pytest.raises(UserWithEmailAlreadyExists):
            await client.auth.sign_up_with_password(email="ada@example.com", password=PASSWORD)
        await client.auth.sign_out()
        assert await client.me.find() is None
        with pytest.raises(EmailPasswordMismatch):
            await client.auth.sign_in_with_password(email="ada@example.com", password="wrong password")
        await client.auth.sign_in_with_password(email="ada@example.com", password=PASSWORD)
        assert (await client.me.get()).id == me.id

    play(journey)


def test_a_magic_link_signs_in(play):
    async def journey(hx: RunningEmulator, client: Any, _server: Any, _admin: Any) -> None:
        sent = await client.auth.send_sign_in_code(email="grace@example.com", callback_url=CALLBACK)
        code = hx.outbox[-1].code
        assert code is not None
        assert code.endswith(sent.nonce.reveal())
        result = await client.auth.sign_in_with_code(code.removesuffix(sent.nonce.reveal()), nonce=sent.nonce)
        assert result.is_new_user
        assert (await client.me.get()).primary_email == "grace@example.com"

    play(journey)


def test_an_access_token_that_runs_out_is_renewed_and_a_revoked_session_ends(play):
    async def journey(hx: RunningEmulator, client: Any, server: Any, _admin: Any) -> None:
        user = await client.auth.sign_up_with_password(email="lin@example.com", password=PASSWORD)
        before = len(hx.requests)
        hx.clock.advance(660)
        assert (await client.me.get()).id == user.user_id
        hx.assert_requested("POST", "/auth/sessions/current/refresh", times=1)
        assert len(hx.requests) > before
        for session in await items(server.sessions.list(user.user_id)):
            await server.sessions.revoke(user.user_id, session.id)
        hx.clock.advance(660)
        with pytest.raises(SessionExpired):
            await client.me.get()
        assert await client.auth.get_access_token() is None

    play(journey)


def test_a_server_keeps_users_and_teams(play):
    async def journey(_hx: RunningEmulator, client: Any, server: Any, _admin: Any) -> None:
        users = [await server.users.create(primary_email=f"u{n}@example.com", display_name=f"U{n}") for n in range(7)]
        assert [user.id for user in await items(server.users.list(limit=3))] == [user.id for user in users]
        team = await server.teams.create(display_name="Engines", creator_user_id=users[0].id)
        await server.teams.members.add(team.id, users[1].id)
        members = await items(server.teams.members.list(team.id))
        assert {member.user_id for member in members} == {users[0].id, users[1].id}
        await server.users.delete(users[1].id)
        assert await server.users.find(users[1].id) is None
        with pytest.raises(UserNotFound):
            await server.users.get(users[1].id)
        tokens = await server.sessions.create(users[2].id)
        as_user = client.with_session(tokens)
        as_user = await as_user if asyncio.iscoroutine(as_user) else as_user
        assert (await as_user.me.get()).id == users[2].id

    play(journey)


def test_permissions_decide_what_a_member_may_do(play):
    async def journey(_hx: RunningEmulator, client: Any, server: Any, admin: Any) -> None:
        await admin.team_permission_definitions.create("bill", description="Sees the bills")
        owner = await server.users.create(primary_email="owner@example.com")
        user = await client.auth.sign_up_with_password(email="member@example.com", password=PASSWORD)
        team = await server.teams.create(display_name="Engines", creator_user_id=owner.id)
        await server.teams.members.add(team.id, user.user_id)
        assert not await server.teams.permissions.has(team.id, user.user_id, "bill")
        await server.teams.permissions.grant(team.id, user.user_id, "bill")
        assert await server.teams.permissions.has(team.id, user.user_id, "bill")
        with pytest.raises(TeamPermissionRequired):
            await client.teams.update(team.id, display_name="Mine")
        await server.teams.permissions.revoke(team.id, user.user_id, "bill")
        assert not await server.teams.permissions.has(team.id, user.user_id, "bill")

    play(journey)


def test_a_key_finds_its_user_until_it_is_revoked(play):
    async def journey(_hx: RunningEmulator, _client: Any, server: Any, admin: Any) -> None:
        await admin.config.update_override("environment", {"apiKeys.enabled.user": True})
        user = await server.users.create(primary_email="bot@example.com")
        key = await server.api_keys.create(user.id, description="ci", expires_at=None)
        assert (await server.users.get_by_api_key(key.value)).id == user.id
        await server.api_keys.revoke(key.id)
        with pytest.raises(ApiKeyRevoked):
            await server.users.get_by_api_key(key.value)
        assert await server.users.find_by_api_key(key.value) is None

    play(journey)


def test_the_api_itself_refuses_what_an_access_type_may_not_do(play):
    """The SDK's own check is disabled, so that the emulator is asked."""

    async def journey(_hx: RunningEmulator, client: Any, server: Any, _admin: Any) -> None:

        widened = evolve(list_users(limit=1), access=("client", "server", "admin"))
        with pytest.raises(InsufficientAccessType) as caught:
            await client.call(widened)
        assert caught.value.status == 401
        with pytest.raises(hexclave.UnsafeUseError):
            await server.call(get_current_user())

    play(journey)
