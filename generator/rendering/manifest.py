"""The list of rendered files: used to delete files no longer rendered, and to detect foreign ones."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "MANIFEST"

Files = Mapping[str, bytes]
"""Contents by path relative to the package, with forward slashes."""


def write(out: Path, files: Files, header: str) -> list[str]:
    """Write `files` and their manifest to `out`; delete files listed only in the previous manifest.

    Return the paths that were written or deleted.
    """
    files = {**files, NAME: _text(files, header)}
    gone = [path for path in _listed(out) if path not in files and (out / path).is_file()]
    changed = [path for path, content in files.items() if not _holds(out / path, content)]
    for path in gone:
        (out / path).unlink()
        _remove_empty(out, (out / path).parent)
    for path in changed:
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(files[path])
    return sorted([*gone, *changed])


def differences(out: Path, files: Files, header: str) -> list[str]:
    """Return one line for each file below `out` that is missing, differs from `files`, or is unexpected."""
    files = {**files, NAME: _text(files, header)}
    present = {
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = [f"{out / path} is missing; run `make generate`" for path in files.keys() - present]
    edited = [
        f"{out / path} is not what the description renders; run `make generate`"
        for path in files.keys() & present
        if not _holds(out / path, files[path])
    ]
    strange = [f"{out / path} is not generated; it does not belong here" for path in present - files.keys()]
    return sorted([*missing, *edited, *strange])


def _text(files: Files, header: str) -> bytes:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}" for path, content in sorted(files.items())]
    return "\n".join([header, *lines, ""]).encode()


def _listed(out: Path) -> list[str]:
    if not (out / NAME).is_file():
        return []
    lines = (out / NAME).read_text("utf-8").splitlines()
    paths = [line.partition("  ")[2] for line in lines if not line.startswith("#")]
    # A manifest edited by hand must not refer to files outside the folder.
    return [path for path in paths if path and (out / path).resolve().is_relative_to(out.resolve())]


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _remove_empty(out: Path, folder: Path) -> None:
    while folder != out and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
