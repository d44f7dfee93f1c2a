"""Apps with the servers and proxies commonly used in production. Calls are not retried: none may fail."""

import asyncio
import gzip
import hashlib
import http.client
import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave.errors import APIConnectionError, HexclaveError
from hexclave.retries import Retries
from hexclave.testing import emulator
from tests.interop.application import LARGE
from tests.interop.calling import KEY, calls, connections, echo
from tests.interop.conftest import Authority, Farm
from tests.interop.servers import IDLE, REQUESTS, Running, nginx


def test_one_connection_carries_calls_up_to_the_limit(running: Running, mode: str) -> None:
    results = calls(mode, running.base_url, [echo()] * (3 * REQUESTS))
    used = Counter(result["connection"] for result in results)
    if not running.limits_requests:
        assert len(used) == 1
    else:
        assert len(used) > 1, "the server does not limit requests"
        assert all(count >= REQUESTS for count in list(used.values())[:-1]), used


def test_connections_that_the_server_closed_while_idle_cost_no_call(running: Running, mode: str) -> None:
    results = calls(mode, running.base_url, [echo(), IDLE + 0.5, echo(), echo(), IDLE + 0.5, echo()])
    assert len(connections(results)) == 3


def test_idle_connections_of_threads_cost_no_call(running: Running) -> None:
    with HexclaveServerApp("project-1", KEY, base_url=running.base_url, retries=Retries.OFF) as app:

        def one(_: int) -> Any:
            return app.call(echo())["connection"]

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(one, range(80)))) > 1
            time.sleep(IDLE + 0.5)
            assert len(set(threads.map(one, range(80)))) > 1


def test_many_async_calls_at_once(running: Running) -> None:
    async def main() -> list[Any]:
        async with AsyncHexclaveServerApp("project-1", KEY, base_url=running.base_url, retries=Retries.OFF) as app:
            results = await asyncio.gather(*[app.call(echo(body={"number": number})) for number in range(100)])
            await asyncio.sleep(IDLE + 0.5)
            return results + await asyncio.gather(*[app.call(echo(body={"number": number})) for number in range(100)])

    expected = [hashlib.sha256(b'{"number":%d}' % number).hexdigest() for number in range(100)]
    assert [result["sha256"] for result in asyncio.run(main())] == expected * 2


@pytest.mark.parametrize("kind", ["echo", "chunked", "gzip", "large"])
def test_replies_in_every_form(running: Running, mode: str, kind: str) -> None:
    result, after = calls(mode, running.base_url, [echo(kind, "GET"), echo()])
    assert result["filler"] == ("x" * LARGE if kind == "large" else "")
    assert after["connection"] == result["connection"]
    headers, body = _bare(running, kind, result["accept_encoding"])
    if kind == "gzip" or running.name in ("nginx", "haproxy"):
        assert headers["content-encoding"] == "gzip"
        body = gzip.decompress(body)
    if kind == "chunked":
        assert headers["transfer-encoding"] == "chunked"
    assert json.loads(body)["filler"] == result["filler"]


def _bare(running: Running, kind: str, accept_encoding: str) -> tuple[Any, bytes]:
    """Return headers and body that the server sends to a client which accepts the same encodings."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    try:
        connection.request("GET", f"/api/v1/users/{kind}", headers={"Accept-Encoding": accept_encoding})
        response = connection.getresponse()
        return response.headers, response.read()
    finally:
        connection.close()


def test_large_bodies_arrive_whole(running: Running, mode: str) -> None:
    body = {"filler": "y" * LARGE}
    raw = json.dumps(body, separators=(",", ":")).encode()
    results = calls(mode, running.base_url, [echo(body=body), echo("large", body=body), echo(body=body)])
    assert len(connections(results)) == 1
    for result in results:
        assert (result["length"], result["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())


CALL = """
import asyncio, hexclave, sys
from tests.interop.calling import calls, connections, echo
mode, base_url, count = sys.argv[1:]
try:
    print(len(connections(calls(mode, base_url, [echo(body={"a": "b" * 100_000})] * int(count)))))
except hexclave.errors.APIConnectionError as error:
    assert not error.sent
    print("refused")
