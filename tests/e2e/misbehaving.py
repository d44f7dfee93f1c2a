"""A server that misbehaves on purpose: a separate process, real sockets, no web framework.

The first segment of a path names a behaviour and its arguments, the second is a name chosen by the test:
`/reset,body/4f1c/api/v1/users/u1`. All requests of that name are recorded; `GET /seen/4f1c` returns them. A reply
without a fault echoes the request, so that callers can check that the reply is theirs.
"""

import asyncio
import base64
import gzip
import json
import socket
import ssl
import struct
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import trustme

HELD = 30.0
"""Seconds for which a stalled connection stays open; longer than any test waits."""


@attrs.define
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: str
    connection: int
    number: int
    """1 for the first of its name."""

    def reply(self, status: int = 200, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        """Return a valid reply; without a `body`, it echoes the request."""
        content = json.dumps(attrs.asdict(self) if body is None else body).encode()
        return http(status, {"content-type": "application/json"} | (headers or {}), content)


def http(status: int, headers: dict[str, str], content: bytes) -> bytes:
    head = {"content-length": str(len(content))} | headers
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


class Hangup(Exception):
    """Raised when a behaviour is done with the connection."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader, self.writer, self.number = reader, writer, number
        # Otherwise a reply may wait for the client to confirm a TLS session ticket, and a reset would drop it.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def drip(self, content: bytes, gap: float) -> None:
        for byte in content:
            await self.send(bytes([byte]))
            await asyncio.sleep(gap)

    def close(self) -> None:
        raise Hangup

    def reset(self) -> None:
        """Close the connection with a RST instead of a FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        raise Hangup

    async def hold(self) -> None:
        """Send nothing until the other side gives up."""
        await asyncio.wait([asyncio.ensure_future(self.reader.read(1))], timeout=HELD)
        raise Hangup

    async def end(self, how: str) -> None:
        match how:
            case "close":
                self.close()
            case "reset":
                self.reset()
            case "hold":
                await self.hold()


Behaviour = Callable[..., Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}
UNREAD_BODY: set[str] = set()
"""Behaviours that begin before they have read the request's body."""


def behaviour(function: Behaviour) -> Behaviour:
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


def cut(reply: bytes, place: str) -> bytes:
    """Return the part of a reply before `place`."""
    head = reply.index(b"\r\n\r\n") + 4
    return reply[
        : {"before": 0, "headers": head // 2, "body": head + (len(reply) - head) // 2, "after": len(reply)}[place]
    ]


@behaviour
async def ok(connection: Connection, request: Request, delay: str = "0") -> None:
    await asyncio.sleep(float(delay))
    await connection.send(request.reply())


@behaviour
async def broken(connection: Connection, request: Request, place: str, how: str, times: str = "1000000") -> None:
    """Reset, close or hold the connection at a place in the reply, this many times; later replies are valid."""
    whole = request.reply()
    if request.number > int(times):
        await connection.send(whole)
        return
    await connection.send(cut(whole, place))
    await asyncio.sleep(0.02)  # so that it arrives separately
    await connection.end(how)


@behaviour
async def idle_close(connection: Connection, request: Request, seconds: str) -> None:
    """Promise keep-alive, but close the connection after some idle seconds."""
    await connection.send(request.reply())
    await asyncio.sleep(float(seconds))
    connection.close()


@behaviour
async def drip(connection: Connection, request: Request, place: str, gap: str) -> None:
    whole = request.reply()
    fast = cut(whole, place)
    await connection.send(fast)
    await connection.drip(whole[len(fast) :], float(gap))


@behaviour
async def chunks(connection: Connection, request: Request, how: str) -> None:
    """Send a chunked body: complete, truncated, or with an invalid size."""
    content = request.reply().partition(b"\r\n\r\n")[2]
    await connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    half = len(content) // 2
    await connection.send(b"%x\r\n%b\r\n" % (half, content[:half]))
    match how:
        case "cut":
            connection.close()
        case "absurd":
            await connection.send(b"-7\r\n" + content[half:] + b"\r\n0\r\n\r\n")
        case "whole":
            await connection.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(content) - half, content[half:]))


