"""An MCP server of the official package that admits the users of a project."""

import pytest
from starlette.testclient import TestClient

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer

from hexclave.errors import UnsafeUseError
from hexclave.integrations.mcp import HexclaveTokenVerifier

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "whoami", "arguments": {}}}
BEGIN = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture
def client(world):
    app = world.emulator.async_server_app()
    server = MCPServer(
        "documents",
        token_verifier=HexclaveTokenVerifier(app, permissions=True),
        auth=AuthSettings(
            issuer_url=world.emulator.base_url,
            resource_server_url="http://localhost/mcp",
            required_scopes=["read_reports"],
            validate_token_resource=False,
        ),
    )

    @server.tool()
    def whoami() -> str:
        token = get_access_token()
        return f"{token.subject} {token.scopes}" if token else "no user"

    api = server.streamable_http_app(stateless_http=True, json_response=True)
    with TestClient(api, base_url="http://localhost:8000") as made:
        yield made


def ask(client, token, message):
    return client.post("/mcp", json=message, headers={**HEADERS, "authorization": f"Bearer {token}"})


def test_tools_know_their_user_and_the_scopes(client, world):
    assert ask(client, world.reader, BEGIN).status_code == 200
    answer = ask(client, world.reader, CALL)
    assert answer.status_code == 200, answer.text
    assert "['read_reports']" in answer.text


def test_users_without_the_permission_are_refused(client, world):
    assert ask(client, world.token, BEGIN).status_code == 403


@pytest.mark.parametrize("kind", ["expired", "restricted", "anonymous"])
def test_others_are_refused_and_told_where_to_go(client, world, kind):
    answer = ask(client, getattr(world, kind), BEGIN)
    assert answer.status_code == 401
    assert "/.well-known/oauth-protected-resource" in answer.headers["www-authenticate"]
    assert ask(client, "not-a-token", BEGIN).status_code == 401


def test_the_resource_describes_itself(client, world):
    described = client.get("/.well-known/oauth-protected-resource/mcp").json()
    assert described["resource"] == "http://localhost/mcp"
    assert described["scopes_supported"] == ["read_reports"]


def test_the_app_must_be_able_to_ask(world):
    with pytest.raises(UnsafeUseError, match="async server"):
        HexclaveTokenVerifier(world.emulator.server_app())
