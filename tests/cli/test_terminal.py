"""The command line as a person sees it, in a real terminal, and as a pipe or a full disk does."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from hexclave.testing import RunningEmulator

if sys.platform == "win32":
    pytest.skip("there is no pty", allow_module_level=True)

import resource

from tests.cli.terminal import COMMAND, Terminal

GOLDEN = Path(__file__).with_name("screens")
UPDATE = "UPDATE_SCREENS" in os.environ
"""`UPDATE_SCREENS=1 pytest tests/cli/test_terminal.py` writes the screens anew."""
ESCAPE = "\x1b["
measured = pytest.mark.skipif("coverage" in sys.modules, reason="measuring coverage changes how Python starts")


@pytest.fixture(scope="module")
def env(hx: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An environment with an emulator and some users, the same in every run."""
    app = hx.server_app()
    hx.clock.freeze(1_767_225_600_000)
    app.users.create(primary_email="ada@example.com", display_name="Ada Lovelace", primary_email_verified=True)
    app.users.create(primary_email="grace@example.com", display_name="Grace \x1b[31mHopper\u202e 葛麗絲")
    app.users.create(display_name="A name that is so long that no column of a table could ever show it as a whole")
    return {**hx.environment(), "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("config"))}


def compared(name: str, screen: str) -> None:
    """Compare a screen with the golden one; IDs and ports are different each time."""
    screen = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000000", screen)
    screen = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8102", screen)
    screen = re.sub(r"(python@|python/|Python/)[\d.]+\w*", r"\g<1>0.0.0", screen)
    screen = re.sub(r"\*{4}\w{4}", "****1234", screen)
    # Where a line is broken depends on what stands before it.
    screen = re.sub(r"(reque\s?st id )\S+\)|(--cursor )[\w\s-]+\.", lambda found: f"{found[1] or found[2]}…", screen)
    file = GOLDEN / f"{name}.txt"
    if UPDATE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{screen}\n", encoding="utf-8")
    assert screen == file.read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("width", [60, 200])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("help", ["profile", "--help"]),
        ("users-list", ["users", "list"]),
        ("users-list-limited", ["users", "list", "--limit", "1"]),
        ("project", ["project", "get", "--as", "client"]),
        ("dry-run", ["users", "create", "--display-name", "Ada", "--dry-run"]),
        ("not-found", ["users", "get", "00000000-0000-4000-8000-00000000dead"]),
        ("wrong-option", ["users", "list", "--limitt", "1"]),
    ],
)
def test_screens(env: Mapping[str, str], name: str, arguments: list[str], width: int) -> None:
    """No line is longer than the terminal, and no text of a user reaches it as a command."""
    with Terminal(*arguments, env=env, width=width, height=80) as terminal:
        terminal.finish()
        assert f"{ESCAPE}31mHopper" not in terminal.output
        assert "\u202e" not in terminal.output
        compared(f"{name}-{width}", terminal.screen)


@pytest.mark.parametrize("width", [60, 80, 200])
def test_help_fits_the_terminal(env: Mapping[str, str], width: int) -> None:
    """Each command in one line, and no line breaks where the terminal would make it."""
    with Terminal("--help", env=env, width=width, height=120) as terminal:
        assert terminal.finish() == 0
        lines = terminal.output.splitlines()
        assert max(map(len, lines)) <= width
        assert any(line.startswith("  users ") for line in lines)


