"""The command line and seed files."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from hexclave_emulator import Emulator
from hexclave_emulator.__main__ import main, welcome
from hexclave_emulator.routing import routes
from hexclave_emulator.seeding import plant
from hexclave_emulator.webhooks.endpoints import ENDPOINTS
from tests.emulator.asking import Asker, code


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_hosts_beyond_this_machine_need_a_flag(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The emulator cannot be exposed to the network by accident."""
    with pytest.raises(SystemExit) as ended:
        main(["--host", host, "--port", "0"])
    assert ended.value.code == 2
    assert "--beyond-loopback" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["hexclave_emulator", "hexclave.testing"])
def test_a_missing_package_is_named(module: str) -> None:
    """With the command that installs it."""
    code = f"import sys; sys.modules['uvicorn'] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "ImportError: the emulator needs uvicorn: pip install 'hexclave[emulator]'" in done.stderr


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With the operating system's message."""
    from hexclave_emulator.server import loopback_socket

    taken = loopback_socket()
    with pytest.raises(SystemExit):
        main(["--port", str(taken.getsockname()[1])])
    taken.close()
    assert "in use" in capsys.readouterr().err


def test_the_welcome_shows_how_to_connect(emulator: Emulator) -> None:
    """Base URL, project and keys as lines for a shell."""
    ready = emulator.ready
    assert ready is not None
    lines = welcome(emulator, "http://127.0.0.1:8102").split("\n")
    assert "export HEXCLAVE_API_URL=http://127.0.0.1:8102" in lines
    assert f"export HEXCLAVE_SECRET_SERVER_KEY={ready.secret_server_key}" in lines


YAML = """
project:
  display_name: Seeded
  settings: {auth.allowSignUp: false}
users:
  - {primary_email: ada@example.com, primary_email_auth_enabled: true, password: correct horse}
calls:
  - {method: POST, path: /users, body: {display_name: From a call}}
webhooks:
  - {url: "http://127.0.0.1:9/hooks", types: [team.created], secret: whsec_ZXhhbXBsZQ==}
"""


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_seeds(emulator: Emulator, tmp_path: Path, suffix: str) -> None:
    """Project, users and calls of a file are there; planting it again changes nothing that exists."""
    import yaml

    file = tmp_path / f"seed{suffix}"
    file.write_text(YAML if suffix == ".yaml" else json.dumps(yaml.safe_load(YAML)))
    plant(emulator, file)
    ask = Asker(emulator)
    body = {"email": "ada@example.com", "password": "correct horse"}
    assert ask.client("POST", "/auth/password/sign-in", body).status == 200
    assert ask.client("GET", "/projects/current").json()["display_name"] == "Seeded"
    refused = ask.client("POST", "/auth/password/sign-up", {"email": "b@example.com", "password": "correct horse"})
    assert code(refused) == "SIGN_UP_NOT_ENABLED"
    assert len(ask.server("GET", "/users").json()["items"]) == 2
    plant(emulator, file)
    assert len(ask.server("GET", "/users?query=ada").json()["items"]) == 1
    assert [(each.url, each.secret) for each in emulator.state[ENDPOINTS]] == [
        ("http://127.0.0.1:9/hooks", "whsec_ZXhhbXBsZQ==")
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("users: [{primary_email: nope}]", "user 1 was refused: 400"),
        ("nobody: []", "unknown nobody"),
        ("[]", "a seed is an object"),
        ("a: [", "is not YAML"),
        ("calls: [{path: /users}]", "call 1 needs a method and a path"),
        ("project: {keys: 1}", "unknown keys"),
        ("webhooks: [{}]", "webhook 1 needs a url"),
        ("webhooks: [{url: mailto:a}]", "webhook 1: 'mailto:a' is not a valid webhook URL"),
        ("webhooks: [{url: 'http://a/', secret: b}]", "webhook 1: A webhook secret must be whsec_"),
    ],
)
def test_wrong_seeds_say_what_is_wrong(emulator: Emulator, tmp_path: Path, content: str, complaint: str) -> None:
    """With the file and the place in it."""
    file = tmp_path / "seed.yaml"
    file.write_text(content)
    with pytest.raises(ValueError, match=complaint) as refused:
        plant(emulator, file)
    assert "seed.yaml" in str(refused.value)


def test_operations_that_are_not_implemented_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation from a newer description: 501, shaped like a known error, or an example if requested."""
    monkeypatch.delitem(routes.REGISTERED, ("GET", "/teams"))
    reply = Asker(Emulator()).server("GET", "/teams")
    assert (reply.status, code(reply)) == (501, "NOT_IMPLEMENTED_IN_EMULATOR")
    assert "/teams" in reply.json()["error"]
    example = Asker(Emulator(stub=True)).server("GET", "/teams")
    assert (example.status, len(example.json()["items"])) == (200, 1)


def test_a_command_runs_with_an_emulator_of_its_own(tmp_path: Path) -> None:
    """Its environment points there; the emulator ends with it, and its status is the command's."""
    script = (
        "import os, sys, json, urllib.request as u; names = ('HEXCLAVE_API_URL', 'STACK_API_URL')\n"
        "assert os.environ[names[0]] == os.environ[names[1]]\n"
        "headers = {'x-stack-access-type': 'server', 'x-stack-project-id': os.environ['HEXCLAVE_PROJECT_ID'],"
        " 'x-stack-secret-server-key': os.environ['STACK_SECRET_SERVER_KEY']}\n"
        "url = os.environ['HEXCLAVE_API_URL'] + '/api/v1/users'\n"
        "found = json.load(u.urlopen(u.Request(url, headers=headers)))\n"
        "open(sys.argv[1], 'w').write(os.environ['HEXCLAVE_API_URL'] + ' ' + str(len(found['items'])))\n"
        "sys.exit(7)\n"
    )
    seed = tmp_path / "seed.json"
    seed.write_text('{"users": [{"primary_email": "ada@example.com"}]}')
    seen = tmp_path / "seen"
    assert main(["run", "--seed", str(seed), "--", sys.executable, "-c", script, str(seen)]) == 7
    url, count = seen.read_text().split()
    assert count == "1"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=2)


def test_run_needs_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """One that exists."""
    with pytest.raises(SystemExit) as ended:
        main(["run"])
    assert ended.value.code == 2
    assert "name the command behind --" in capsys.readouterr().err
    assert main(["run", "--", "no-such-command-anywhere"]) == 127
    assert "no-such-command-anywhere cannot be run" in capsys.readouterr().err


def test_the_command_of_the_dockerfile_serves_the_page(tmp_path: Path) -> None:
    """With the arguments of ENTRYPOINT, as the user of an empty directory; only the port is another."""
    dockerfile = (Path(__file__).parents[2] / "Dockerfile").read_text("utf-8")
    entry = json.loads(dockerfile.rpartition("ENTRYPOINT ")[2])
    assert entry[0] == "hexclave-emulator"
    command = [sys.executable, "-m", "hexclave_emulator", *entry[1:], "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = running.stdout.readline().split()[-1].replace("0.0.0.0", "127.0.0.1")
        with urllib.request.urlopen(f"{address}/_emulator", timeout=20) as page:
            assert page.status == 200
        running.terminate()
