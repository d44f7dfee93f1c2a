"""Every Python block that a reader can copy runs, and every link inside the repository leads somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "spec" / "README.md"]
PAGES += [ROOT / "skills" / "hexclave" / "SKILL.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TESTS = re.compile(r"^def test_", re.MULTILINE)
NEWER = re.compile(r"^# needs a server of release 2026-09", re.MULTILINE | re.IGNORECASE)
"""The mark of blocks that an older server refuses."""
# pandas and polars take 340 MB, too much for two blocks; cattrs needs a newer attrs than the SDK does.
OPTIONAL = re.compile(r"^import (cattrs|pandas|polars)$", re.MULTILINE)
WHOLE_PROCESS = re.compile(r"\b(sentry_sdk\.init|set_tracer_provider|logging\.basicConfig|setLevel)\(")
"""Marks of blocks that change the process, so each gets its own."""
ONCE = (NEWER, TESTS, WHOLE_PROCESS)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


FOLLOWED = ROOT / "docs" / "first-steps.md"
"""Followed in test_first_steps.py, as files and commands."""
IN_ONE = ROOT / "docs" / "from-hand-written-helpers.md"
"""The blocks of this page use the class of its first one, so they run as one program, in `test_page_runs`."""


def blocks():
    for page in PAGES:
        if page in (FOLLOWED, IN_ONE):
            continue
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield pytest.param(page, line, match[1], id=f"{page.relative_to(ROOT)}:{line}")


@pytest.mark.parametrize(("page", "line", "source"), list(blocks()))
@pytest.mark.parametrize("server", ["2026-09", "2026-04"], indirect=True)
@pytest.mark.usefixtures("server")
def test_block_runs(request, page, line, source, tmp_path):
    if request.node.callspec.params["server"] == "2026-04" and any(each.search(source) for each in ONCE):
        pytest.skip("the block says that it needs a newer server, or has a process of its own")
    if library := OPTIONAL.search(source):
        pytest.importorskip(library[1], exc_type=ImportError)
    if TESTS.search(source):
        file = tmp_path / "test_block.py"
        file.write_text("\n" * (line - 1) + source, encoding="utf-8")
        # A process of its own, with the fixtures that the package brings and no other plugin.
        command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "hexclave.pytest_plugin", str(file)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return
    if WHOLE_PROCESS.search(source):
        command = [sys.executable, "-W", "error", "-c", source]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    code = compile("\n" * (line - 1) + source, str(page), "exec")
    exec(code, {"__name__": "__main__"})


def test_page_runs():
    text = IN_ONE.read_text(encoding="utf-8")
    program = {"__name__": "__main__"}
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        exec(compile("\n" * line + match[1], str(IN_ONE), "exec"), program)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not missing
