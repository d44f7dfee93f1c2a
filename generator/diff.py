"""The command `python -m generator diff OLD NEW`: lists the differences between two descriptions, breaking or not."""

import argparse
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import attrs

from generator import description
from generator.comparing.changes import Change, compare
from generator.description import Json
from generator.importing import mends, merging, upstream
from generator.validation import refuse_invalid


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `run`."""
    for name in ("old", "new"):
        parser.add_argument(
            name, type=Path, metavar=name.upper(), help="a description, or a folder of upstream documents"
        )
    parser.add_argument("--format", choices=list(_FORMATS), default="text")
    parser.add_argument("--fail-on", choices=["breaking"], help="exit with status 1 when there is a breaking change")


def run(args: argparse.Namespace) -> int:
    """Print the report and return the exit status: 1 if `--fail-on` matches, otherwise 0.

    Raises:
        DescriptionError: OLD or NEW is neither a description nor a folder of upstream documents.
    """
    changes = compare(*load(args.old, args.new))
    print(_FORMATS[args.format](changes))
    return int(args.fail_on == "breaking" and any(change.fact.breaking for change in changes))


def load(old: Path, new: Path) -> tuple[Json, Json]:
    """Load the descriptions at two paths.

    A folder of upstream documents is imported into the description on the other side: it takes over the names and
    everything written by hand, so that only facts differ.

    Raises:
        DescriptionError: a path contains neither.
    """
    if not new.is_dir():
        after = _description(new)
        return (_imported(old, after) if old.is_dir() else _description(old)), after
    before = _imported(old, {}) if old.is_dir() else _description(old)
    return before, _imported(new, before)


def _description(path: Path) -> Json:
    document = description.load(path)
    refuse_invalid(path, document)
    return document


def _imported(folder: Path, at_hand: Json) -> Json:
    views = upstream.read(folder)
    for view in views.values():
        for place, operation in view.items():
            mends.mend(place, operation)
    # The release is always set, whatever the folder is called, to detect what these documents newly require.
    return merging.merge(at_hand, views, str(folder), folder.resolve().name or "new").description


def _text(changes: Sequence[Change]) -> str:
    lines = [_summary(changes)]
    for title, operations, group in _sections(changes):
        lines += ["", title]
        lines += textwrap.wrap(
            # Only between two operations, not within one.
            ", ".join(operation.replace(" ", "\0") for operation in operations),
            width=110,
            initial_indent="  in ",
            subsequent_indent="     ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [f"  {'BREAKING' if change.fact.breaking else 'ok':8}  {_line(change)}" for change in group]
    return "\n".join(lines).replace("\0", " ")


def _markdown(changes: Sequence[Change]) -> str:
    lines = [_summary(changes)]
    for title, operations, group in _sections(changes):
        lines += ["", f"### {title}", ""]
        lines += ["In " + ", ".join(f"`{operation}`" for operation in operations), ""] if operations else []
        lines += [f"- {'**breaking** ' if change.fact.breaking else ''}{_line(change, '`')}" for change in group]
    return "\n".join(lines)


def _json(changes: Sequence[Change]) -> str:
    breaking = sum(change.fact.breaking for change in changes)
    report = {
        "breaking": breaking,
        "other": len(changes) - breaking,
        "changes": [_flat(change) for change in changes],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _flat(change: Change) -> dict[str, object]:
    facts = attrs.asdict(change)
    return {**facts.pop("fact"), **facts}


_FORMATS: Final[Mapping[str, Callable[[Sequence[Change]], str]]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
}


def _summary(changes: Sequence[Change]) -> str:
    breaking = sum(change.fact.breaking for change in changes)
    return f"{breaking} breaking, {len(changes) - breaking} other changes" if changes else "no changes"


def _sections(changes: Sequence[Change]) -> Iterator[tuple[str, tuple[str, ...], list[Change]]]:
    """Return title, operations that use the component, and changes: additions and removals, components, operations."""
    if whole := [change for change in changes if _is_whole(change)]:
        yield "Operations and events", (), sorted(whole, key=lambda change: change.fact.kind, reverse=True)
    rest = [change for change in changes if not _is_whole(change)]
    for (title, operations), group in groupby(rest, _heading):
        yield title, operations, list(group)


def _heading(change: Change) -> tuple[str, tuple[str, ...]]:
    return (
        (f"{change.subject}, as {change.fact.direction}", change.operations) if change.shared else (change.subject, ())
    )


def _is_whole(change: Change) -> bool:
    return not change.place and change.fact.kind in ("added", "removed")


def _line(change: Change, quote: str = "") -> str:
    place = change.subject if _is_whole(change) else change.place
    where = f"{quote}{place}{quote}: " if place else ""
    python = " (Python only)" if change.fact.breaking and change.fact.affects == "python" else ""
    access = f" [{', '.join(change.access)}]" if change.access else ""
    return f"{where}{change.fact.text}{python}{access}"
