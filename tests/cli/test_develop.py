"""Commands for development."""

import sys

import pytest

from tests.cli.conftest import Run


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
