"""The emulator behind a real socket: faults, limits, its own operations."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from hexclave_emulator import Emulator, Fault
from hexclave_emulator.server import BackgroundServer


@pytest.fixture
def server(emulator: Emulator) -> Iterator[BackgroundServer]:
    running = BackgroundServer(emulator)
    yield running
    running.stop()


def send(
    server: BackgroundServer, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(server.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(method, path, content, headers or {})
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


def test_faults_come_in_order_and_end(server: BackgroundServer, emulator: Emulator) -> None:
    """Two rate limits, then an outage, then the real reply."""
    emulator.faults.add(Fault(status=429, headers={"retry-after": "3"}, body={"message": "slow down"}, times=2))
    emulator.faults.add(Fault(status=503, body="down"))
    replies = [send(server, "GET", "/api/v1") for _ in range(4)]
    assert [reply.status for reply, _ in replies] == [429, 429, 503, 200]
    assert replies[0][0].headers["retry-after"] == "3"
    assert json.loads(replies[0][1]) == {"message": "slow down"}


def test_a_fault_may_choose_its_requests(server: BackgroundServer, emulator: Emulator) -> None:
    """Other methods and paths are unaffected."""
    emulator.faults.add(Fault(status=500, method="GET", path="/api/v1/users"))
    statuses = [send(server, "GET", path)[0].status for path in ("/health", "/api/v1/users", "/api/v1/users")]
    assert statuses == [200, 500, 400]


def test_a_reset_drops_the_connection_and_has_no_effect(server: BackgroundServer, emulator: Emulator) -> None:
    """The client sees the connection end before any reply."""
    emulator.faults.add(Fault(reset=True))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        send(server, "POST", "/api/v1/auth/anonymous/sign-up")
    assert send(server, "GET", "/health")[0].status == 200


def test_a_slow_reply_is_the_real_one(server: BackgroundServer, emulator: Emulator) -> None:
    """A delay without a status keeps the answer and holds it back."""
    emulator.faults.add(Fault(delay=0.2))
    began = time.monotonic()
    reply, content = send(server, "GET", "/health")
    assert time.monotonic() - began >= 0.2
    assert (reply.status, content) == (200, b'{"status":"ok"}')


def test_bodies_have_a_limit(server: BackgroundServer) -> None:
    """More than eight megabytes are refused in plain text."""
    headers = {"content-type": "application/json"}
    reply, content = send(server, "POST", "/api/v1/check-version", b" " * (8 * 1024 * 1024 + 1), headers)
    assert (reply.status, content) == (413, b"Request body too large")


def test_slashes_at_the_end_are_redirected(server: BackgroundServer) -> None:
    """With 308, which keeps method and body, and never to another host."""
    reply, _ = send(server, "POST", "/api/v1/users/")
    assert (reply.status, reply.headers["location"]) == (308, "/api/v1/users")
    assert send(server, "GET", "//evil.example.com/")[0].headers["location"] == "/evil.example.com"
    # A browser takes a backslash for a slash.
    assert send(server, "GET", "/\\evil.example.com/")[0].headers["location"] == "/%5Cevil.example.com"


def test_the_date_is_the_emulators(server: BackgroundServer, emulator: Emulator) -> None:
    """Clients that compare clocks see the emulated time."""
    emulator.clock.freeze(0)
    assert send(server, "GET", "/health")[0].headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_uploaded_pictures_are_served(server: BackgroundServer, emulator: Emulator) -> None:
    """A data URL becomes a URL that works."""
    ready = emulator.ready
    assert ready is not None
    headers = {
        "x-stack-access-type": "server",
        "x-stack-project-id": ready.project_id,
        "x-stack-secret-server-key": ready.secret_server_key,
        "content-type": "application/json",
    }
    _, content = send(server, "POST", "/api/v1/users", {"profile_image_url": "data:image/png;base64,AAEC"}, headers)
    url = json.loads(content)["profile_image_url"]
    assert url.startswith(server.base_url)
    picture, pixels = send(server, "GET", url.removeprefix(server.base_url))
    assert (picture.headers["content-type"], pixels) == ("image/png", b"\0\1\2")


def test_own_operations(server: BackgroundServer, emulator: Emulator) -> None:
    """Other processes can read keys and emails, move the clock, inject faults, restore and reset."""
    project = json.loads(send(server, "GET", "/_emulator/api/project")[1])
    assert project["project_id"] == emulator.ready.project_id  # type: ignore[union-attr]
    assert send(server, "POST", "/_emulator/api/snapshot", {"name": "s"})[0].status == 200
    send(server, "POST", "/_emulator/api/clock", {"freeze_at_millis": 1000})
    assert json.loads(send(server, "POST", "/_emulator/api/clock", {"advance_seconds": 2})[1]) == {"now_millis": 3000}
    send(server, "POST", "/_emulator/api/faults", {"status": 429, "times": 5})
    assert send(server, "GET", "/health")[0].status == 429
    emulator.faults.clear()
    assert send(server, "POST", "/_emulator/api/restore", {"name": "s"})[0].status == 200
    assert send(server, "POST", "/_emulator/api/restore", {"name": "other"})[0].status == 404
    assert json.loads(send(server, "POST", "/_emulator/api/reset")[1])["project_id"] != project["project_id"]


@pytest.mark.parametrize(
    "body", [b"[]", b"{", {"status": "x"}, {"status": 9999}, {"nope": 1}, {"headers": {"a": 1}}, {"delay": -1}]
)
def test_wrong_faults_are_refused(server: BackgroundServer, emulator: Emulator, body: Any) -> None:
    """Invalid faults are refused immediately, rather than at the next request."""
    assert send(server, "POST", "/_emulator/api/faults", body)[0].status == 400
    assert emulator.faults.waiting == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com"},
        {"host": "evil.example.com"},
        {"host": "[::1].evil.example.com"},
        {"host": "evil.example.com:80@localhost"},
        {"host": "localhost\\.evil.example.com"},
        {"host": "evil-localhost"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_own_operations_are_not_for_other_origins(server: BackgroundServer, headers: dict[str, str]) -> None:
    """A page of another origin must not read keys, nor a host name that was rebound to this address."""
    reply, content = send(server, "GET", "/_emulator/api/project", None, headers)
    assert reply.status == 403
    assert b"ssk_" not in content


def test_starting_is_quick(emulator: Emulator) -> None:
    """After the first, an emulator serves within 50 ms; the best of five, as the machine may be busy."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        made = Emulator()
        running = BackgroundServer(made)
        send(running, "GET", "/api/v1")
        times.append(time.perf_counter() - began)
        running.stop()
    assert min(times) < 0.05
