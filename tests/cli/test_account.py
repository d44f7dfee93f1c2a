"""Profiles, signing in and out, and what is kept where."""

import json
import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from hexclave.cli._keeping import usual_keeping
from hexclave.testing import RunningEmulator
from hexclave.tokens import Tokens
from hexclave_emulator.operations.cli_auth import CLI_LOGINS
from tests.cli.conftest import Run

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")


def add(run: Run, hx: RunningEmulator, name: str = "local") -> None:
    added = run(
        *("profile", "add", name, "--project-id", hx.project.project_id, "--api-url", hx.base_url),
        *("--app-url", "http://127.0.0.1:3000", "--secret-server-key", "-"),
        *("--publishable-client-key", hx.project.publishable_client_key),
        stdin=hx.project.secret_server_key,
    )
    assert (added.status, added.out) == (0, ""), added.err


def sign_in(run: Run, hx: RunningEmulator, *arguments: str) -> str:
    """Run `login`, and confirm it as a user in a browser would. Return what it printed."""
    page = hx.client_app()
    page.auth.sign_up_with_password(email=f"{time.monotonic_ns()}@example.com", password="correct horse battery")
    done = threading.Event()
    with hx.inner.lock:
        earlier = {each.id for each in hx.inner.state[CLI_LOGINS]}

    def confirm() -> None:
        while not done.is_set():
            with hx.inner.lock:
                waiting = [each.login_code for each in hx.inner.state[CLI_LOGINS] if each.id not in earlier]
            if waiting:
                page.auth.confirm_cli_login(waiting[-1])
                return
            time.sleep(0.05)

    thread = threading.Thread(target=confirm)
    thread.start()
    try:
        ran = run("login", "--no-browser", "--within", "15s", *arguments)
    finally:
        done.set()
        thread.join()
    assert ran.status == 0, ran.err
    return ran.err


def test_a_profile_is_kept_and_used(run: Run, hx: RunningEmulator, bare: Path) -> None:
    """The first one is the default; keys are not in the configuration, and appear nowhere."""
    add(run, hx)
    assert run("users", "create", "--display-name", "Ada").status == 0
    assert run("--profile", "local", "users", "list").status == 0
    assert run("users", "list", "--profile", "local").status == 0
    assert hx.project.secret_server_key not in (bare / "config.toml").read_text()
    listed = [json.loads(line) for line in run("profile", "list").out.splitlines()]
    assert [(each["name"], each["default"]) for each in listed] == [("local", True), ("emulator", False)]
    assert run("profile", "remove", "local").status == 0
    assert [path.name for path in bare.rglob("*") if path.is_file() and path.suffix != ".lock"] == ["config.toml"]
    assert run("users", "list").status == 3


