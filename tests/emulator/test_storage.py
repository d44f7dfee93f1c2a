"""The state file survives however the process ends."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from hexclave_emulator import Emulator
from tests.emulator.asking import Asker


def test_state_comes_back(tmp_path: Path) -> None:
    """Another emulator on the same file has the same project, keys, users, sessions and signing keys."""
    first = Emulator(db=tmp_path / "state.db")
    ask = Asker(first)
    user = ask.server(
        "POST", "/users", {"primary_email": "ada@example.com", "client_metadata": {"a": [1, None]}}
    ).json()
    tokens = ask.server("POST", "/auth/sessions", {"user_id": user["id"]}).json()
    first.close()
    second = Emulator(db=tmp_path / "state.db")
    assert first.ready == second.ready
    assert Asker(second).server("GET", f"/users/{user['id']}").json() == {
        **user,
        "last_active_at_millis": Asker(second).server("GET", f"/users/{user['id']}").json()["last_active_at_millis"],
    }
    assert Asker(second).client("GET", "/users/me", access_token=tokens["access_token"]).json()["id"] == user["id"]
    second.close()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_the_file_is_readable_only_by_its_owner(tmp_path: Path) -> None:
    """It contains keys and tokens, as do the logs beside it."""
    emulator = Emulator(db=tmp_path / "state.db")
    Asker(emulator).server("POST", "/users", {})
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    emulator.close()
    assert modes.keys() >= {"state.db", "state.db-wal"}
    assert set(modes.values()) == {0o600}


def test_a_file_in_no_folder_is_refused(tmp_path: Path) -> None:
    """As an error of the operating system, which the command reports."""
    with pytest.raises(FileNotFoundError):
        Emulator(db=tmp_path / "nowhere" / "state.db")


def test_a_refused_request_leaves_nothing_in_the_file(tmp_path: Path) -> None:
    """Only what was kept is written."""
    emulator = Emulator(db=tmp_path / "state.db")
    refused = Asker(emulator).server("POST", "/users", {"primary_email": "a@example.com", "password_hash": "nope"})
    emulator.close()
    assert refused.status == 400
    with sqlite3.connect(tmp_path / "state.db") as connection:
        assert connection.execute("SELECT count(*) FROM rows WHERE name = 'users'").fetchone() == (0,)
    connection.close()


def test_restore_replaces_the_file(tmp_path: Path) -> None:
    """After a restore the file holds the restored state, nothing more."""
    emulator = Emulator(db=tmp_path / "state.db")
    snapshot = emulator.snapshot()
    Asker(emulator).server("POST", "/users", {})
    emulator.restore(snapshot)
    emulator.close()
    again = Emulator(db=tmp_path / "state.db")
    assert Asker(again).server("GET", "/users").json()["items"] == []
    again.close()


@pytest.mark.parametrize("content", [b"not a database, but long enough to be taken for something", b"\0" * 4096])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """A file with other contents is named, and left unchanged."""
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="not a state file"):
        Emulator(db=file)
    assert file.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_acknowledged_writes_survive_kill_9(tmp_path: Path) -> None:
    """Every acknowledged user exists after the process was killed."""
    command = [sys.executable, "-m", "hexclave_emulator", "--port", "0", "--db", str(tmp_path / "state.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    exports: dict[str, str] = {}
    while "HEXCLAVE_SUPER_SECRET_ADMIN_KEY" not in exports:
        line = process.stdout.readline()
        assert line, "the emulator ended early"
        if line.startswith("export "):
            name, _, value = line[7:].strip().partition("=")
            exports[name] = value
    headers = {
        "x-stack-access-type": "server",
        "x-stack-project-id": exports["HEXCLAVE_PROJECT_ID"],
        "x-stack-secret-server-key": exports["HEXCLAVE_SECRET_SERVER_KEY"],
        "content-type": "application/json",
    }
    made = []
    for _ in range(20):
        request = urllib.request.Request(f"{exports['HEXCLAVE_API_URL']}/api/v1/users", b"{}", headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as reply:
            made.append(json.load(reply)["id"])
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    again = Emulator(db=tmp_path / "state.db")
    assert [user["id"] for user in Asker(again).server("GET", "/users").json()["items"]] == made
    again.close()
