"""Commands for development."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import PIPE

import pytest

from hexclave.cli._samples import sample_event
from hexclave.errors import APIConnectionError
from hexclave.testing import RunningEmulator
from hexclave.transport import Reply
from hexclave.webhooks import verify
from hexclave_api import strict
from hexclave_api.webhooks import EVENTS
from hexclave_emulator.webhooks.endpoints import ENDPOINTS
from tests.cli.conftest import Ran, Run


def test_the_emulator_runs_a_command(run: Run) -> None:
    """With its environment, and its exit status."""
    script = "import os, sys; sys.exit(7 if os.environ['HEXCLAVE_API_URL'].startswith('http://127') else 1)"
    assert run("emulator", "run", "--", sys.executable, "-c", script).status == 7


def test_the_emulator_has_its_own_options(run: Run) -> None:
    ran = run("emulator", "--help")
    assert (ran.status, "--beyond-loopback" in ran.out) == (0, True)
    assert run("emulator", "--no-such-option").status == 2


def test_the_emulator_needs_an_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("hexclave_emulator")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ran = run("emulator")
    assert (ran.status, "pip install 'hexclave[emulator]'" in ran.err) == (2, True)


# -- webhooks


@pytest.fixture
def endpoint() -> Iterator["Endpoint"]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Endpoint(HTTPServer):
    """An application's endpoint for webhooks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/hooks"
        self.status = 200
        self.received: list[tuple[bytes, dict[str, str]]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((body, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(self.server.status)
        self.send_header("content-length", "7")
        self.end_headers()
        self.wfile.write(b"\x1b[31mno")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


SECRET = "whsec_ZXhhbXBsZSBzZWNyZXQ="


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_sample_events_have_every_field_of_the_description(event: str) -> None:
    """Exactly as the API would send them."""
    assert strict.check(EVENTS[event], sample_event(event)) == []


def test_trigger_sends_a_signed_sample(run: Run, endpoint: Endpoint, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    ran = run("webhooks", "trigger", "user.created", "--url", endpoint.url, "--secret", f"@{secret}")
    assert (ran.status, json.loads(ran.out)["status"]) == (0, 200), ran.err
    ((body, headers),) = endpoint.received
    event = verify(body, headers, SECRET)
    assert event.type == "user.created"
    assert event.body.data.primary_email == "ada@example.com"
    endpoint.status = 500
    ran = run("webhooks", "trigger", "team.created", "--url", endpoint.url, "--secret", "-", stdin=SECRET)
    assert ran.status == 1
    assert "answered 500: \\u001b[31mno" in ran.err
    assert run("webhooks", "trigger", "user.exploded", "--url", endpoint.url, "--secret", f"@{secret}").status == 2
    assert (
        run("webhooks", "trigger", "user.created", "--url", "http://127.0.0.1:9/", "--secret", f"@{secret}").status == 4
    )


def test_listen_forwards_what_the_emulator_sends(
    cli: Run, hx: RunningEmulator, endpoint: Endpoint, tmp_path: Path
) -> None:
    """In a process of its own, until Ctrl-C; the endpoint is gone then."""
    command = [sys.executable, "-m", "hexclave", "webhooks", "listen", "--forward", endpoint.url]
    with subprocess.Popen([*command, "--event", "user.created"], stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        secret = process.stderr.readline().strip().removeprefix("export HEXCLAVE_WEBHOOK_SECRET=")
        hx.server_app().users.create(display_name="Heard")
        line = json.loads(process.stdout.readline())
        assert (line["type"], line["status"], line["body"]["data"]["display_name"]) == ("user.created", 200, "Heard")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert "Traceback" not in process.stderr.read()
    body, headers = endpoint.received[-1]
    assert verify(body, headers, secret).id == line["id"]
    assert list(hx.inner.state[ENDPOINTS]) == []


def test_listen_needs_an_emulator(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEXCLAVE_PROJECT_ID", "p")
    monkeypatch.setenv("HEXCLAVE_API_URL", "http://127.0.0.1:9")
    ran = run("webhooks", "listen", "--forward", "http://127.0.0.1:9/")
    assert (ran.status, "hexclave-py emulator" in ran.err) == (4, True)


# -- token inspect


def access_token(hx: RunningEmulator) -> str:
    app = hx.client_app()
    app.auth.sign_up_with_password(email=f"{time.monotonic_ns()}@example.com", password="correct horse battery")
    token = app.auth.get_access_token()
    assert token is not None
    return token.reveal()


def test_a_token_is_verified(cli: Run, hx: RunningEmulator) -> None:
    """Claims and verdict, never the token."""
    token = access_token(hx)
    ran = cli("token", "inspect", stdin=token)
    shown = json.loads(ran.out)
    assert (ran.status, shown["valid"], shown["problem"]) == (0, True, None)
    assert shown["project_id"] == hx.project.project_id
    assert shown["expires_in_seconds"] > 500
    assert not [part for part in token.split(".") if part in ran.out + ran.err]


@pytest.mark.parametrize("change", ["signature", "project"])
def test_why_a_token_is_invalid(cli: Run, hx: RunningEmulator, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = access_token(hx)
    if change == "project":
        monkeypatch.setenv("HEXCLAVE_PROJECT_ID", "00000000-0000-4000-8000-00000000dead")
    else:
        head, payload, signature = token.split(".")
        token = f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    ran = cli("token", "inspect", stdin=token)
    shown = json.loads(ran.out)
    wanted = "signature is invalid" if change == "signature" else "another project or branch"
    assert (ran.status, shown["valid"], wanted in shown["problem"]) == (1, False, True)


def test_without_a_project_a_token_is_only_read(run: Run, hx: RunningEmulator) -> None:
    ran = run("token", "inspect", "--json", stdin=access_token(hx))
    assert (ran.status, json.loads(ran.out)["valid"]) == (0, None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("ssk_not_a_real_key", "This is a secret server key"), ("a.b.c", "Not an access token"), ("", "is empty")],
)
def test_values_that_are_not_tokens(run: Run, text: str, complaint: str) -> None:
    ran = run("token", "inspect", stdin=text)
    assert (ran.status in (1, 2), complaint in ran.err) == (True, True)
    assert "not_a_real" not in ran.out + ran.err


# -- doctor


def findings(ran: Ran) -> dict[str, dict[str, str]]:
    return {each["check"]: each for each in map(json.loads, ran.out.splitlines())}


def test_a_healthy_project(cli: Run) -> None:
    ran = cli("doctor")
    assert ran.status == 0
    found = findings(ran)
    assert {each["status"] for each in found.values()} <= {"ok", "skipped"}, found
    assert {"server access", "admin access", "client access", "signing keys", "clock", "address"} <= set(found)


@pytest.mark.parametrize(
    ("name", "value", "check", "message", "cure"),
    [
        ("API_URL", "{}/api/v1", "address", "must not include /api/v1", "Use {}."),
        ("API_URL", "api.example.com", "address", "must be an absolute URL", "Use https://api.example.com."),
        ("API_URL", "http://api.example.com", "address", "plain HTTP", "Use https://api.example.com."),
        ("API_URL", "http://127.0.0.1:9", "server", "cannot be reached", ""),
        ("SECRET_SERVER_KEY", "ssk_not_a_real_key", "server access", "does not belong to the project", "Copy"),
        ("SECRET_SERVER_KEY", "sak_not_a_real_key", "server key", "is a super secret admin key", "Copy"),
        ("PROJECT_ID", "00000000-0000-4000-8000-00000000dead", "signing keys", "cannot be read", "project ID"),
        ("SECRET_SERVER_KEY", '"ssk_quoted"', "environment", "in quotes", "Remove"),
    ],
)
def test_each_problem_comes_with_a_cure(
    cli: Run,
    hx: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    check: str,
    message: str,
    cure: str,
) -> None:
    monkeypatch.setenv(f"HEXCLAVE_{name}", value.format(hx.base_url))
    ran = cli("doctor")
    found = findings(ran)[check]
    assert (ran.status, found["status"]) == (1, "error"), ran.out
    assert message in found["message"]
    assert cure.format(hx.base_url) in found["cure"]
    assert "not_a_real" not in ran.out + ran.err


def test_misspelt_variables_and_contradictions(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEXCLAVE_PROJEKT_ID", "p")
    assert "HEXCLAVE_PROJECT_ID" in findings(cli("doctor"))["environment"]["cure"]
    monkeypatch.setenv("STACK_API_URL", "https://other.example.com")
    ran = cli("doctor")
    assert (ran.status, "HEXCLAVE_API_URL and STACK_API_URL" in ran.out) == (1, True)


def test_a_wrong_clock(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    late = time.time() + 400
    monkeypatch.setattr("hexclave.cli._doctor.time.time", lambda: late)
    found = findings(cli("doctor"))["clock"]
    assert (found["status"], "ahead of" in found["message"]) == ("error", True)


@pytest.mark.parametrize(
    ("name", "value", "check", "message"),
    [
        ("API_URL", "http://localhost:8101", "address", "looks like the dashboard"),
        ("API_URL", "https://app.example.com", "address", "looks like the dashboard"),
        ("API_URL", "https://example.com/auth", "address", "has a path"),
        ("PROJECT_ID", "my-project", "project ID", "does not look like one"),
    ],
)
def test_warnings(cli: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, check: str, message: str) -> None:
    """Of what may be meant, and usually is not. No server is asked that could be somebody else's."""
    monkeypatch.setenv(f"HEXCLAVE_{name}", value)
    monkeypatch.setattr("hexclave.cli._doctor.ask", unreachable)
    found = findings(cli("doctor"))[check]
    assert (found["status"], message in found["message"]) == ("warning", True)


def unreachable(*_: object, **__: object) -> Reply:
    raise APIConnectionError("cannot be reached")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(302, {"location": "https://example.com/x?secret=1"}, b""), "redirects to https://example.com/x."),
        (Reply(404, {}, b"<html>"), "does not look like the API"),
    ],
)
def test_what_answers_is_not_the_api(cli: Run, monkeypatch: pytest.MonkeyPatch, reply: Reply, message: str) -> None:
    monkeypatch.setattr("hexclave.cli._doctor.ask", lambda *_, **__: reply)
    ran = cli("doctor")
    assert (ran.status, message in findings(ran)["server"]["message"]) == (1, True)


def test_the_session_is_checked(cli: Run, hx: RunningEmulator) -> None:
    """Signed in, then with a session that somebody else has ended."""
    password = ("--password", "-")
    cli("auth", "sign-up-with-password", "--email", "doctor@example.com", *password, stdin="correct horse battery")
    assert findings(cli("doctor"))["session"]["message"] == "signed in"
    user = json.loads(cli("whoami").out)["user_id"]
    assert cli("users", "delete", user).status == 0
    ran = cli("doctor")
    assert (ran.status, findings(ran)["session"]["status"]) == (1, "error")


def test_the_built_in_profile_of_the_emulator(run: Run, hx: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever runs on the usual port, with its keys; else the command that starts one."""
    monkeypatch.setattr("hexclave.cli._profiles.EMULATOR_URL", hx.base_url)
    assert json.loads(run("whoami", "--profile", "emulator").out)["project_id"] == hx.project.project_id
    assert run("profile", "use", "emulator").status == 0
    assert run("users", "list").status == 0
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert (run("open").status, opened) == (0, [f"{hx.base_url}/_emulator"])
    monkeypatch.setattr("hexclave.cli._profiles.EMULATOR_URL", "http://127.0.0.1:9")
    ran = run("users", "list")
    assert (ran.status, "hexclave-py emulator" in ran.err) == (4, True)
