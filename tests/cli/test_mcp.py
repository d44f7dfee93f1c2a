"""The server for agents, with the client of the official package."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import ElicitResult

from hexclave.cli._agent_tools import Tools
from hexclave.cli._mcp import mcp_server
from hexclave.cli._profiles import Profile
from hexclave.testing import RunningEmulator
from hexclave_api.operations import OPERATIONS
from hexclave_api.secret import Secret
from tests.cli.conftest import Run

MOST_TOKENS = 2_000


def tools(hx: RunningEmulator, *, write: bool) -> Tools:
    keys = {"secret_server_key": Secret(hx.project.secret_server_key)}
    profile = Profile("test", hx.project.project_id, hx.base_url, keys=keys)
    return Tools(profile, {"server": hx.server_app(), "admin": hx.admin_app()}, write=write)


class Agent:
    """An agent that follows a script."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tool(self, tool: str, /, **arguments: Any) -> Any:
        done = await self._client.call_tool(tool, arguments)
        text = done.content[0].text
        assert not done.is_error, text
        return json.loads(text)

    async def call(self, operation: str, /, confirm: str | None = None, **arguments: Any) -> Any:
        return await self.tool("call_operation", name=operation, arguments=arguments, confirm=confirm)

    async def refused(self, operation: str, /, **arguments: Any) -> str:
        done = await self._client.call_tool("call_operation", {"name": operation, "arguments": arguments})
        assert done.is_error, done.content[0].text
        return str(done.content[0].text)

    async def found(self, query: str) -> str:
        """The operation that comes first."""
        return str((await self.tool("search_operations", query=query))[0]["name"])


Task = Callable[[Agent], Awaitable[None]]
TASKS: list[Task] = []


def task(function: Task) -> Task:
    TASKS.append(function)
    return function


def acting(hx: RunningEmulator, script: Task, *, write: bool = True, **options: Any) -> None:
    @asynccontextmanager
    async def connected() -> AsyncIterator[Agent]:
        async with Client(mcp_server(tools(hx, write=write)), **options) as client:
            yield Agent(client)

    async def act() -> None:
        async with connected() as agent:
            await script(agent)

    anyio.run(act)


async def a_user(agent: Agent, **fields: Any) -> str:
    return str((await agent.call("create_user", **fields))["id"])


async def a_team(agent: Agent, name: str = "Engineers") -> str:
    return str((await agent.call(await agent.found("create a team"), display_name=name))["id"])


@task
async def create_a_user(agent: Agent) -> None:
    assert await agent.found("create user") == "create_user"
    made = await agent.call("create_user", primary_email="t01@example.com", display_name="Ada")
    assert made["display_name"] == "Ada"


@task
async def find_a_user_by_email(agent: Agent) -> None:
    user = await a_user(agent, primary_email="t02@example.com")
    assert await agent.found("list users") == "list_users"
    found = await agent.call("list_users", query="t02@example.com")
    assert [each["id"] for each in found["items"]] == [user]


@task
async def rename_a_user(agent: Agent) -> None:
    user = await a_user(agent, display_name="Before")
    assert await agent.found("update user") == "update_user"
    assert (await agent.call("update_user", user_id=user, display_name="After"))["display_name"] == "After"


@task
async def clear_a_field(agent: Agent) -> None:
    user = await a_user(agent, display_name="Before")
    assert (await agent.call("update_user", user_id=user, display_name=None))["display_name"] is None


@task
async def store_metadata(agent: Agent) -> None:
    user = await a_user(agent)
    changed = await agent.call("update_user", user_id=user, server_metadata={"plan": ["pro", 1]})
    assert changed["server_metadata"] == {"plan": ["pro", 1]}


@task
async def restrict_a_user(agent: Agent) -> None:
    user = await a_user(agent)
    changed = await agent.call(
        "update_user", user_id=user, restricted_by_admin=True, restricted_by_admin_reason="Fraud"
    )
    assert changed["is_restricted"] is True


@task
async def delete_a_user(agent: Agent) -> None:
    user = await a_user(agent)
    asked = await agent.call("delete_user", user_id=user)
    assert user in asked["needs_confirmation"]
    assert (await agent.call("get_user", user_id=user))["id"] == user
    await agent.call("delete_user", user_id=user, confirm=asked["confirm"])
    assert "USER_NOT_FOUND" in await agent.refused("get_user", user_id=user)


