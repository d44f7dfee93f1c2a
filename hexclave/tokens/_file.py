"""A token store in a file, for command-line tools."""

import errno
import json
import os
import random
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from hexclave.errors import UnsafeUseError
from hexclave.tokens._lock import try_lock, unlock
from hexclave.tokens._store import REFRESH_LEASE, Tokens, TokenStore, refresh_token_of
from hexclave_api.secret import Secret

_LOCK_WAIT: Final = 10.0
"""Seconds. The lock is held for milliseconds, so a timeout means a suspended process or broken file locking."""
_NO_LINKS: Final[int] = getattr(os, "O_NOFOLLOW", 0)  # Windows does not have it.


@attrs.frozen
class _Lease:
    ticket: str
    expires_at: float

    def is_held(self) -> bool:
        # Setting the clock back must not extend the lease.
        return 0 < self.expires_at - time.time() <= REFRESH_LEASE


@attrs.frozen
class _Record:
    tokens: Tokens
    lease: _Lease | None = None


class FileTokenStore(TokenStore):
    """A token store in a file that only its owner can read (mode 0600), shared by the processes of that user.

    Writes are atomic and serialized by a lock on `<path>.lock`, which is not deleted. Missing directories are created
    with mode 0700; `~` is expanded. On Windows, modes and owners are not checked: the permissions of the directory
    protect the file.

    Every method may raise:
        PermissionError: the file is readable by other users, belongs to one, or is a symbolic link; or its directory
            is writable by other users.
        ValueError: the file does not contain tokens; delete it to start signed out.
        TimeoutError: another process held the lock for 10 seconds.
        OSError: a file operation failed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path()  # Needed by the repr if a traceback with locals shows the invalid store.
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise UnsafeUseError(f"path must be the path of a file, not {path!r}.")
        self._path = Path(path).expanduser().absolute()

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    def load(self) -> Tokens | None:
        if sys.platform == "win32":
            # Windows cannot replace a file that is open.
            with self._locked():
                record = self._read()
        else:
            record = self._read()
        return None if record is None else record.tokens

    def save(self, tokens: Tokens | None, /) -> None:
        with self._locked():
            self._write(None if tokens is None else _Record(tokens))

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        with self._locked():
            record = self._read()
            if refresh_token_of(None if record is None else record.tokens) != expected_refresh_token:
                return False
            self._write(None if tokens is None else _Record(tokens))
            return True

    def begin_refresh(self) -> str | None:
        ticket = secrets.token_hex(8)
        with self._locked():
            record = self._read()
            if record is None:
                return ticket
            if record.lease is not None and record.lease.is_held():
                return None
            self._write(_Record(record.tokens, _Lease(ticket, time.time() + REFRESH_LEASE)))
            return ticket

    def end_refresh(self, ticket: str, /) -> None:
        with self._locked():
            record = self._read()
            if record is not None and record.lease is not None and record.lease.ticket == ticket:
                self._write(_Record(record.tokens))

    def _read(self) -> _Record | None:
        try:
            self._check_directory()
            descriptor = _opened(self._path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            record = _parsed(file.read())
        if record is None:
            raise ValueError(f"{self._path} does not contain tokens; delete it to start signed out")
        return record

    def _write(self, record: _Record | None) -> None:
        if record is None:
            self._path.unlink(missing_ok=True)
            return
        fresh = self._path.with_name(f"{self._path.name}.new")
        # Left by a killed process, or planted by an attacker to read the tokens.
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_rendered(record))
            file.flush()
            os.fsync(descriptor)
        fresh.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        _make_directory(self._path.parent)
        self._check_directory()
        descriptor = _opened(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT)
        try:
            deadline = time.monotonic() + _LOCK_WAIT
            while not try_lock(descriptor):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self._path} has been locked by another process for {_LOCK_WAIT:g} s")
                # Polling, because a blocking lock has no timeout.
                time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - jitter
            try:
                yield
            finally:
                # Closing is not enough: a process forked meanwhile inherited the descriptor.
                unlock(descriptor)
        finally:
            os.close(descriptor)

    def _check_directory(self) -> None:
        if sys.platform != "win32":
            directory = self._path.parent
            status = directory.stat()
            if status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError(
                    f"other users can write to {directory}: run chmod go-w on it, or use a directory of your own"
                )


def _make_directory(directory: Path) -> None:
    """Create the directory and its parents; `Path.mkdir` would apply the mode only to the last one."""
    if not directory.exists():
        _make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _opened(path: Path, flags: int) -> int:
    """Open a file after checking that no other user can access it."""
    try:
        descriptor = os.open(path, flags | _NO_LINKS, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EMLINK):
            raise
        raise PermissionError(f"{path} is a symbolic link; delete it or choose another path") from None
    problem = _objection(os.fstat(descriptor))
    if problem is not None:
        os.close(descriptor)
        raise PermissionError(f"{path} {problem} {path}")
    return descriptor


def _objection(status: os.stat_result) -> str | None:
    if sys.platform != "win32":
        if status.st_uid != os.geteuid():
            return "belongs to another user; choose another path, or run: rm"
        if status.st_mode & 0o077:
            return "is open to other users; run: chmod 600"
    return None


def _parsed(content: bytes) -> _Record | None:
    try:
        saved = json.loads(content)
        lease = saved.get("refresh")
        return _Record(
            Tokens(saved.get("access_token"), saved.get("refresh_token")),
            None if lease is None else _Lease(str(lease["ticket"]), float(lease["expires_at"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        # The caller raises, because these errors and their frames contain the text of the file.
        return None


def _rendered(record: _Record) -> bytes:
    lease = {} if record.lease is None else {"refresh": attrs.asdict(record.lease)}
    return json.dumps(record.tokens.reveal() | lease).encode()
