"""The journal of a run: what became of each row. A SQLite file without passwords, hashes and secrets."""

import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._files import folder

_RUN: Final = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS rows (
        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, state INTEGER NOT NULL,
        floor INTEGER NOT NULL, source TEXT NOT NULL, made TEXT, reason TEXT
    );
    CREATE INDEX IF NOT EXISTS by_source ON rows (kind, source) WHERE source != '';
    CREATE INDEX IF NOT EXISTS by_state ON rows (state) WHERE state IN (0, 1, 3);
"""
_UNSAVED: Final = 50


class State(IntEnum):
    """The state of a row."""

    BEGUN = 0
    """Sent, or about to be; not answered yet. With a reason, the reply was lost."""
    CREATED = 1
    """Exists, but lacks its second factor."""
    DONE = 2
    FAILED = 3
    UNDONE = 4


class Entry(NamedTuple):
    """A row in the journal."""

    number: int
    kind: str
    state: State
    floor: int
    """A time of the server before the row was sent, in milliseconds since 1970."""
    made: str | None
    """The id of what was created."""
    reason: str | None


_ENTRIES: Final = "SELECT number, kind, state, floor, made, reason FROM rows WHERE "


class Journal:
    """An open journal; only one process can open it. Everything is on disk once `save` returns.

    Raises:
        Failure: another process works on this run, or there is no such run.
    """

    def __init__(self, run: str, *, new: bool = False) -> None:
        self.run, self._unsaved = run, 0
        path = place(run)
        if not new and not (_RUN.fullmatch(run) and path.exists()):
            raise Failure(f"There is no run {run}.", Exit.USAGE, "hexclave-py import runs")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(path, timeout=0)
        try:
            # Held until the process ends, however it ends: two at once would create users twice.
            for each in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
                self._database.execute(f"PRAGMA {each}")
            self._database.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            self._database.close()
            if "locked" in str(error):
                raise Failure(f"Another process works on the run {run}.", Exit.LOCAL) from None
            raise OSError(f"{path}: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.save()
        self._database.close()

    def __getitem__(self, fact: str) -> str:
        for (value,) in self._database.execute("SELECT value FROM facts WHERE name = ?", (fact,)):
            return str(value)
        return ""

    def __setitem__(self, fact: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (fact, value))

    def begin(self, rows: Iterable[tuple[int, str, str]], floor: int) -> None:
        """Record rows (number, kind, source) before they are sent."""
        self._database.executemany(
            "INSERT OR IGNORE INTO rows (number, kind, source, floor, state) VALUES (?, ?, ?, ?, 0)",
            ((*row, floor) for row in rows),
        )
        self["begun"] = str(time.time())
        self.save()

    def note(self, number: int, state: State, made: str | None = None, reason: str | None = None) -> None:
        """Record what became of a row; saved now and then, since a lost note is found out again."""
        self._database.execute(
            "UPDATE rows SET state = ?, made = coalesce(?, made), reason = ? WHERE number = ?",
            (state, made, reason, number),
        )
        self._unsaved += 1
        if self._unsaved >= _UNSAVED:
            self.save()

    def forget(self, number: int) -> None:
        """Remove a row that turned out not to have been sent."""
        self._database.execute("DELETE FROM rows WHERE number = ?", (number,))

    def save(self) -> None:
        """Write everything to the disk."""
        self._database.commit()
        self._unsaved = 0

    def states(self, first: int, last: int) -> dict[int, Entry]:
        """Return the entries of these rows."""
        found = self._database.execute(_ENTRIES + "number BETWEEN ? AND ?", (first, last))
        return {entry.number: entry for entry in map(_entry, found)}

    def of(self, state: State, kind: str | None = None) -> Iterator[Entry]:
        """Yield the entries with this state, and of this kind; they may be changed meanwhile."""
        after = 0
        while True:
            found = [
                _entry(each)
                for each in self._database.execute(
                    _ENTRIES + "state = ? AND number > ? AND (? IS NULL OR kind = ?) ORDER BY number LIMIT 500",
                    (state, after, kind, kind),
                )
            ]
            if not found:
                return
            yield from found
            after = found[-1].number

    def made_from(self, kind: str, source: str) -> str | None:
        """Return the id of what was created from an id of the file."""
        found = self._database.execute(
            "SELECT made FROM rows WHERE kind = ? AND source = ? AND source != '' AND made IS NOT NULL", (kind, source)
        )
        return next((str(made) for (made,) in found), None)

    def counts(self) -> dict[State, int]:
        """Return the number of rows in each state."""
        found = dict(self._database.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in State}


def _entry(row: tuple[int, str, int, int, str | None, str | None]) -> Entry:
    number, kind, state, floor, made, reason = row
    return Entry(number, kind, State(state), floor, made, reason)


def place(run: str) -> Path:
    """Return the path of a journal."""
    return folder() / "imports" / f"{run}.sqlite"


def new_run() -> str:
    """Return the id of a new run."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def runs() -> Iterator[str]:
    """Yield the ids of all runs, oldest first."""
    for path in sorted(place("x").parent.glob("*.sqlite")):
        if _RUN.fullmatch(path.stem):
            yield path.stem