@task
async def a_code_confirms_one_deletion(agent: Agent) -> None:
    first, second = await a_user(agent), await a_user(agent)
    asked = await agent.call("delete_user", user_id=first)
    again = await agent.call("delete_user", user_id=second, confirm=asked["confirm"])
    assert "needs_confirmation" in again
    assert (await agent.call("get_user", user_id=second))["id"] == second


@task
async def page_through_users(agent: Agent) -> None:
    for number in range(3):
        await a_user(agent, display_name=f"Paging {number}")
    first = await agent.call("list_users", query="Paging", limit=2)
    rest = await agent.call("list_users", query="Paging", limit=2, cursor=first["pagination"]["next_cursor"])
    assert [len(first["items"]), len(rest["items"])] == [2, 1]


@task
async def create_a_team_with_a_member(agent: Agent) -> None:
    user, team = await a_user(agent), await a_team(agent)
    add = await agent.found("add team member")
    await agent.call(add, team_id=team, user_id=user)
    members = await agent.call("list_users", team_id=team)
    assert [each["id"] for each in members["items"]] == [user]


@task
async def list_the_teams_of_a_user(agent: Agent) -> None:
    user, team = await a_user(agent), await a_team(agent)
    await agent.call("add_team_member", team_id=team, user_id=user)
    found = await agent.call("list_teams_as_server", user_id=user)
    assert [each["id"] for each in found["items"]] == [team]


@task
async def rename_a_team(agent: Agent) -> None:
    team = await a_team(agent)
    changed = await agent.call(await agent.found("update team"), team_id=team, display_name="Renamed")
    assert changed["display_name"] == "Renamed"


@task
async def invite_a_user(agent: Agent) -> None:
    team = await a_team(agent)
    name = await agent.found("send team invitation email")
    described = await agent.tool("describe_operation", name=name)
    assert {"team_id", "email", "callback_url"} <= set(described["arguments"])
    await agent.call(name, team_id=team, email="t13@example.com", callback_url="http://localhost:3000/join")
    listed = await agent.call(await agent.found("list team invitations"), team_id=team)
    assert [each["recipient_email"] for each in listed["items"]] == ["t13@example.com"]


@task
async def add_a_contact_channel(agent: Agent) -> None:
    user = await a_user(agent)
    made = await agent.call(
        await agent.found("create contact channel"),
        user_id=user,
        value="t14@example.com",
        used_for_auth=False,
    )
    assert made["value"] == "t14@example.com"


@task
async def define_and_grant_a_permission(agent: Agent) -> None:
    user = await a_user(agent)
    await agent.call("create_project_permission_definition", id="write_reports")
    await agent.call("grant_project_permission", user_id=user, permission_id="write_reports")
    found = await agent.call("list_project_permissions", user_id=user)
    assert "write_reports" in [each["id"] for each in found["items"]]


@task
async def read_the_project(agent: Agent) -> None:
    name = await agent.found("get current project")
    assert OPERATIONS[name].method == "GET"
    assert (await agent.call(name))["id"]


@task
async def end_a_session(agent: Agent) -> None:
    user = await a_user(agent)
    refused = await agent.refused("create_session", user_id=user)
    assert "does not belong in a conversation" in refused
    assert (await agent.call("list_sessions", user_id=user))["items"] == []


@task
async def recover_from_wrong_arguments(agent: Agent) -> None:
    assert "it has: " in await agent.refused("create_user", name="Ada")
    assert "limit must be: integer" in await agent.refused("list_users", limit="ten")
    assert "needs user_id" in await agent.refused("get_user")
    assert '"signed_up_at"' in await agent.refused("list_users", order_by="name")
    assert "There is no operation" in await agent.refused("make_user")


@task
async def recover_from_a_refusal_of_the_api(agent: Agent) -> None:
    await a_user(agent, primary_email="t19@example.com", primary_email_auth_enabled=True)
    refused = await agent.refused("create_user", primary_email="t19@example.com", primary_email_auth_enabled=True)
    assert "USER_EMAIL_ALREADY_EXISTS" in refused


@task
async def look_at_sent_emails(agent: Agent) -> None:
    name = await agent.found("list outbox emails")
    assert OPERATIONS[name].method == "GET"
    assert "items" in await agent.call(name)


@pytest.mark.parametrize("script", TASKS, ids=lambda each: each.__name__)
def test_a_scripted_task(hx: RunningEmulator, script: Task) -> None:
    acting(hx, script)


def test_there_are_twenty_tasks() -> None:
    assert len(TASKS) == 20


