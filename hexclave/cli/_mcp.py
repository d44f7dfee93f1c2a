"""`mcp`: the API for agents, over the Model Context Protocol."""

import hmac
import json
import os
import secrets
import signal
import socket
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from hexclave._version import __version__
from hexclave.cli._agent_tools import LONGEST, ConfirmationNeeded, ToolError, Tools
from hexclave.cli._connecting import ORDER, AnyApp, connect
from hexclave.cli._exits import Exit, missing_extra
from hexclave.cli._output import note
from hexclave.cli._profiles import load
from hexclave.cli._state import common_options, current
from hexclave.cli._values import SecretType
from hexclave.errors import HexclaveError
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

    from hexclave_api.operation import AccessType

_INSTRUCTIONS: Final = (
    "Hexclave: users, teams, sign-in, permissions, emails and payments of one project. "
    "Search for an operation, describe it if its arguments are unclear, then call it."
)


@click.command("mcp", params=common_options(("profile",)))
@click.option("--write", is_flag=True, help="Allow operations that change data; by default, they are refused.")
@click.option("--http", is_flag=True, help="Serve HTTP on this machine instead of standard input and output.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8103, show_default=True, help="Port for --http, 0 for a free one."
)
@click.option("--token", type=SecretType(), help="Bearer token that --http asks for; by default, a new one.")
def mcp_command(write: bool, http: bool, port: int, token: Secret | None) -> None:
    """Serve the API to agents (Model Context Protocol). Needs `hexclave[mcp]`.

    Three tools: search operations, describe one, call one. Only reads, unless --write; deletions are confirmed by the
    person at the client, or by a second call. Secrets in results are masked.
    """
    try:
        import mcp  # noqa: F401 - an extra
    except ImportError:
        raise missing_extra("mcp", "mcp") from None
    profile = load(current().profile)
    with ExitStack() as stack:
        apps: dict[AccessType, AnyApp] = {}
        for access in ORDER:
            if profile.holds(access):
                apps[access] = connect(profile, access)
                stack.callback(apps[access].close)
        server = mcp_server(Tools(profile, apps, write=write))
        if not http:
            _serve_standard_input(server)
            return
        listening = socket.create_server(("127.0.0.1", port))
        if token is None:
            token = Secret(secrets.token_urlsafe(24))
            # Generated for this run: clients need it to connect.
            note(f"Authorization: Bearer {token.reveal()}", always=True)
        note(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", always=True)
        _serve(Guarded(server.streamable_http_app(host="127.0.0.1"), token), listening)


def _serve_standard_input(server: "MCPServer") -> None:
    import anyio

    if sys.stdin.isatty():
        note("Waiting for a client on standard input; agents start this command themselves. Ctrl-C ends it.")
    # The thread that reads standard input cannot be interrupted, and nothing is left to be saved.
    signal.signal(signal.SIGINT, lambda *_: os._exit(Exit.INTERRUPTED))
    anyio.run(server.run_stdio_async)


def _serve(app: "ASGIApp", listening: socket.socket) -> None:
    import uvicorn

    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


class Guarded:
    """An ASGI application that asks for a bearer token: other users of this machine can reach the port, too."""

    def __init__(self, app: "ASGIApp", token: Secret) -> None:
        self._app = app
        self._expected = Secret(f"Bearer {token.reveal()}")

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected.reveal().encode()):
                headers = [(b"content-length", b"0"), (b"www-authenticate", b"Bearer")]
                await send({"type": "http.response.start", "status": 401, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._app(scope, receive, send)


def mcp_server(tools: Tools) -> "MCPServer":
    """Return the server with its three tools."""
    import anyio.to_thread
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError as Refused
    from mcp_types import ToolAnnotations
    from pydantic import BaseModel

    class Confirmation(BaseModel):
        confirm: bool

    server = MCPServer("hexclave", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING")
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)

    @server.tool(structured_output=False, annotations=reading)
    async def search_operations(query: str, limit: int = 10) -> str:
        """Find operations of the Hexclave API by what they do, such as "list users" or "add team member"."""
        return _text(await anyio.to_thread.run_sync(tools.search, query, limit))

    @server.tool(structured_output=False, annotations=reading)
    async def describe_operation(name: str) -> str:
        """Describe an operation: what it does, and its arguments with types and limits."""
        try:
            return _text(await anyio.to_thread.run_sync(tools.describe, name))
        except ToolError as error:
            raise Refused(str(error)) from None

    @server.tool(structured_output=False, annotations=ToolAnnotations(destructive_hint=True, open_world_hint=True))
    async def call_operation(
        context: Context,
        name: str,
        arguments: dict[str, Any] | None = None,
        access: str | None = None,
        confirm: str | None = None,
    ) -> str:
        """Call an operation with its arguments.

        Lists return a page; pass `pagination.next_cursor` as `cursor` for the next one. A deletion that needs
        confirmation returns a code: ask the user, then repeat the call with the code as `confirm`. `access` is server,
        admin or client; set it only after a 403.
        """
        given = arguments or {}
        try:
            try:
                result = await anyio.to_thread.run_sync(
                    partial(tools.call, name, given, access=access, confirm=confirm)
                )
            except ConfirmationNeeded as needed:
                answer = await _asked(context, needed)
                if answer is None:
                    return _text({"needs_confirmation": needed.question, "confirm": needed.code})
                if not answer:
                    raise Refused("The user declined.") from None
                result = await anyio.to_thread.run_sync(tools.confirmed, name, given, access)
        except (ToolError, HexclaveError) as error:
            hint = f" {error.hint}" if isinstance(error, HexclaveError) and error.hint else ""
            raise Refused(f"{error}{hint}") from None
        text = _text(result)
        if len(text) > LONGEST:
            raise Refused(f"The result has {len(text):,} characters: ask for less, such as a smaller limit.")
        return text

    async def _asked(context: Any, needed: ConfirmationNeeded) -> bool | None:
        """The answer of the person at the client, `None` if the client cannot ask."""
        capabilities = context.client_capabilities
        if capabilities is None or capabilities.elicitation is None:
            return None
        answer = await context.elicit(f"{needed.question} Confirm?", Confirmation)
        return answer.action == "accept" and bool(answer.data.confirm)

    return server


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
