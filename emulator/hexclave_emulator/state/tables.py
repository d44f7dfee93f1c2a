"""The emulator's state: tables of immutable rows, one transaction per request.

A domain declares its tables at import and reads and writes them through the state:

    TEAMS = table("teams", Team, indexes=("project_id",))

    state[TEAMS].get(team_id)                          # a Team or None
    state[TEAMS].where(project_id=project.id)          # oldest first; quick when a name is indexed
    state[TEAMS].insert(Team(id=new_id(), …))
    state[TEAMS].update(team, display_name="New")      # gives the new row, the old one stays as it was
    state[TEAMS].delete(team.id)

Rows are attrs classes whose fields JSON can hold: `str int float bool None list dict`. They are never changed in
place, nor is anything inside them. So undoing a request, taking a snapshot and restoring one are cheap and exact.
"""

from collections.abc import Iterator
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import attrs


class Row(Protocol):
    """The protocol of rows: an attrs class with an id."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Row)


@attrs.frozen(eq=False)
class TableDefinition(Generic[R]):
    name: str
    row: type[R]
    indexes: tuple[str, ...]


DEFINITIONS: Final[dict[str, TableDefinition[Any]]] = {}


def table(name: str, row: type[R], *, indexes: tuple[str, ...] = ()) -> TableDefinition[R]:
    """Declare a table. `where` on an indexed field costs no scan."""
    if name in DEFINITIONS:
        raise ValueError(f"two tables are called {name}")
    definition = TableDefinition(name, row, indexes)
    DEFINITIONS[name] = definition
    return definition


class Table(Generic[R]):
    """The rows of one table, in the order in which they were inserted."""

    def __init__(self, definition: TableDefinition[R], journal: "Journal") -> None:
        self._definition = definition
        self._journal = journal
        self.rows: dict[str, R] = {}
        self.order: dict[str, int] = {}
        self._indexes: dict[str, dict[object, dict[str, None]]] = {name: {} for name in definition.indexes}

    def get(self, row_id: str) -> R | None:
        return self.rows.get(row_id)

    def where(self, **equal: Any) -> list[R]:
        """Return the rows whose fields have these values, oldest first."""
        buckets = [self._indexes[name].get(value, {}) for name, value in equal.items() if name in self._indexes]
        if not buckets:
            found = list(self.rows.values())
        else:
            bucket = min(buckets, key=len)
            found = [self.rows[row_id] for row_id in bucket]
            if len(found) > 1:
                found.sort(key=lambda row: self.order[row.id])
        return [row for row in found if all(getattr(row, name) == value for name, value in equal.items())]

    def first(self, **equal: Any) -> R | None:
        """Return the oldest row with these values."""
        return next(iter(self.where(**equal)), None)

    def insert(self, row: R) -> R:
        if row.id in self.rows:
            raise ValueError(f"{self._definition.name} has a row {row.id} already")
        self._journal.counter += 1
        self._put(row.id, row, self._journal.counter)
        return row

    def update(self, row: R, **changes: Any) -> R:
        """Replace the current row by one with these changes.

        Raises:
            KeyError: the row is not in the table.
        """
        new = attrs.evolve(cast("Any", self.rows[row.id]), **changes)
        self._put(row.id, new, self.order[row.id])
        return cast("R", new)

    def delete(self, row_id: str) -> None:
        if row_id in self.rows:
            self._put(row_id, None, self.order[row_id])

    def __iter__(self) -> Iterator[R]:
        return iter(list(self.rows.values()))

    def __len__(self) -> int:
        return len(self.rows)

    def _put(self, row_id: str, row: R | None, order: int) -> None:
        self._journal.changes.append((self._definition.name, row_id, self.rows.get(row_id), order))
        self.put(row_id, row, order)

    def put(self, row_id: str, row: R | None, order: int) -> None:
        """Write without an entry in the journal: for undoing and loading."""
        old = self.rows.get(row_id)
        for name, index in self._indexes.items():
            if old is not None:
                bucket = index[getattr(old, name)]
                bucket.pop(row_id, None)
                if not bucket:
                    del index[getattr(old, name)]
            if row is not None:
                index.setdefault(getattr(row, name), {})[row_id] = None
        if row is None:
            self.rows.pop(row_id, None)
            self.order.pop(row_id, None)
            return
        returns = old is None and bool(self.order) and order < self.order[next(reversed(self.order))]
        self.rows[row_id] = row
        self.order[row_id] = order
        if returns:  # undoing a delete: back to the old place
            self.order = dict(sorted(self.order.items(), key=lambda item: item[1]))
            self.rows = {key: self.rows[key] for key in self.order}


@attrs.define
class Journal:
    """The changes of the current request: table, id, the row before, its place."""

    counter: int = 0
    changes: list[tuple[str, str, Any, int]] = attrs.field(factory=list)


@attrs.frozen
class Snapshot:
    """The whole state at one moment."""

    tables: dict[str, dict[str, tuple[int, Any]]]
    counter: int


class State:
    """All tables. `state[USERS]` is the table that `USERS` declares."""

    def __init__(self) -> None:
        self.journal: Journal = Journal()
        self._tables: dict[str, Table[Any]] = {}

    def __getitem__(self, definition: TableDefinition[R]) -> Table[R]:
        found = self._tables.get(definition.name)
        if found is None:
            found = self._tables[definition.name] = Table(definition, self.journal)
        return found

    def keep(self) -> list[tuple[str, str, int, Any]]:
        """Commit the transaction; return the changes: table, id, place, and the row or None."""
        touched = dict.fromkeys((name, row_id) for name, row_id, _, _ in self.journal.changes)
        self.journal.changes.clear()
        found = []
        for name, row_id in touched:
            rows = self._tables[name]
            found.append((name, row_id, rows.order.get(row_id, 0), rows.rows.get(row_id)))
        return found

    def undo(self) -> None:
        """Roll back the transaction."""
        while self.journal.changes:
            name, row_id, before, order = self.journal.changes.pop()
            self._tables[name].put(row_id, before, order)

    def snapshot(self) -> Snapshot:
        tables = {
            name: {row_id: (rows.order[row_id], row) for row_id, row in rows.rows.items()}
            for name, rows in self._tables.items()
        }
        return Snapshot(tables, self.journal.counter)

    def restore(self, snapshot: Snapshot) -> None:
        self.journal.changes.clear()
        self.journal.counter = snapshot.counter
        self._tables.clear()
        for name, rows in snapshot.tables.items():
            found = self[DEFINITIONS[name]]
            for row_id, (order, row) in rows.items():
                found.put(row_id, row, order)
