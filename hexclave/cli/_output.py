"""Output of commands: tables on a terminal, JSON for programs."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from hexclave.cli._state import current

if TYPE_CHECKING:
    from rich.console import Console

_UNSAFE: Final = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that would move the cursor, change colors or reorder the text of a terminal."""


def shown(text: str) -> str:
    """Return the text with characters that control a terminal escaped, except line breaks."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def for_people() -> bool:
    """Return whether a person reads the output: a terminal, and no `--json`."""
    return sys.stdout.isatty() and not current().json


def note(text: str, *, always: bool = False) -> None:
    """Print a line for a person on standard error; nothing if it is not a terminal, unless `always`."""
    if always or sys.stderr.isatty():
        print(text, file=sys.stderr)


def print_result(result: Any) -> None:
    """Print the result of a command: a table for people, JSON for programs; nothing for `None`."""
    if result is None:
        return
    value = plain(result)
    if isinstance(value, list):
        print_items(value)
    elif for_people():
        _print_one(value)
    else:
        _write_json(value)


def print_items(items: Iterable[Any]) -> None:
    """Print items as they arrive: rows of a table for people, JSON lines for programs."""
    if for_people():
        _print_table(plain(item) for item in items)
        return
    for item in items:
        _write_json(plain(item))


def print_line(text: str) -> None:
    """Print a line of plain output."""
    print(shown(text))


def plain(value: Any) -> Any:
    """Return what JSON can express, secrets masked unless `--reveal` was given."""
    import attrs

    from hexclave_api.model import Model
    from hexclave_api.secret import Secret
    from hexclave_api.value import Value

    if isinstance(value, Secret):
        return value.reveal() if current().reveal else str(value)
    if isinstance(value, Model):
        return value.to_dict(reveal=current().reveal)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Value):
        return {name: plain(field) for name, field in vars(value).items()}
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [plain(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return JSON that is safe to print on a terminal."""
    text = json.dumps(value, ensure_ascii=(sys.stdout.encoding or "").lower() not in ("utf-8", "utf8"), indent=indent)
    return "\n".join(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.split("\n"))


def _write_json(value: Any) -> None:
    indented = sys.stdout.isatty()
    print(json_text(value, indent=2 if indented else None))


def console() -> "Console":
    """Return the terminal; loads rich."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def _print_one(value: Any) -> None:
    if not isinstance(value, dict):
        print(shown(value) if isinstance(value, str) else json_text(value, indent=2))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, field in _row(value).items():
        if field is not None:
            table.add_row(Text(shown(name)), Text(_cell(field)))
    console().print(table)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return shown(value).replace("\n", "\\n")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else json_text(value)


_FIRST_ROWS: Final = 100
"""Rows that decide the columns and their widths; later rows are printed as they arrive."""
_WIDEST: Final = 40
_NARROWEST: Final = 12
_FIRST_COLUMNS: Final = ("id", "user_id", "team_id", "name", "display_name", "primary_email", "email", "value", "type")


def _print_table(rows: Iterable[Any]) -> None:
    from rich.text import Text

    terminal, waiting = console(), iter(rows)
    first = [_row(row) for row in islice(waiting, _FIRST_ROWS)]
    if not first:
        note("Nothing found.")
        return
    columns = list(_columns(first, terminal.width))
    terminal.print(Text("  ".join(name.ljust(width) for name, width in columns).rstrip(), style="bold", no_wrap=True))
    for row in _chained(first, waiting):
        cells = [_fitted(_cell(row.get(name)), width) for name, width in columns]
        terminal.print(Text("  ".join(cells).rstrip(), no_wrap=True), overflow="crop")


def _chained(first: list[dict[str, Any]], rest: Iterator[Any]) -> Iterator[dict[str, Any]]:
    yield from first
    for row in rest:
        yield _row(row)


def _row(value: Any) -> dict[str, Any]:
    """A row with times as people read them; anything but an object is a value."""
    if not isinstance(value, dict):
        return {"value": value}
    return dict(_readable(name, field) for name, field in value.items())


def _readable(name: str, value: Any) -> tuple[str, Any]:
    if not name.endswith("_at_millis") or not isinstance(value, int):
        return name, value
    try:
        return name.removesuffix("_millis"), f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
    except (OverflowError, ValueError, OSError):
        return name, value


def _columns(rows: list[dict[str, Any]], room: int) -> Iterator[tuple[str, int]]:
    """Return the columns that fit, the most telling ones first."""
    from rich.cells import cell_len

    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: _FIRST_COLUMNS.index(name) if name in _FIRST_COLUMNS else len(_FIRST_COLUMNS))
    for name in names:
        values = [row.get(name) for row in rows]
        if all(value is None or isinstance(value, dict | list) for value in values):
            continue
        width = min(_WIDEST, max(cell_len(name), *(cell_len(_cell(value)) for value in values)))
        if width > room >= max(cell_len(name), _NARROWEST) and all(isinstance(value, str | None) for value in values):
            width = room
        if width > room:
            continue
        yield name, width
        room -= width + 2


def _fitted(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