@behaviour
async def raw(connection: Connection, request: Request, *replies: str) -> None:
    """Send the n-th reply unchanged (packed, after one letter for what follows); later replies are valid."""
    if request.number > len(replies):
        await connection.send(request.reply())
        return
    reply = replies[request.number - 1]
    await connection.send(zlib.decompress(base64.urlsafe_b64decode(reply[1:])))
    await connection.end({"k": "keep", "c": "close", "r": "reset", "h": "hold"}[reply[0]])


@behaviour
async def status(connection: Connection, request: Request, code: str, times: str = "1000000") -> None:
    await connection.send(request.reply(int(code) if request.number <= int(times) else 200))


@behaviour
async def encoded(connection: Connection, request: Request, how: str, code: str = "200") -> None:
    """Send a compressed body, or one that only claims to be compressed."""
    content = json.dumps(attrs.asdict(request)).encode()
    name, sent = {
        "gzip": ("gzip", gzip.compress(content)),
        "deflate": ("deflate", zlib.compress(content)),
        "not-gzip": ("gzip", content),
        "not-deflate": ("deflate", content),
        "cut-gzip": ("gzip", gzip.compress(content)[:-20]),
        "broken-gzip": ("gzip", gzip.compress(content)[:20] + b"\xff" * 20),
        "unknown": ("x-rot13", content),
        "twice": ("gzip, gzip", gzip.compress(gzip.compress(content))),
    }[how]
    await connection.send(http(int(code), {"content-encoding": name}, sent))


@behaviour
async def inflated(connection: Connection, request: Request, megabytes: str, layers: str = "1") -> None:
    """Send a text of this many megabytes, compressed a thousandfold by each layer."""
    content = gzip.compress(b'"' + b"x" * ((int(megabytes) << 20) - 2) + b'"', 1)
    for _ in range(int(layers) - 1):
        content = gzip.compress(content)
    coding = ", ".join(["gzip"] * int(layers))
    await connection.send(http(200, {"content-type": "application/json", "content-encoding": coding}, content))


@behaviour
async def redirect(connection: Connection, request: Request, code: str, location: str) -> None:
    target = base64.urlsafe_b64decode(location).decode("latin-1")
    await connection.send(request.reply(int(code), headers={"location": target}))


@behaviour
async def interim(connection: Connection, request: Request, times: str, how: str = "keep") -> None:
    """Send 1xx replies before the real one."""
    for _ in range(int(times)):
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")
    if how != "endless":
        await connection.send(request.reply())
        return
    while True:
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.01)


@behaviour
async def early(connection: Connection, request: Request, code: str) -> None:
    """Answer before reading the body, and never read it."""
    await connection.send(request.reply(int(code), headers={"connection": "close"}))
    await asyncio.sleep(0.05)
    connection.close()


@behaviour
async def unread(connection: Connection, request: Request, pause: str) -> None:
    """Read the body so slowly that the sender has to wait."""
    while True:
        await asyncio.sleep(float(pause))
        if not await connection.reader.read(1 << 14):
            connection.close()


UNREAD_BODY |= {"early", "unread"}


@behaviour
async def many_headers(connection: Connection, request: Request, count: str, size: str) -> None:
    headers = {f"x-header-{number}": "v" * int(size) for number in range(int(count))}
    await connection.send(request.reply(headers=headers))


@behaviour
async def huge(connection: Connection, request: Request, megabytes: str) -> None:
    size = int(megabytes) << 20
    await connection.send(b'HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"' % (size + 2))
    for _ in range(int(megabytes)):
        await connection.send(b"x" * (1 << 20))
    await connection.send(b'"')


SURPLUS = http(200, {"content-type": "application/json"}, b'{"path": "/somebody-else", "body": "a stranger\'s reply"}')
"""A reply that a caller must never get: it belongs to another call."""


