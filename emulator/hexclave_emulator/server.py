"""The emulator as a server: an ASGI app, and uvicorn to run it. The only module that uses either."""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hexclave_emulator.emulator import Emulator
from hexclave_emulator.http.reading import LARGEST_BODY
from hexclave_emulator.messages.exchange import HttpRequest, Reply, text

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class EmulatorApp:
    """The emulator as an ASGI app, for uvicorn or any other server."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        content = await _content(receive)
        if content is None:
            reply = text("Request body too large", status=413)
        else:
            reply = self._emulator.handle(_request(scope, content))
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.broken:
            _drop(scope)
            await asyncio.sleep(0)  # lets uvicorn notice that the connection is closed
            return
        await _send(reply, send, with_content=scope["method"] != "HEAD")


async def _content(receive: Receive) -> bytes | None:
    """Read the body; `None` if it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts) if size <= LARGEST_BODY else None


def _request(scope: Scope, content: bytes) -> HttpRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host")
    if host is None:
        host = "{}:{}".format(*(scope.get("server") or ("localhost", 80)))
    query: bytes = scope["query_string"]
    return HttpRequest(
        method=scope["method"],
        path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0],
        query=parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else (),
        headers=headers,
        content=content,
        base_url=f"{scope['scheme']}://{host}",
    )


async def _send(reply: Reply, send: Send, *, with_content: bool) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" "))
        for name, value in reply.headers.items()
    ]
    if reply.status not in (204, 304):
        headers.append((b"content-length", str(len(reply.content)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.content if with_content else b""})


def _drop(scope: Scope) -> None:
    extension = scope.get("extensions", {}).get("hexclave.transport")
    if extension is None:
        raise ConnectionResetError("an injected fault; this server cannot close the connection itself")
    extension["transport"].abort()


class _Protocol(HttpToolsProtocol):
    """Lets the app drop a connection in the middle of a request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"hexclave.transport": {"transport": self.transport}}


def config(emulator: Emulator, **options: Any) -> uvicorn.Config:
    """Return the uvicorn configuration."""
    return uvicorn.Config(
        EmulatorApp(emulator),
        http=_Protocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the emulator has its own clock
        **options,
    )


def loopback_socket(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a listening socket; port 0 selects a free one.

    Raises:
        OSError: the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol set explicitly, asyncio disables Nagle's algorithm, which would delay replies by 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(512)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


class _ThreadedServer(uvicorn.Server):
    """Stops immediately on request, rather than checking ten times a second."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 -- as uvicorn calls it
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)


class BackgroundServer:
    """The emulator on a free loopback port, in a thread of this process, until `stop`."""

    def __init__(self, emulator: Emulator) -> None:
        self._socket = loopback_socket()
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        ready = threading.Event()
        self._server = _ThreadedServer(config(emulator), ready)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="hexclave-emulator", daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the emulator did not start within 10 seconds")

    def stop(self) -> None:
        """Close the port and end the thread. Idempotent."""
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join(10)
        self._socket.close()
