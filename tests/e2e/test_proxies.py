"""Proxies from environment variables apply to the apps' own connections."""

import asyncio
import json
import socketserver
import threading
import traceback

import pytest

import hexclave
from hexclave_api.operations.users import get_user

KEY = "ssk_not_a_real_key_0000000000000000000000000000"
MODES = ["blocking", "async"]


class Peer(socketserver.StreamRequestHandler):
    """Answers every request as a proxy or as the API itself, and records the first line."""

    def handle(self) -> None:
        lines = []
        while (line := self.rfile.readline().strip()) != b"":
            lines.append(line.decode())
        if not lines:
            return
        self.server.seen.append(lines)
        if lines[0].startswith("CONNECT "):
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        body = json.dumps({"id": "u1"}).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Peer)
        self.seen: list[list[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def peers(monkeypatch):
    """Yield a proxy and the API, each a server; variables of this machine are removed."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with Server() as proxy, Server() as api:
        for server in (proxy, api):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield proxy, api
        proxy.shutdown()
        api.shutdown()


def call(mode: str, base_url: str) -> str:
    options = {
        "base_url": base_url,
        "allow_insecure_http": True,
        "retries": hexclave.Retries.OFF,
        "timeout": 10,
    }

    async def awaited() -> str:
        async with hexclave.AsyncHexclaveServerApp("p1", KEY, **options) as app:
            return (await app.call(get_user("u1"))).id

    if mode == "async":
        return asyncio.run(awaited())
    with hexclave.HexclaveServerApp("p1", KEY, **options) as app:
        return app.call(get_user("u1")).id


@pytest.mark.parametrize("mode", MODES)
def test_a_plain_call_goes_through_the_proxy_with_its_whole_address(peers, monkeypatch, mode):
    proxy, api = peers
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert call(mode, "http://api.example.com") == "u1"
    assert [lines[0] for lines in proxy.seen] == ["GET http://api.example.com/api/v1/users/u1 HTTP/1.1"]
    assert api.seen == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "url",
    [
        "gopher://user:not-a-real-password@127.0.0.1:1",
        "socks5://user:not-a-real-password@127.0.0.1:1",
        "http://user:not-a-real-password@proxy..example.com:1",
        "http://user:not-a-real-password@127.0.0.1:99999",
        "http://user:not-a-real-password@127.0.0.1:port",
        "\x01",
    ],
)
def test_a_proxy_that_cannot_be_used_is_an_error_of_the_sdk(peers, monkeypatch, mode, url):
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises((hexclave.errors.APIConnectionError, hexclave.UnsafeUseError)) as caught:
        call(mode, "https://api.example.com")
    assert "not-a-real-password" not in "".join(traceback.format_exception(caught.value))
    assert isinstance(caught.value, hexclave.UnsafeUseError) or not caught.value.sent


@pytest.mark.parametrize("mode", MODES)
def test_no_proxy_is_honoured(peers, monkeypatch, mode):
    proxy, api = peers
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert call(mode, api.url) == "u1"
    assert proxy.seen == []
    assert len(api.seen) == 1


@pytest.mark.parametrize("mode", MODES)
def test_an_https_call_asks_the_proxy_for_a_tunnel_and_shows_it_no_key(peers, monkeypatch, mode):
    """The proxy refuses: an SDK error, and neither path nor key was sent unencrypted."""
    proxy, _ = peers
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(hexclave.errors.APIConnectionError) as caught:
        call(mode, "https://api.example.com")
    assert proxy.seen[0][0] == "CONNECT api.example.com:443 HTTP/1.1"
    assert not [line for lines in proxy.seen for line in lines if KEY in line or "users" in line]
    assert not caught.value.sent
