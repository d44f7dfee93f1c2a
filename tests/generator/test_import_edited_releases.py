"""Random releases: each is imported, rendered and compared, and the report contains exactly the edits.

Set `EDITED_RELEASES=300` for the long run; the number of a release reproduces it.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from generator import diff
from generator.__main__ import main
from generator.comparing.changes import Change, compare
from generator.rendering.render import render
from tests.generator.editing import Documents, Fact, base, edited

COUNT = int(os.environ.get("EDITED_RELEASES", "30"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the first release, and the description imported from it."""
    folder = tmp_path_factory.mktemp("releases")
    write(folder / "2026-01", base())
    assert main(["import", str(folder / "2026-01"), "--spec", str(folder / "first.yaml")]) == 0
    return folder


@pytest.mark.parametrize("number", range(COUNT))
def test_any_release_is_taken_in_and_reported_exactly(
    first: Path, tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    release = edited(base(), Random(number), count=2 + number % 4)
    write(tmp_path / "2026-02", release.documents)
    spec = tmp_path / "openapi.yaml"
    spec.write_bytes((first / "first.yaml").read_bytes())
    take = ["import", str(tmp_path / "2026-02"), "--spec", str(spec)]
    assert main(take) == 0, (release.what, capsys.readouterr().err)

    capsys.readouterr()
    after = spec.read_bytes()
    assert main(take) == 0
    assert capsys.readouterr().out == "nothing to do\n"
    assert spec.read_bytes() == after

    changes = compare(*diff.load(first / "first.yaml", spec))
    assert on_the_wire(changes) == release.facts, release.what
    assert on_the_wire(compare(*diff.load(first / "2026-01", tmp_path / "2026-02"))) == release.facts, release.what

    package = tmp_path / f"release_{number}"
    render(spec, package)
    sys.path.append(str(tmp_path))
    for module in ("", ".models", ".operations", ".webhooks", ".inputs", ".strict"):
        importlib.import_module(f"{package.name}{module}")
    sys.path.remove(str(tmp_path))


def write(folder: Path, documents: Documents) -> None:
    folder.mkdir()
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


def on_the_wire(changes: Iterable[Change]) -> set[Fact]:
    """Return the changes for programs in any language; new names of types and functions concern only Python."""
    return {
        (operation, change.place.rpartition(".")[2], change.fact.kind, change.fact.breaking)
        for change in changes
        for operation in change.operations
        if change.fact.affects == "wire"
    }
