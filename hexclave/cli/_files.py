"""The folder of the command line's own files, and files that only their owner may read."""

import os
import stat
import sys
from pathlib import Path

import click

from hexclave.cli._exits import Exit, Failure


def folder() -> Path:
    """Return the folder for profiles, keys and tokens: `~/.config/hexclave-py` on Linux."""
    return Path(click.get_app_dir("hexclave-py"))


def write_private(path: Path, content: bytes) -> None:
    """Replace the file at once; only its owner may read it (mode 0600).

    Raises:
        OSError: it could not be written; the old file is unchanged.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    # Left by a killed process, or planted by an attacker to read the secrets.
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def read_private(path: Path) -> bytes | None:
    """Return the content of a file with secrets, `None` if there is none.

    Raises:
        Failure: other users can read it.
    """
    try:
        with path.open("rb") as file:
            if sys.platform != "win32" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Failure(f"{path} is open to other users.", Exit.LOCAL, f"chmod 600 {path}")
            return file.read()
    except FileNotFoundError:
        return None