@needs_modes
def test_only_the_owner_may_read_what_is_kept(run: Run, hx: RunningEmulator, bare: Path) -> None:
    """Mode 0600, written at once; a file open to others is refused with the cure."""
    add(run, hx)
    files = [path for path in bare.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"config.toml", "local.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    (bare / "keys" / "local.json").chmod(0o644)
    ran = run("users", "list")
    assert (ran.status, "chmod 600" in ran.err) == (5, True)


def test_login_whoami_logout(run: Run, hx: RunningEmulator) -> None:
    add(run, hx)
    shown = sign_in(run, hx)
    assert "http://127.0.0.1:3000/handler/cli-auth-confirm?login_code=" in shown
    assert "Signed in as " in shown
    who = json.loads(run("whoami").out)
    assert (who["project_id"], who["access"]) == (hx.project.project_id, ["client", "server"])
    assert who["email"].endswith("@example.com")
    assert json.loads(run("me", "get").out)["id"] == who["user_id"]
    assert run("logout").status == 0
    assert json.loads(run("whoami").out)["user_id"] is None
    assert run("me", "get").status == 3
    assert run("logout").status == 0


def test_a_dry_run_of_somebody_signed_in(run: Run, hx: RunningEmulator, bare: Path) -> None:
    """The request itself, not the refresh that may come first, and no token."""
    add(run, hx)
    sign_in(run, hx)
    ran = run("me", "get", "--dry-run")
    shown = json.loads(ran.out)
    assert shown["url"].endswith("/api/v1/users/me")
    assert shown["headers"]["x-stack-access-token"].startswith("****")
    kept = json.loads((bare / "sessions" / "local.json").read_text())
    assert not [token for token in kept.values() if token and token in ran.out + ran.err]


def test_whoami_without_anything(run: Run, hx: RunningEmulator) -> None:
    """Neither a project, nor somebody signed in."""
    assert run("whoami").status == 3
    run("profile", "add", "plain", "--project-id", hx.project.project_id, "--api-url", hx.base_url)
    ran = run("whoami")
    assert (ran.status, "hexclave-py login" in ran.err) == (3, True)


def test_a_login_makes_the_profile(run: Run, hx: RunningEmulator) -> None:
    sign_in(
        run,
        hx,
        *("--project-id", hx.project.project_id, "--api-url", hx.base_url, "--app-url", "http://127.0.0.1:3000"),
        *("--publishable-client-key", hx.project.publishable_client_key),
    )
    assert json.loads(run("whoami").out)["profile"] == "default"
    assert run("users", "list").status == 3


def test_a_login_without_confirmation(run: Run, hx: RunningEmulator) -> None:
    add(run, hx)
    ran = run("login", "--no-browser", "--within", "1s")
    assert (ran.status, "not confirmed in time" in ran.err) == (3, True)


@pytest.mark.parametrize("name", ["PROJECT_ID", "SECRET_SERVER_KEY", "API_URL"])
def test_contradicting_variables(cli: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Both are named, neither is shown."""
    monkeypatch.setenv(f"STACK_{name}", "something-else")
    ran = cli("users", "list")
    assert ran.status == 2
    assert f"HEXCLAVE_{name} and STACK_{name} have different values" in ran.err
    assert "something-else" not in ran.err
    monkeypatch.setenv(f"STACK_{name}", "")
    assert cli("users", "list").status == 0


def test_keys_of_the_environment_stay_away_from_other_projects(
    run: Run, hx: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile without a key gets none from the environment."""
    run("profile", "add", "other", "--project-id", hx.project.project_id, "--api-url", hx.base_url)
    monkeypatch.setenv("HEXCLAVE_PROJECT_ID", "another-project")
    monkeypatch.setenv("HEXCLAVE_SECRET_SERVER_KEY", "ssk_not_a_real_key")
    monkeypatch.setenv("HEXCLAVE_PUBLISHABLE_CLIENT_KEY", "pck_not_a_real_key")
    assert run("users", "list", "--profile", "other").status == 3
    sent = json.loads(run("project", "get", "--profile", "other", "--dry-run").out)["headers"]
    assert "x-stack-publishable-client-key" not in sent
    assert sent["x-stack-project-id"] == hx.project.project_id


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["profile", "add", "a/b", "--project-id", "p"], "may only contain letters"),
        (["profile", "add", "emulator", "--project-id", "p"], "built in"),
        (["profile", "add", "a", "--project-id", "ssk_not_a_real_key"], "is a key"),
        (["profile", "add", "a", "--project-id", "p", "--api-url", "https://a.example.com/api/v1"], "/api/v1"),
        (["profile", "add", "a", "--project-id", "p", "--publishable-client-key", "ssk_not_real"], "secret server key"),
        (["profile", "use", "nobody"], "There is no profile nobody"),
        (["profile", "remove", "nobody"], "There is no profile nobody"),
        (["users", "list", "--profile", "nobody"], "There is no profile nobody"),
        (["login", "--api-url", "https://api.example.com"], "need --project-id"),
    ],
)
def test_wrong_profiles(run: Run, bare: Path, arguments: list[str], complaint: str) -> None:
    ran = run(*arguments)
    assert (ran.status, complaint in ran.err) == (2, True), ran.err
    assert not bare.exists()