def test_without_write_nothing_can_be_changed(hx: RunningEmulator) -> None:
    """Neither found nor called; the request log has only reads."""
    before = len(hx.requests)

    async def script(agent: Agent) -> None:
        listed = await agent.tool("search_operations", query="", limit=50)
        assert {each["request"].split()[0] for each in listed} == {"GET"}
        for name in ("create_user", "delete_user", "update_team_as_server", "run_analytics_query"):
            assert "--write" in await agent.refused(name)
        await agent.call("list_users")

    acting(hx, script, write=False)
    assert {each.request.method for each in hx.requests[before:]} == {"GET"}


@pytest.mark.parametrize("accepts", [True, False])
def test_a_person_confirms_where_the_client_can_ask(hx: RunningEmulator, accepts: bool) -> None:
    """No code then: only the person decides."""
    asked: list[str] = []

    async def person(_: Any, request: Any) -> ElicitResult:
        asked.append(request.message)
        return ElicitResult(action="accept", content={"confirm": True}) if accepts else ElicitResult(action="decline")

    async def script(agent: Agent) -> None:
        user = await a_user(agent)
        if accepts:
            await agent.call("delete_user", user_id=user)
            assert "USER_NOT_FOUND" in await agent.refused("get_user", user_id=user)
        else:
            assert "declined" in await agent.refused("delete_user", user_id=user)
            await agent.call("get_user", user_id=user)
        assert user in asked[0]

    acting(hx, script, elicitation_callback=person, mode="legacy")


def test_the_definitions_fit_into_2000_tokens(hx: RunningEmulator) -> None:
    """Counted high: no tokenizer makes more than one token of three characters of JSON and English."""

    async def act() -> None:
        async with Client(mcp_server(tools(hx, write=True))) as client:
            listed = (await client.list_tools()).tools
            assert [each.name for each in listed] == ["search_operations", "describe_operation", "call_operation"]
            text = json.dumps([each.model_dump(mode="json", exclude_none=True) for each in listed])
            assert len(text + (client.instructions or "")) / 3 < MOST_TOKENS

    anyio.run(act)


def test_secrets_in_results_are_masked(hx: RunningEmulator) -> None:
    async def script(agent: Agent) -> None:
        arguments = {"level": "environment"}
        layer = await agent.tool("call_operation", name="get_config_override", arguments=arguments, access="admin")
        assert layer["config_string"].startswith("****")

    acting(hx, script)


def process_environment(hx: RunningEmulator, folder: Path) -> dict[str, str]:
    measuring = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    return {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(folder.parent), **measuring, **hx.environment()}


def test_over_standard_input_and_output(hx: RunningEmulator, bare: Path) -> None:
    """The command itself, as a client starts it."""
    environment = process_environment(hx, bare)
    server = StdioServerParameters(command=sys.executable, args=["-m", "hexclave", "mcp"], env=environment)

    async def act() -> None:
        async with Client(server) as client:
            assert await Agent(client).found("list users") == "list_users"
            assert "--write" in await Agent(client).refused("create_user")

    anyio.run(act)


def test_over_http_with_a_token(hx: RunningEmulator, bare: Path) -> None:
    """The token is required, and printed once; Ctrl-C ends it."""
    environment = process_environment(hx, bare)
    command = [sys.executable, "-m", "hexclave", "mcp", "--http", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        header = process.stderr.readline().strip().removeprefix("Authorization: ")
        url = process.stderr.readline().strip()

        async def act() -> None:
            import httpx
            from mcp.client.streamable_http import streamable_http_client

            async with httpx.AsyncClient() as plain:
                for _ in range(100):
                    try:
                        reply = await plain.post(url, json={})
                        break
                    except httpx.ConnectError:
                        await anyio.sleep(0.1)
                assert reply.status_code == 401
            import mcp.client.streamable_http as transport

            made = transport.create_mcp_http_client(headers={"Authorization": header})
            async with made, Client(streamable_http_client(url, http_client=made)) as client:
                assert await Agent(client).found("list users") == "list_users"

        try:
            anyio.run(act)
        finally:
            process.send_signal(2)
            assert process.wait(10) == 130
        assert "Traceback" not in process.stderr.read()


def test_a_taken_port(cli: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = cli("mcp", "--http", "--port", str(taken.getsockname()[1]))
    assert (ran.status, "in use" in ran.err) == (5, True)


def test_without_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    ran = run("mcp")
    assert (ran.status, "pip install 'hexclave[mcp]'" in ran.err) == (2, True)