"""


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "unknown"])
def test_tls_with_a_private_authority(
    running: Running, mode: str, authority: Authority, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """In a separate process, as users set the variable: before the program starts."""
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    command = [sys.executable, "-c", CALL, mode, running.tls_url, str(REQUESTS - 1)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    assert printed == ("1" if trusted else "refused")


def test_tls_with_a_context_of_the_callers(running: Running, mode: str, authority: Authority) -> None:
    trusting = ssl.create_default_context(cafile=str(authority.file))
    results = calls(mode, running.tls_url, [echo(body={"a": "b" * 100_000})] * (REQUESTS - 1), ssl_context=trusting)
    assert len(connections(results)) == 1
    with pytest.raises(APIConnectionError) as caught:
        calls(mode, running.tls_url, [echo()], ssl_context=ssl.create_default_context())
    assert not caught.value.sent


def test_tls_connections_that_the_server_closed_while_idle(running: Running, mode: str, authority: Authority) -> None:
    program = CALL.replace("] * int(count)", f", {IDLE + 0.5}] * int(count)")
    command = [sys.executable, "-c", program, mode, running.tls_url, "2"]
    environment = {"SSL_CERT_FILE": str(authority.file)}
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=environment)
    assert result.stdout.strip() == "2"


def test_a_proxy_that_refuses_a_large_body_early(farm: Farm, mode: str) -> None:
    """nginx answers 413 as soon as it has read the headers, while the body is still being sent."""
    running = farm.get("nginx")
    for body in ("y" * 2_000, "y" * LARGE):
        with pytest.raises(HexclaveError) as caught:
            calls(mode, running.base_url, [echo("refused", body={"filler": body})])
        assert getattr(caught.value, "status", None) == 413 or isinstance(caught.value, APIConnectionError)
    assert calls(mode, running.base_url, [echo()])


def test_a_proxy_that_reloads_its_configuration_between_calls(farm: Farm, mode: str) -> None:
    running = farm.get("nginx")
    reloading = threading.Timer(0.2, running.process.send_signal, [signal.SIGHUP])
    reloading.start()
    results = calls(mode, running.base_url, [echo(), 0.6, echo()])
    assert len(connections(results)) == 2


def test_the_emulator_behind_nginx(farm: Farm, mode: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("emulator") / "nginx"
    with emulator() as hx, nginx(folder, farm.authority.chain, hx.base_url) as running:
        keys = (hx.project.project_id, hx.project.secret_server_key)
        emails = [f"ada{number}@example.com" for number in range(12)]
        if mode == "blocking":
            with HexclaveServerApp(*keys, base_url=running.base_url) as app:
                for email in emails:
                    app.users.create(primary_email=email)
                listed = [user.primary_email for user in app.users.list()]
        else:

            async def main() -> list[str | None]:
                async with AsyncHexclaveServerApp(*keys, base_url=running.base_url) as app:
                    await asyncio.gather(*[app.users.create(primary_email=email) for email in emails])
                    return [user.primary_email async for user in app.users.list()]

            listed = asyncio.run(main())
    assert sorted(listed) == sorted(emails)


@contextmanager
def old_server(keep_alive: bool, length: bool) -> Iterator[tuple[str, list[str]]]:
    """The standard library's server, which speaks HTTP/1.0, with the versions and ports it saw."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            seen.append(str(self.client_address[1]))
            body = json.dumps({"connection": seen[-1], "filler": "x" * 100_000}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            if length:
                self.send_header("Content-Length", str(len(body)))
            if keep_alive:
                self.send_header("Connection", "keep-alive")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = not keep_alive

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        serving = threading.Thread(target=listening.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", seen
        finally:
            listening.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("keep_alive", "length"), [(False, True), (False, False), (True, True)], ids=["length", "until-close", "keep-alive"]
)
def test_http_1_0(mode: str, keep_alive: bool, length: bool) -> None:
    with old_server(keep_alive, length) as (base_url, seen):
        results = calls(mode, base_url, [echo(body={})] * 3)
    assert [len(result["filler"]) for result in results] == [100_000] * 3
    assert len(seen) == 3
    assert keep_alive or len(set(seen)) == 3
