"""Types of every method of every app, and of the examples, as inferred by type checkers."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.surface.test_visible import APPS, Member, methods

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(str(ROOT / each) for each in (".", "generated", "emulator"))
ASYNC_APPS = [name for name in APPS if name.startswith("Async")]


def pyright(*arguments: str, cwd: Path, path: str = "") -> dict[str, Any]:
    bin_folder = str(Path(sys.executable).parent)
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", *arguments],
        cwd=cwd,
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def mypy(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", "--no-incremental", *arguments],
        cwd=cwd,
        env={**os.environ, "MYPYPATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


def test_almost_every_public_symbol_has_a_type_that_all_checkers_agree_on(tmp_path: Path) -> None:
    """`pyright --verifytypes`: 78.5 % when methods were assignments."""
    # Laid out like a wheel: pyright does not follow editable installations.
    for package in ("hexclave", "generated/hexclave_api", "emulator/hexclave_emulator"):
        shutil.copytree(ROOT / package, tmp_path / "lib" / Path(package).name)
    found = pyright("--verifytypes", "hexclave", "--ignoreexternal", cwd=tmp_path, path=str(tmp_path / "lib"))
    counts = found["typeCompleteness"]["exportedSymbolCounts"]
    assert counts["withUnknownType"] == 0
    assert counts["withKnownType"] > 1000
    assert found["typeCompleteness"]["completenessScore"] > 0.99


def forgetful(members: list[tuple[str, Member]]) -> str:
    """Return a program that calls each method without `await`, one per line from the second on."""
    arguments = ", ".join(f"{app.lower()}: hexclave.{type(APPS[app]).__name__}" for app in ASYNC_APPS)
    lines = [f"    {app.lower()}.{each.path}({_given(each)})" for app, each in members]
    head = "import hexclave; from typing import Any"
    return "\n".join([head, f"async def use(given: Any, {arguments}) -> None:", *lines])


def _given(member: Member) -> str:
    required = [each for each in inspect.signature(member.method).parameters.values() if each.default is each.empty]
    return ", ".join("given" if each.kind is each.POSITIONAL_OR_KEYWORD else f"{each.name}=given" for each in required)


@pytest.fixture(scope="module")
def calls() -> list[tuple[str, Member]]:
    return [(app, each) for app in ASYNC_APPS for each in methods(app)]


def lines_of(members: list[tuple[str, Member]], wanted: bool) -> set[int]:
    return {number for number, (_, each) in enumerate(members, 3) if inspect.iscoroutinefunction(each.method) is wanted}


def test_pyright_reports_a_forgotten_await_of_every_coroutine(tmp_path: Path, calls: list[tuple[str, Member]]) -> None:
    (tmp_path / "forgetful.py").write_text(forgetful(calls), "utf-8")
    found = pyright("forgetful.py", cwd=tmp_path, path=PATH)["generalDiagnostics"]
    reported = {each["range"]["start"]["line"] + 1 for each in found if each.get("rule") == "reportUnusedCoroutine"}
    assert len(reported) > 400
    assert reported == lines_of(calls, wanted=True)
    assert len(found) == len(reported)


def test_mypy_reports_a_forgotten_await_of_every_method(tmp_path: Path, calls: list[tuple[str, Member]]) -> None:
    """Coroutines by default, lists with `unused-awaitable`; streams of bulk calls cannot be awaited."""
    (tmp_path / "forgetful.py").write_text(forgetful(calls), "utf-8")
    shown = mypy("--strict", "--enable-error-code=unused-awaitable", "forgetful.py", cwd=tmp_path)
    reported = {
        code: {int(line) for line in re.findall(rf"py:(\d+): error: .*\[{code}\]", shown)}
        for code in ("unused-coroutine", "unused-awaitable")
    }
    assert reported["unused-coroutine"] == lines_of(calls, wanted=True)
    awaitable = {number for number, (_, each) in enumerate(calls, 3) if "AsyncPages" in str(each.returns)}
    assert reported["unused-awaitable"] == awaitable


def test_mypy_finds_the_examples_strictly_typed() -> None:
    examples = sorted(str(path) for path in (ROOT / "examples").glob("*.py"))
    assert len(examples) > 10
    assert mypy("--strict", "--explicit-package-bases", *examples, cwd=ROOT) == ""


def test_pyright_finds_the_examples_strictly_typed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', "utf-8")
    found = pyright(cwd=tmp_path, path=PATH)
    assert found["summary"]["filesAnalyzed"] > 10
    assert [f"{each['file']}: {each['message']}" for each in found["generalDiagnostics"]] == []
