"""The recorded exchanges over a real socket, through the blocking and the async app of their access type."""

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import attrs
import httpx
import pytest

import hexclave
from hexclave._messages import Reply
from hexclave.errors import HexclaveError
from hexclave.retries import Retries
from hexclave.tokens import Tokens
from hexclave_api.operation import UNSET, AccessType
from tests.contract.judging import Verdict, verdicts
from tests.contract.recordings import ACCESS_TYPES, CREDENTIALS, decoded, needs_recordings, scenarios, segments
from tests.playing import KEYS, FakeClock, access_token

pytestmark = needs_recordings

each_scenario = pytest.mark.parametrize("scenario", scenarios())

BLOCKING = {
    "client": hexclave.HexclaveClientApp,
    "server": hexclave.HexclaveServerApp,
    "admin": hexclave.HexclaveAdminApp,
}
AWAITING = {
    "client": hexclave.AsyncHexclaveClientApp,
    "server": hexclave.AsyncHexclaveServerApp,
    "admin": hexclave.AsyncHexclaveAdminApp,
}
# Sent as recorded; the other headers describe the connection of that time.
HEADERS = ("content-type", "location", "retry-after")


@attrs.frozen
class Seen:
    """A request as received."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Playback(ThreadingHTTPServer):
    """Answers every request with `reply` and records the requests."""

    daemon_threads = True
    reply: Reply

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def expect(self, verdict: Verdict) -> None:
        self.seen.clear()
        self.reply = verdict.exchange.reply


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body, or each reply waits for an acknowledgement
    server: Playback

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(Seen(self.command, self.path, headers, body))
        reply = self.server.reply
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name in HEADERS or name.startswith("x-stack-"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = answer  # noqa: N815 - names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[Playback]:
    with Playback() as playback:
        thread = threading.Thread(target=playback.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield playback
        playback.shutdown()
        thread.join()


@each_scenario
def test_the_blocking_app_sends_and_returns_what_was_recorded(scenario: str, server: Playback) -> None:
    with httpx.Client() as client:
        for verdict in _rebuilt(scenario):
            server.expect(verdict)
            app = BLOCKING[verdict.match.access](**_options(verdict, server, client))
            outcome: object
            try:
                outcome = app.call(verdict.operation)
            except HexclaveError as error:
                outcome = error
            _compare(verdict, outcome, server)


@each_scenario
def test_the_async_app_sends_and_returns_what_was_recorded(scenario: str, server: Playback) -> None:
    async def play() -> None:
        async with httpx.AsyncClient() as client:
            for verdict in _rebuilt(scenario):
                server.expect(verdict)
                app = AWAITING[verdict.match.access](**_options(verdict, server, client))
                outcome: object
                try:
                    outcome = await app.call(verdict.operation)
                except HexclaveError as error:
                    outcome = error
                _compare(verdict, outcome, server)

    asyncio.run(play())


def _rebuilt(scenario: str) -> list[Verdict]:
    return [verdict for verdict in verdicts(scenario) if verdict.rebuilt]


def _options(verdict: Verdict, server: Playback, client: object) -> dict[str, Any]:
    """Return options for a new app per call, so that rate limits in one recorded call do not delay the next; all share
    the connections.
    """
    options: dict[str, Any] = {
        "project_id": "project-1",
        "base_url": server.url,
        "http_client": client,
        "retries": Retries.OFF,
        **KEYS[verdict.match.access],
    }
    needs = verdict.operation.needs
    # Calls about the signed-in user are refused before any I/O if there is none.
    if verdict.match.access == "client" or "access_token" in needs or "refresh_token" in needs:
        fresh = access_token(FakeClock(unix=time.time()))
        options["session"] = Tokens(fresh, "not-a-real-refresh-token" if "refresh_token" in needs else None)
    return options


def _compare(verdict: Verdict, outcome: object, server: Playback) -> None:
    exchange = verdict.exchange
    assert len(server.seen) == 1, (verdict, outcome)
    seen = server.seen[0]
    path, _, query = seen.path.partition("?")
    assert seen.method == exchange.method, verdict
    assert segments(path.removeprefix("/api/v1") or "/") == segments(exchange.inner_path or ""), verdict
    assert dict(parse_qsl(query, keep_blank_values=True)) == exchange.query, verdict
    assert _body(seen) == ({} if exchange.sent_body is UNSET else exchange.sent_body), verdict
    assert seen.headers["x-stack-access-type"] == verdict.match.access, verdict
    assert {CREDENTIALS[need] for need in verdict.operation.needs} <= seen.headers.keys(), verdict
    assert _facts(outcome) == _facts(verdict.result if verdict.error is None else verdict.error), verdict


def _body(seen: Seen) -> Any:
    return decoded(seen.body.decode(), seen.headers.get("content-type", "")) if seen.body else {}


def _facts(outcome: object) -> object:
    if not isinstance(outcome, HexclaveError):
        return outcome
    names = ("message", "status", "code", "details", "request_id", "method", "path", "attempts", "retry_after")
    return type(outcome), {name: getattr(outcome, name) for name in names}


def test_every_access_type_is_played() -> None:
    """Guards the tests above against an empty selection."""
    played = {verdict.match.access for scenario in scenarios() for verdict in _rebuilt(scenario)}
    expected: set[AccessType] = set(ACCESS_TYPES)
    assert played == expected
