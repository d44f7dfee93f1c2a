"""An export: written page by page, so that it can be resumed."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, TypeAlias

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._moving.records import FIELDS, MARK, READ_ONLY, Kind, What

if TYPE_CHECKING:
    from hexclave.cli._moving.importing import ServerOrAdmin
from hexclave.cli._files import write_private

Format: TypeAlias = Literal["jsonl", "csv"]

_BLOCK: Final = 1_000
"""Rows between two records of the progress."""
_NEVER_RETURNED: Final = ("password", "password_hash", "totp_secret_base64", "passkey_auth_enabled")
_PHASES: Final[Mapping[What, tuple[Kind, ...]]] = {
    "users": ("user",),
    "teams": ("team",),
    "everything": ("team", "user", "membership"),
}


def export(
    app: "ServerOrAdmin", path: Path, what: What, form: Format, project_id: str, progress: Callable[[], None]
) -> int:
    """Write the rows, and return their number.

    Rows go to `PATH.partial`, and `PATH.resume` knows how many bytes of it are complete; the file gets its name when it
    is complete.

    Raises:
        Failure: an interrupted export cannot be continued.
        HexclaveError: a call failed; the same command continues the export.
    """
    partial, kept = path.with_name(f"{path.name}.partial"), path.with_name(f"{path.name}.resume")
    whole = {"project_id": project_id, "what": what, "format": form}
    state: dict[str, Any] = {**whole, "phase": 0, "last": None, "size": 0, "rows": 0}
    if kept.exists() and partial.exists():
        found = json.loads(kept.read_text("utf-8"))
        if {name: found.get(name) for name in whole} != whole:
            raise Failure(f"{partial} is of another export.", Exit.LOCAL, f"rm {partial} {kept}")
        state = found
    with os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        file.truncate(state["size"])
        file.seek(state["size"])
        kinds = _PHASES[what]
        if form == "csv" and state["size"] == 0:
            file.write(_csv_line(_columns(kinds[0])))
        for phase in range(state["phase"], len(kinds)):
            if phase != state["phase"]:
                state |= {"phase": phase, "last": None}
            rows = _rows(app, kinds[phase], state["last"])
            while block := list(islice(rows, _BLOCK)):
                for row in block:
                    file.write(_line(row, kinds[phase], what, form))
                    progress()
                state |= {"last": _place(block[-1]), "rows": state["rows"] + len(block)}
                _save(file, kept, state)
        _save(file, kept, state)
    partial.replace(path)
    kept.unlink()
    return int(state["rows"])


def _save(file: BinaryIO, kept: Path, state: dict[str, Any]) -> None:
    file.flush()
    os.fsync(file.fileno())
    state["size"] = file.tell()
    write_private(kept, json.dumps(state).encode())


def _place(row: Mapping[str, Any]) -> Any:
    """The place of a row in its list."""
    return row.get("id") or [row["team"], row["user"]]


def _rows(app: "ServerOrAdmin", kind: Kind, last: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows after `last`."""
    if kind == "membership":
        yield from _memberships(app, last)
        return
    found = _items(app, kind, last)
    if last is not None:
        first = next(found, None)
        if first is None or first.id != last:
            # The API answers an unknown cursor with an empty page: that would look like the end.
            raise Failure(
                f"The {kind} {last}, where the export stopped, has been deleted.",
                Exit.REFUSED,
                "Remove the .partial and .resume files, and start again.",
            )
    for each in found:
        yield _row(kind, each.to_dict(reveal=False))


def _items(app: "ServerOrAdmin", kind: Kind, start_at: str | None) -> Iterator[Any]:
    if kind == "user":
        pages = app.users.export() if start_at is None else app.users.export(start_at=start_at)
        return iter(pages.prefetched())
    found = app.teams.list(limit=200) if start_at is None else app.teams.list(limit=200, cursor=start_at)
    return iter(found)


def _memberships(app: "ServerOrAdmin", last: Any) -> Iterator[dict[str, Any]]:
    # Whole teams: the members of the last one are listed again, those up to `last` skipped.
    team_id, user_id = last or (None, None)
    waiting = user_id
    for team in _items(app, "team", team_id):
        members = app.users.list(team_id=team.id, limit=1000, include_anonymous=True, include_restricted=True)
        for member in members:
            if waiting is None:
                yield {"team": team.id, "user": member.id}
            elif member.id == waiting:
                waiting = None
        if waiting is not None:
            raise Failure(
                f"The membership of {waiting}, where the export stopped, has been deleted.",
                Exit.REFUSED,
                "Remove the .partial and .resume files, and start again.",
            )


def _row(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: given[name] for name in _columns(kind) if given.get(name) is not None}
    if isinstance(row.get("server_metadata"), dict):
        row["server_metadata"] = {name: value for name, value in row["server_metadata"].items() if name != MARK}
    if row.get("server_metadata") == {}:
        del row["server_metadata"]
    return row


def _columns(kind: Kind) -> list[str]:
    return [*(name for name in READ_ONLY), *(name for name in FIELDS[kind] if name not in _NEVER_RETURNED)]


def _line(row: Mapping[str, Any], kind: Kind, what: What, form: Format) -> bytes:
    if form == "csv":
        return _csv_line(_cell(row.get(name)) for name in _columns(kind))
    return (json.dumps({kind: row} if what == "everything" else row, ensure_ascii=False) + "\n").encode()


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _csv_line(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