@behaviour
async def surplus(connection: Connection, request: Request, how: str) -> None:
    """Send surplus data after the first reply; later replies are valid."""
    whole = request.reply()
    content = whole.partition(b"\r\n\r\n")[2]
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)
    length = f"content-length: {len(content)}\r\n".encode()
    if request.number > 1:
        await connection.send(whole)
        return
    match how:
        case "two-replies":
            await connection.send(whole + SURPLUS)
        case "chunks":
            await connection.send(chunked + SURPLUS)
        case "trailer":
            await connection.send(chunked[:-2] + b"x-trailer: 1\r\n\r\n" + SURPLUS)
        case "split":  # The surplus begins in the segment of the reply and continues in the next.
            await connection.send(whole + SURPLUS[:5])
            await asyncio.sleep(0.02)
            await connection.send(SURPLUS[5:])
        case "later":
            await connection.send(whole)
            await asyncio.sleep(0.02)
            await connection.send(SURPLUS)
        case "line-ends":
            await connection.send(whole + b"\r\n\r\n")
            await asyncio.sleep(0.02)
            await connection.send(SURPLUS)
        case "line-end-after-chunks":
            await connection.send(chunked + b"\r\n")
            await asyncio.sleep(0.02)
            await connection.send(SURPLUS)
        case "204" | "304":
            await connection.send(f"HTTP/1.1 {how} Nothing\r\n\r\n".encode() + SURPLUS)
        case "204-with-length" | "304-with-length":  # The announced body would arrive after the call.
            await connection.send(f"HTTP/1.1 {how[:3]} Nothing\r\ncontent-length: {len(SURPLUS)}\r\n\r\n".encode())
            await asyncio.sleep(0.05)
            await connection.send(SURPLUS)
        case "interim":
            await connection.send(whole + b"HTTP/1.1 100 Continue\r\n\r\n" + SURPLUS)
        case "both-lengths":
            framing = b"transfer-encoding: chunked\r\n" + length
            await connection.send(chunked.replace(b"transfer-encoding: chunked\r\n", framing) + SURPLUS)
        case "two-lengths":
            await connection.send(whole.replace(b"\r\n\r\n", b"\r\ncontent-length: 2\r\n\r\n", 1) + SURPLUS)
        case "unknown-transfer":
            await connection.send(chunked.replace(b"chunked", b"gzip, chunked", 1) + SURPLUS)
        case "head":  # A body where none is allowed.
            await connection.send(whole)


@behaviour
async def ahead(connection: Connection, request: Request) -> None:
    """Send the reply to the next request before that request, shortly after the current one."""
    await connection.send(request.reply())
    if request.number == 1:
        await asyncio.sleep(0.05)
        await connection.send(SURPLUS)


@behaviour
async def cookie(connection: Connection, request: Request) -> None:
    """Set the caller's token as a cookie in every reply, like a server with sessions."""
    token = request.headers.get("x-stack-access-token", "nobody")
    await connection.send(request.reply(headers={"set-cookie": f"session={token}; path=/"}))


@behaviour
async def echo(connection: Connection, request: Request, where: str) -> None:
    """Return the request's own headers in the places that error messages quote."""
    text = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    replies = {
        "status-line": f"HTTP/1.1 {text}\r\n\r\n",
        "garbage": f"{text}\r\n\r\n",
        "header-line": f"HTTP/1.1 200 OK\r\n\x00{text}\r\n\r\n",
        "length": f"HTTP/1.1 200 OK\r\ncontent-length: {text}\r\n\r\n",
        "encoding": f"HTTP/1.1 200 OK\r\ntransfer-encoding: {text}\r\n\r\n",
        "chunk": f"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{text}\r\n",
        "plain": http(500, {"content-type": "text/plain"}, text.encode()).decode(),
        "html": http(502, {}, f"<html><title>{text}</title>".encode()).decode(),
        "error": request.reply(418, {"code": "TEAPOT", "error": text, "details": {"echo": text}}).decode(),
        "known": request.reply(400, {"code": "SCHEMA_ERROR", "error": text, "details": {"message": text}}).decode(),
        "code": request.reply(400, {"error": "x"}, {"x-stack-known-error": text, "x-stack-request-id": text}).decode(),
        "location": request.reply(307, headers={"location": f"https://example.com/{text.replace(' ', '')}"}).decode(),
        "success": request.reply(200, [text]).decode(),
    }
    await connection.send(replies[where].encode("latin-1"))
    connection.close()


