"""The published files: the wheel, and a source distribution that builds the same wheel."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed project: `make build` writes into `dist/`, which is kept separate from the user's."""
    if shutil.which("make") is None or shutil.which("tar") is None:
        pytest.skip("needs make and tar")
    copy = tmp_path_factory.mktemp("checkout")
    done = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    subprocess.run(["tar", "-x", "-C", copy], input=done.stdout, check=True)
    shutil.copy(ROOT / "Makefile", copy)
    return copy


def test_make_build_makes_both_and_the_source_distribution_builds_the_same_wheel(checkout: Path) -> None:
    bin_ = Path(sys.executable).parent
    stale = checkout / "dist/hexclave-0.0.1-py3-none-any.whl"
    stale.parent.mkdir()
    stale.touch()
    subprocess.run(["make", "--silent", "build", "-o", "setup", f"BIN={bin_}"], cwd=checkout, check=True)
    assert sorted(file.suffix for file in (checkout / "dist").iterdir()) == [".gz", ".whl"]
    (source,) = (checkout / "dist").glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(checkout / "unpacked", filter="data")
    (unpacked,) = (checkout / "unpacked").iterdir()
    built = checkout / "from-source"
    subprocess.run([bin_ / "hatchling", "build", "--target", "wheel", "--directory", built], cwd=unpacked, check=True)
    (one,), (other,) = (checkout / "dist").glob("*.whl"), built.glob("*.whl")
    assert contents(one) == contents(other)


def test_the_source_distribution_holds_what_its_tests_and_tasks_need(checkout: Path) -> None:
    bin_ = Path(sys.executable).parent
    subprocess.run([bin_ / "hatchling", "build", "--target", "sdist", "--directory", "dist2"], cwd=checkout, check=True)
    (source,) = (checkout / "dist2").glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {
        "Makefile",
        "constraints.txt",
        "spec/openapi.yaml",
        "generator/__main__.py",
        "tests/conftest.py",
        "LICENSE",
    }
    assert needed <= names
    assert not [name for name in names if name.startswith((".venv", "build/", "dist"))]


def contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {each.filename: each.CRC for each in archive.infolist()}
