"""An ASGI application that echoes requests; served by uvicorn and hypercorn, behind nginx and HAProxy."""

import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
LARGE = 4_000_000
"""Bytes of the filler in a large reply."""


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    kind = scope["path"].rpartition("/")[2]
    reply = json.dumps(
        {
            # Proxies send the client's connection in a header; otherwise it is ours.
            "connection": headers.get("x-connection") or str(scope["client"][1]),
            "accept_encoding": headers.get("accept-encoding", ""),
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "filler": "x" * LARGE if kind == "large" else "",
        }
    ).encode()
    reply_headers = [(b"content-type", b"application/json")]
    if kind == "gzip":
        reply = gzip.compress(reply)
        reply_headers.append((b"content-encoding", b"gzip"))
    if kind != "chunked":
        reply_headers.append((b"content-length", b"%d" % len(reply)))
    await send({"type": "http.response.start", "status": 200, "headers": reply_headers})
    pieces = [reply[place : place + 50] for place in range(0, len(reply), 50)] if kind == "chunked" else [reply]
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