def test_a_damaged_configuration_is_named(run: Run, bare: Path) -> None:
    bare.mkdir()
    (bare / "config.toml").write_text("profiles = [")
    ran = run("profile", "list")
    assert (ran.status, "config.toml is not valid TOML" in ran.err) == (5, True)
    (bare / "config.toml").write_text("[profiles.a]\nsecret_server_key = 1\n")
    assert run("profile", "list").status == 5


def test_a_keyring_keeps_keys_and_tokens(
    run: Run, hx: RunningEmulator, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If one is usable: no file has them then."""
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.errors import PasswordDeleteError

    class Memory(KeyringBackend):
        priority = 1  # type: ignore[assignment]

        def __init__(self) -> None:
            self.entries: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.entries.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.entries[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            if self.entries.pop((service, username), None) is None:
                raise PasswordDeleteError("not found")

    memory = Memory()
    before = keyring.get_keyring()
    keyring.set_keyring(memory)
    try:
        add(run, hx)
        sign_in(run, hx)
        assert [path.name for path in bare.rglob("*") if path.is_file()] == ["config.toml"]
        assert {name for _, name in memory.entries} == {"local: keys", "local: session"}
        assert json.loads(run("whoami").out)["email"]
        tokens = Tokens(**json.loads(memory.entries["hexclave-py", "local: session"]))
        assert tokens.refresh_token is not None
        assert run("profile", "remove", "local").status == 0
        assert memory.entries == {}
    finally:
        keyring.set_keyring(before)


def test_a_locked_keyring_is_named(run: Run, hx: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what was to be stored."""
    import keyring
    from keyring.errors import KeyringLocked

    def locked(*_: object) -> None:
        raise KeyringLocked("secret text")

    monkeypatch.setattr("hexclave.cli._profile_commands.usual_keeping", lambda: "keyring")
    monkeypatch.setattr(keyring, "get_password", locked)
    ran = run("profile", "add", "locked", "--project-id", hx.project.project_id)
    assert (ran.status, "The keyring refused (KeyringLocked)" in ran.err) == (5, True)
    assert "secret text" not in ran.err


def test_damaged_keys_are_named(run: Run, hx: RunningEmulator, bare: Path) -> None:
    add(run, hx)
    (bare / "keys" / "local.json").write_text("[]")
    ran = run("users", "list")
    assert (ran.status, "The keys of the profile local are damaged" in ran.err) == (5, True)


def test_a_profile_of_another_project_starts_anew(run: Run, hx: RunningEmulator) -> None:
    """The keys of the former project are gone."""
    add(run, hx)
    assert run("profile", "add", "local", "--project-id", "another-project").status == 0
    assert run("users", "list").status == 3


def test_a_damaged_session_is_named(run: Run, hx: RunningEmulator, bare: Path) -> None:
    add(run, hx)
    (bare / "sessions").mkdir(mode=0o700)
    session = bare / "sessions" / "local.json"
    session.write_text("{}")
    session.chmod(0o600)
    ran = run("whoami")
    assert (ran.status, f"{session} does not contain tokens; delete it" in ran.err) == (5, True)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("users l", "list"),
        ("users list --order", "--order-by"),
        ("teams mem", "members"),
        ("docto", "doctor"),
        ("profile use emu", "emulator"),
    ],
)
def test_completions(run: Run, words: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of groups, commands and options, as a shell asks for them."""
    monkeypatch.setenv("_HEXCLAVE_PY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", f"hexclave-py {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split())))
    assert f"plain,{wanted}\n" in run().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    ran = run("completion", shell)
    assert (ran.status, "_HEXCLAVE_PY_COMPLETE" in ran.out) == (0, True)


def test_a_login_needs_a_page_and_opens_it_on_a_terminal(
    run: Run, hx: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("profile", "add", "plain", "--project-id", hx.project.project_id, "--api-url", hx.base_url)
    ran = run("login")
    assert (ran.status, "--app-url" in ran.err) == (2, True)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert run("login", "--app-url", "http://localhost:3000", "--within", "1s").status == 3
    assert opened[0].startswith("http://localhost:3000/handler/cli-auth-confirm?login_code=")


def test_without_the_package_keyring_files_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert usual_keeping() == "file"
