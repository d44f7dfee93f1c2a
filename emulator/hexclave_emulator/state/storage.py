"""The state in a SQLite file, written before a reply is sent."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import attrs

from hexclave_emulator.state.tables import DEFINITIONS, Snapshot

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (name TEXT, id TEXT, place INTEGER, row TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID
"""


class Storage:
    """Stores every acknowledged change, which survives `kill -9`.

    Raises:
        ValueError: the file is not a state file of the emulator.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # It contains keys and tokens. SQLite gives its log files the mode of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            # The log reaches the operating system at each commit, so only a crash of the machine can lose it.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ValueError(f"{path} is not a state file of the emulator: {error}") from error

    def load(self) -> Snapshot:
        tables: dict[str, dict[str, tuple[int, Any]]] = {}
        counter = 0
        for name, row_id, place, text in self._connection.execute(
            "SELECT name, id, place, row FROM rows ORDER BY place"
        ):
            definition = DEFINITIONS.get(name)
            if definition is None:
                raise ValueError(f"{self._path} has a table {name} unknown to this version of the emulator")
            try:
                row = definition.row(**json.loads(text))
            except TypeError as error:
                raise ValueError(f"{self._path} was written by another version of the emulator: {error}") from error
            tables.setdefault(name, {})[row_id] = (place, row)
            counter = max(counter, place)
        return Snapshot(tables, counter)

    def write(self, changes: list[tuple[str, str, int, Any]]) -> None:
        """Write all or none of the changes: table, id, place, and the row, or None to delete it."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._write(changes)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def replace(self, snapshot: Snapshot) -> None:
        """Replace the contents with this state."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.execute("DELETE FROM rows")
            self._write(
                [
                    (name, row_id, place, row)
                    for name, rows in snapshot.tables.items()
                    for row_id, (place, row) in rows.items()
                ]
            )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _write(self, changes: list[tuple[str, str, int, Any]]) -> None:
        gone = [(name, row_id) for name, row_id, _, row in changes if row is None]
        kept = [
            (name, row_id, place, json.dumps(attrs.asdict(row, recurse=False)))
            for name, row_id, place, row in changes
            if row is not None
        ]
        if gone:
            self._connection.executemany("DELETE FROM rows WHERE name = ? AND id = ?", gone)
        if kept:
            self._connection.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)", kept)

    def close(self) -> None:
        self._connection.close()
