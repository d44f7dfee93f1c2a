"""The command line in this process, with a folder and an environment of its own."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hexclave.cli import main
from hexclave.testing import RunningEmulator, emulator


class Ran(NamedTuple):
    """The output of a run, and its exit status."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def hx() -> Iterator[RunningEmulator]:
    """An emulator for all tests of a module."""
    with emulator() as running:
        yield running


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variables and no profiles; the folder of the command line."""
    for name in list(os.environ):
        if name.startswith(("HEXCLAVE_", "STACK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    # A developer's keyring stays as it is.
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return tmp_path / "hexclave-py"


@pytest.fixture
def run(bare: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command without an environment."""

    def ran(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = main(arguments)
        out, err = capsys.readouterr()
        return Ran(status, out, err)

    return ran


@pytest.fixture
def cli(run: Run, hx: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command whose environment points to the emulator."""
    for name, value in hx.environment().items():
        monkeypatch.setenv(name, value)
    return run