def token(name: str, age: float = 0.0) -> str:
    """Return a token in the shape of an access token; nothing here signs or verifies it."""
    issued = time.time() - age
    parts = ({"alg": "none"}, {"sub": name, "iat": issued, "exp": issued + 600})
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


ACCEPTED: defaultdict[str, set[str]] = defaultdict(set)
"""The access tokens that the session of a name accepts: those that refreshes gave out."""


@behaviour
async def session(connection: Connection, request: Request, delay: str = "0", mood: str = "kind") -> None:
    """Treat every access token as expired until the session has been refreshed, which takes a while."""
    name = request.path.split("/")[2]
    if request.path.endswith("/auth/sessions/current/refresh"):
        await asyncio.sleep(float(delay))
        if mood == "over":
            await connection.send(known_error(request, 401, "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"))
        elif mood == "reset":
            connection.reset()
        else:
            fresh = token(name)
            ACCEPTED[name].add(fresh)
            await connection.send(request.reply(200, {"access_token": fresh}))
    elif mood == "stubborn" or request.headers.get("x-stack-access-token") not in ACCEPTED[name]:
        await connection.send(known_error(request, 401, "ACCESS_TOKEN_EXPIRED"))
    else:
        await connection.send(request.reply())


def known_error(request: Request, code: int, name: str) -> bytes:
    return request.reply(code, {"code": name, "error": f"text of {name}"}, {"x-stack-known-error": name})


class Server:
    def __init__(self) -> None:
        self.seen: defaultdict[str, list[Request]] = defaultdict(list)
        self.connections = 0
        self.open: defaultdict[str, set[int]] = defaultdict(set)
        """Connections that are open now, by the names that were asked for on them."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = Connection(reader, writer, self.connections)
        try:
            while await self.answer(connection):
                pass
        except (Hangup, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            for numbers in self.open.values():
                numbers.discard(connection.number)
            writer.close()

    async def answer(self, connection: Connection) -> bool:
        head = (await connection.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        chosen, name = [*path.split("/"), "", ""][1:3]
        if chosen == "seen":
            told = {"requests": [attrs.asdict(each) for each in self.seen[name]], "open": len(self.open[name])}
            await connection.send(http(200, {}, json.dumps(told).encode()))
            return True
        chosen, *arguments = chosen.split(",")
        request = Request(method, path, headers, "", connection.number, len(self.seen[name]) + 1)
        self.seen[name].append(request)
        self.open[name].add(connection.number)
        if chosen not in UNREAD_BODY:
            content = await connection.reader.readexactly(int(headers.get("content-length", "0")))
            request.body = content.decode("latin-1")
        if chosen in BEHAVIOURS:
            await BEHAVIOURS[chosen](connection, request, *arguments)
        else:  # the target of a redirect
            await connection.send(request.reply(404))
        return True


async def main() -> None:
    """Serve on three ports, the last with TLS, until standard input ends. The first line of standard output has the
    ports and the file of the trusted authority.
    """
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    server, authority, context = Server(), trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    for each, tls in zip(sockets, (None, None, context), strict=True):
        await asyncio.start_server(server.serve, sock=each, ssl=tls, limit=1 << 20, backlog=2048)
    with authority.cert_pem.tempfile() as file:
        sys.stdout.write(f"{' '.join(str(each.getsockname()[1]) for each in sockets)} {file}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
