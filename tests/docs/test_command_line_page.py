"""The commands of docs/command-line.md and docs/moving-users.md run, and the drawing shows them."""

import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hexclave.cli._exits import Exit
from hexclave.testing import emulator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
MOVING = (ROOT / "docs" / "moving-users.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", f"{PAGE}\n{MOVING}", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0][:40])
def test_a_block_runs(block, tmp_path):
    """With the environment of somebody who has an emulator."""
    with emulator() as hx:
        env = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **hx.environment(),
        }
        done = subprocess.run(
            ["bash", "-eu", "-c", block], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=100
        )
    errors = [line for line in done.stderr.splitlines() if not line.startswith("Run ")]
    assert (done.returncode, errors) == (0, [])


def test_every_exit_status_has_a_line():
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)} == {int(each) for each in Exit}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
def test_the_drawing_shows_the_session():
    """The commands of the script, and nothing from another host."""
    from docs.command_line import DRAWING, SESSION

    drawing = DRAWING.read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]*>", "", drawing)).replace("\xa0", " ")
    assert all(command in shown for command in SESSION)
    assert "@font-face" not in drawing
    assert "****" in shown
