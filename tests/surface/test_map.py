"""The map in CONTRIBUTING.md agrees with the folders."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
WITHOUT_A_LINE = {".ci", ".github"}


def mapped() -> set[str]:
    """Return the folders of the map, relative to the root."""
    block = re.search(r"```text\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    found, parent = set(), ""
    for line in block[1].splitlines():
        if (match := re.match(r"( *)([\w.]+)/", line)) and len(match[1]) in (0, 2):
            parent = match[2] if not match[1] else parent
            found.add(match[2] if not match[1] else f"{parent}/{match[2]}")
    return found


def folders() -> set[str]:
    """Return the folders tracked by git: those of the root, and the packages of the SDK and the generator."""
    paths = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    parts = [path.split("/")[:-1] for path in paths]
    rooms = {"/".join(each[:2]) for each in parts if len(each) > 1 and each[0] in ("hexclave", "generator")}
    return {each[0] for each in parts if each} - WITHOUT_A_LINE | rooms


def test_every_folder_has_a_line_and_every_line_a_folder() -> None:
    assert mapped() == folders()


def test_the_map_fits_one_screen() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert text.partition("```text\n")[2].partition("```")[0].count("\n") <= 40