def test_no_color_where_nobody_wants_it(env: Mapping[str, str]) -> None:
    """Neither with NO_COLOR nor in a pipe; elsewhere there is some."""
    with Terminal("users", "list", env=env) as terminal:
        terminal.finish()
        assert ESCAPE in terminal.output
    for command in ("users", "doctor"):
        arguments = [command, "list"] if command == "users" else [command]
        with Terminal(*arguments, env={**env, "NO_COLOR": "1"}) as terminal:
            assert terminal.finish() in (0, 1)  # The emulator's clock stands still, which `doctor` reports.
            # Bold is no color.
            assert not re.search(r"\x1b\[[0-9;]*3[0-7]", terminal.output)
    piped = subprocess.run([*COMMAND, "users", "list"], env={**os.environ, **env}, capture_output=True, check=True)
    assert b"\x1b" not in piped.stdout + piped.stderr
    assert piped.stderr == b""


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_characters_that_the_terminal_cannot_show(env: Mapping[str, str], encoding: str) -> None:
    """Are escaped; JSON stays JSON."""
    whole = {**env, "PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [*COMMAND, "users", "create", "--display-name", "葛麗絲 😀"],
        env={**os.environ, **whole},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert json.loads(done.stdout)["display_name"] == "葛麗絲 😀"
    with Terminal("doctor", env=whole, width=300) as terminal:
        assert terminal.finish() in (0, 1)
        assert "Traceback" not in terminal.output
        assert ("\\u2713" in terminal.output) is (encoding == "latin-1")


def test_a_secret_is_asked_for_without_echo(env: Mapping[str, str]) -> None:
    with Terminal("users", "create", "--password", "?", "--primary-email", "p@example.com", env=env) as terminal:
        terminal.wait_for("password: ")
        terminal.process.sendline("correct horse battery")
        assert terminal.finish() == 0
        assert "correct horse" not in terminal.output


@measured
@pytest.mark.parametrize("moment", [0.05, 0.15, 0.4])
@pytest.mark.parametrize("arguments", [["login", "--no-browser", "--app-url", "http://localhost:3000"], ["doctor"]])
def test_ctrl_c_at_any_time(env: Mapping[str, str], moment: float, arguments: list[str]) -> None:
    """Ends at once, without a traceback; before our first line runs, Python itself has the word."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert "hexclave/cli/" not in err
    assert process.returncode in (130, -signal.SIGINT) or "Traceback" in err or arguments == ["doctor"]


def test_ctrl_c_at_a_prompt(env: Mapping[str, str]) -> None:
    with Terminal("users", "create", "--password", "?", env=env) as terminal:
        terminal.wait_for("password: ")
        terminal.process.sendintr()
        assert terminal.finish() == 130
        assert "Traceback" not in terminal.output


def test_ctrl_c_while_waiting(env: Mapping[str, str]) -> None:
    with Terminal("login", "--no-browser", "--app-url", "http://localhost:3000", env=env) as terminal:
        terminal.wait_for("login_code=")
        terminal.process.sendintr()
        assert terminal.finish() == 130
        assert "Traceback" not in terminal.output


def test_ctrl_c_in_a_server_for_agents(env: Mapping[str, str]) -> None:
    """Although it waits for standard input."""
    with Terminal("mcp", env=env) as terminal:
        terminal.wait_for("Waiting for a client")
        time.sleep(0.5)
        terminal.process.sendintr()
        assert terminal.finish() == 130
        assert "Traceback" not in terminal.output


def test_a_closed_pipe(env: Mapping[str, str]) -> None:
    """`| head -1` ends it quietly."""
    shell = f"{' '.join(COMMAND)} call --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], env={**os.environ, **env}, capture_output=True, text=True, check=True)
    assert (done.stdout.splitlines()[-1] in ("0", "141"), done.stderr) == (True, "")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "users", "list"], env={**os.environ, **env}, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk(env: Mapping[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "users", "list"], env={**os.environ, **env}, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr) == (5, "Error: No space left on device\n")


@measured
@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["users", "list", "--help"], ["users", "list", "--dry-run"]]
)
def test_it_starts_fast(arguments: list[str]) -> None:
    """1.5 times what Python takes, and 100 ms, in processor time, which other processes do not disturb as much."""
    env = {**os.environ, "HEXCLAVE_PROJECT_ID": "p", "HEXCLAVE_SECRET_SERVER_KEY": "ssk_not_a_real_key"}

    def least(*command: str) -> float:
        def once() -> float:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, env=env, capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

        return min(once() for _ in range(3))

    limit = 1.5 * least(sys.executable, "-c", "pass") + 0.1
    assert least(*COMMAND, *arguments) < limit


def test_help_imports_little() -> None:
    """Neither tables nor HTTP nor the keyring nor the emulator."""
    code = (
        "import sys; from hexclave.cli import main; main(['users', 'list', '--help']); "
        "print(sorted({'rich', 'httpx', 'asyncio', 'keyring', 'tomli_w', 'hexclave_emulator', 'mcp', 'pydantic', "
        "'hexclave.errors._known'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_the_extra() -> None:
    code = "import sys; sys.modules['click'] = None; from hexclave.cli import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "hexclave-py needs click: pip install 'hexclave[cli]'\n")


def test_an_interrupt_inside_of_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 reports it as an error of the class being defined."""
    import hexclave.cli._running

    def wrapped(_: object) -> int:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr(hexclave.cli._running, "run", wrapped)
    assert hexclave.cli.main([]) == 130
