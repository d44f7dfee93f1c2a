"""Rows of CSV and JSON files, one at a time: memory does not grow with the file."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from hexclave.cli._exits import Exit, Failure

REFUSED: Final = "_refused"
"""The field of a failure report with the reason; ignored when the report is imported."""
_CHUNK: Final = 1 << 16
_LONGEST_ROW: Final = 16 << 20
_WRAPPED: Final = re.compile(r'\s*\{\s*(?:"object"\s*:\s*"list"\s*,\s*)?"(?:users|Users|data)"\s*:\s*\[')
"""The beginning of a list of users inside an object, as Firebase, Cognito and WorkOS write them."""
_SPACES: Final = re.compile(r"[ \t\r\n]*")
_SEPARATORS: Final = re.compile(r"[ \t\r\n,]*")


class Row(NamedTuple):
    """A row of the file."""

    number: int
    """From 1, without the header of a CSV file."""
    line: int
    """The line on which it begins."""
    fields: Mapping[str, Any]
    problem: str = ""
    """The reason why it could not be read."""


class Source:
    """A file of rows. CSV, JSON lines and JSON arrays are recognized by the first character.

    Raises:
        Failure: while reading: not UTF-8, or JSON that is damaged beyond a line.
        OSError: while reading: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        """Bytes read so far."""

    def size(self) -> int:
        """Return the size of the file in bytes."""
        return self.path.stat().st_size

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def __iter__(self) -> Iterator[Row]:
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            rows = _csv_rows(text) if self._is_csv() else _json_rows(text)
            try:
                for row in rows:
                    self.position = raw.tell()
                    yield row
            except UnicodeDecodeError as error:
                raise Failure(f"{self.path} is not UTF-8: {error.reason}.", Exit.LOCAL) from None
            except _DamagedError as error:
                raise Failure(f"{self.path}, line {error.line}: {error.message}", Exit.LOCAL) from None

    def _is_csv(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"{", b"[", b"")


class _DamagedError(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message


def _csv_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_ROW)
    reader = csv.reader(text, strict=True)
    number = 0
    try:
        header = next(reader, [])
        line = reader.line_num
        for cells in reader:
            begins, line = line, reader.line_num
            if not cells:
                continue
            number += 1
            fields: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=False) if cell != ""}
            problem = ""
            if len(cells) > len(header):
                problem = f"{len(cells)} values, but the header has {len(header)} columns"
                fields["(no column)"] = cells[len(header) :]
            yield Row(number, begins + 1, fields, problem)
    except csv.Error as error:
        raise _DamagedError(reader.line_num, f"not valid CSV: {error}.") from None


def _json_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    first = text.readline(_CHUNK)
    while first and not first.strip():
        first = text.readline(_CHUNK)
    is_object = first.lstrip().startswith("{") and _WRAPPED.match(first) is None
    while is_object and not first.endswith("\n") and (more := text.readline(_CHUNK)):
        first += more
    try:
        is_lines = is_object and isinstance(json.loads(first), dict)
    except ValueError:
        is_lines = False
    return _lines(first, text) if is_lines else _documents(first, text)


def _lines(first: str, text: io.TextIOWrapper) -> Iterator[Row]:
    number, line, content = 0, 1, first
    while content:
        if content.strip():
            number += 1
            try:
                value = json.loads(content)
                yield _row(number, line, value)
            except ValueError as error:
                yield Row(number, line, {}, f"not valid JSON: {_reason(error)}")
        line, content = line + 1, text.readline(_LONGEST_ROW)


def _documents(buffer: str, text: io.TextIOWrapper) -> Iterator[Row]:
    """Objects in an array, in a list inside an object, or one after the other over several lines."""
    while len(buffer) < 1024 and (more := text.read(_CHUNK)):
        buffer += more
    wrapped = _WRAPPED.match(buffer)
    place = wrapped.end() if wrapped else len(buffer) - len(buffer.lstrip())
    is_list = wrapped is not None or buffer.startswith("[", place)
    place += is_list and wrapped is None
    between = _SEPARATORS if is_list else _SPACES
    line, number, decoder = 1 + buffer.count("\n", 0, place), 0, json.JSONDecoder()
    while True:
        begin = place
        place = _after(between, buffer, place)
        line += buffer.count("\n", begin, place)
        if is_list and buffer.startswith("]", place):
            return
        try:
            value, end = decoder.raw_decode(buffer, place)
        except ValueError as error:
            rest = buffer[place:]
            # As much again as there is, so that a long row is not decoded over and over.
            more = text.read(max(_CHUNK, len(rest))) if len(rest) <= _LONGEST_ROW else ""
            if more:
                buffer, place = rest + more, 0
                continue
            if not rest and not is_list:
                return
            reason = _reason(error) if rest else "the list does not end"
            raise _DamagedError(line, f"not valid JSON: {reason}.") from None
        number += 1
        yield _row(number, line, value)
        line += buffer.count("\n", place, end)
        place = end


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return place if found is None else found.end()


def _row(number: int, line: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, line, {}, "not a JSON object")
    value.pop(REFUSED, None)
    return Row(number, line, value)


def _reason(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
