"""`import users|teams|everything|resume|undo|runs`, and `export users|teams|everything`."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import attrs
import click

from hexclave.cli._connecting import chosen_access, connect
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._moving.exporting import Format, export
from hexclave.cli._moving.importing import Import, ServerOrAdmin, records_of, refused_rows, undo
from hexclave.cli._moving.journal import Journal, State, new_run, runs
from hexclave.cli._moving.reading import REFUSED, Source
from hexclave.cli._moving.records import Record, What, keys_of
from hexclave.cli._moving.sources import SOURCES
from hexclave.cli._output import for_people, note, print_items, print_line, print_result
from hexclave.cli._profiles import Profile, load
from hexclave.cli._state import common_options, current

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_REPORT: Final = click.option(
    "--failures", type=_NEW_FILE, help="Report of the rows that failed; by default FILE.failed.jsonl."
)
_DRY_RUN: Final = click.option("--dry-run", is_flag=True, help="Report what would be refused; send nothing.")


@click.group("import")
def import_command() -> None:
    """Move users and teams into the project, from files of rows.

    Every run has an id and a journal, so that it can be resumed after anything, and undone. Each user and team gets a
    mark with the run and the row in its server metadata.
    """


@import_command.command("users", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_FILE)
@click.option("--from", "origin", type=click.Choice(list(SOURCES)), default="jsonl", help="What wrote the file.")
@_DRY_RUN
@_REPORT
def import_users(file: Path, origin: str, dry_run: bool, failures: Path | None) -> None:
    """Create a user from each row of FILE: CSV, JSON lines or a JSON array.

    With --from jsonl or csv, which are the same, fields are those of `users create`, and `id`, which is stored in the
    mark. Rows that fail are written to the report, with the reason; correct them there and import the report.
    """
    _import(file, "users", origin, dry_run, failures)


@import_command.command("teams", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_FILE)
@_DRY_RUN
@_REPORT
def import_teams(file: Path, dry_run: bool, failures: Path | None) -> None:
    """Create a team from each row of FILE; fields are those of `teams create`."""
    _import(file, "teams", "jsonl", dry_run, failures)


@import_command.command("everything", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_FILE)
@_DRY_RUN
@_REPORT
def import_everything(file: Path, dry_run: bool, failures: Path | None) -> None:
    """Create teams, users and memberships from FILE, as `export everything` writes it.

    Lines are {"team": {…}}, {"user": {…}} and {"membership": {"team": ID, "user": ID}}, with the ids of the file.
    """
    _import(file, "everything", "jsonl", dry_run, failures)


@import_command.command("resume", params=common_options(("profile", "as", "json")))
@click.argument("run")
@_REPORT
def import_resume(run: str, failures: Path | None) -> None:
    """Continue a run that was interrupted or killed; nothing is created twice. FILE must be unchanged."""
    with Journal(run) as journal:
        source = Source(Path(journal["file"]))
        if source.fingerprint() != journal["fingerprint"]:
            raise Failure(f"{source.path} has changed since the run {run} began.", Exit.LOCAL)
        _perform(journal, source, failures)


@import_command.command("undo", params=common_options(("profile", "as", "json")))
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
def import_undo(run: str, yes: bool) -> None:
    """Delete the users and teams that a run created."""
    with Journal(run) as journal:
        counts = journal.counts()
        made = counts[State.DONE] + counts[State.CREATED] + counts[State.BEGUN]
        if not yes:
            click.confirm(f"Delete what the run {run} created ({made} rows)?", abort=True, err=True)
        with _app_of(journal) as app, _progress(lambda: 0, 0) as progress:
            failures = undo(app, journal, progress)
        print_result({"run": run, "deleted": journal.counts()[State.UNDONE], "failed": len(failures)})
    for failure in failures[:20]:
        note(f"Error: {failure}", always=True)
    if failures:
        raise click.exceptions.Exit(Exit.REFUSED)


@import_command.command("runs", params=common_options(("json",)))
def import_runs() -> None:
    """List the runs of this machine."""
    print_items(_described(run) for run in runs())


def _described(run: str) -> dict[str, Any]:
    try:
        with Journal(run) as journal:
            return {"run": run, "file": journal["file"], "project_id": journal["project_id"], **_counted(journal)}
    except Failure as failure:
        return {"run": run, "file": failure.format_message()}


def _counted(journal: Journal) -> dict[str, int]:
    counts = journal.counts()
    return {
        "created": counts[State.DONE],
        "incomplete": counts[State.CREATED],
        "failed": counts[State.FAILED],
        "undone": counts[State.UNDONE],
    }


def _import(file: Path, what: What, origin: str, dry_run: bool, failures: Path | None) -> None:
    source = Source(file.absolute())
    if dry_run:
        _check(source, what, origin)
        return
    profile, _ = _chosen()
    run = new_run()
    with Journal(run, new=True) as journal:
        journal["file"], journal["fingerprint"] = str(source.path), source.fingerprint()
        journal["what"], journal["origin"] = what, origin
        journal["project_id"] = profile.project_id
        journal.save()
        _perform(journal, source, failures)


def _chosen() -> tuple[Profile, Any]:
    profile = load(current().profile)
    return profile, chosen_access(profile, ("server", "admin"), current())


@contextmanager
def _app_of(journal: Journal) -> Iterator[ServerOrAdmin]:
    profile, access = _chosen()
    if journal["project_id"] != profile.project_id:
        raise Failure(f"The run {journal.run} belongs to the project {journal['project_id']}.", Exit.USAGE)
    with connect(profile, access) as app:
        yield cast("ServerOrAdmin", app)


def _perform(journal: Journal, source: Source, failures: Path | None) -> None:
    # Also without a terminal: it is needed to resume.
    note(f"Run {journal.run}. If it is interrupted: hexclave-py import resume {journal.run}", always=True)
    convert, what = SOURCES[journal["origin"]], cast("What", journal["what"])
    size = source.size()
    with _app_of(journal) as app, _progress(lambda: source.position, size) as progress:
        Import(app, journal, source, what, convert).run(progress)
    counts = _counted(journal)
    result: dict[str, Any] = {"run": journal.run, **counts}
    if counts["failed"] or counts["incomplete"]:
        report = failures or source.path.with_name(f"{source.path.name}.failed.jsonl")
        _write_report(report, journal, source)
        result["failures"] = str(report)
    print_result(result)
    if counts["failed"] or counts["incomplete"]:
        raise click.exceptions.Exit(Exit.REFUSED)


def _write_report(path: Path, journal: Journal, source: Source) -> None:
    # The rows may have password hashes and secrets.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        for row, reason in refused_rows(journal, source):
            line = {**row.fields, REFUSED: {"line": row.line, "reason": reason}}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


@attrs.frozen
class Refusal:
    """A row that would be refused, or imported without something."""

    line: int
    row: int
    refused: bool
    reason: str


def _check(source: Source, what: What, origin: str) -> None:
    counts = {"rows": 0, "refused": 0, "incomplete": 0}
    print_items(_refusals(records_of(source, what, SOURCES[origin]), counts))
    note(f"{counts['rows']} rows: {counts['refused']} refused, {counts['incomplete']} imported without something.")
    if counts["refused"]:
        raise click.exceptions.Exit(Exit.REFUSED)


def _refusals(records: Iterable[Record], counts: dict[str, int]) -> Iterator[Refusal]:
    # On disk, so that memory does not grow with the file; SQLite deletes it.
    seen = sqlite3.connect("")
    seen.execute("CREATE TABLE keys (name TEXT, value TEXT, line INTEGER, PRIMARY KEY (name, value)) WITHOUT ROWID")
    for record in records:
        row, problems = record.row, list(record.problems)
        counts["rows"] += 1
        for key in () if problems else keys_of(record):
            first = seen.execute("SELECT line FROM keys WHERE name = ? AND value = ?", key).fetchone()
            if first is None:
                seen.execute("INSERT INTO keys VALUES (?, ?, ?)", (*key, row.line))
            else:
                problems.append(f"{key[0]} as on line {first[0]}")
        if record.kind == "membership" and not problems:
            for kind in ("team", "user"):
                key = f"{kind} id", record.arguments[kind]
                if seen.execute("SELECT 1 FROM keys WHERE name = ? AND value = ?", key).fetchone() is None:
                    problems.append(f"no {kind} before it has this id")
        counts["refused"] += bool(problems)
        counts["incomplete"] += bool(record.losses and not problems)
        for reason in problems:
            yield Refusal(row.line, row.number, True, reason)
        for loss in () if problems else record.losses:
            yield Refusal(row.line, row.number, False, f"imported without {loss}")
    seen.close()


@contextmanager
def _progress(position: Callable[[], int], size: int) -> Iterator[Callable[[], None]]:
    """A line with rows, rate and time left on a terminal; yields what to call for each row."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.fields[rows]} rows, {task.fields[rate]:.0f}/s"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size or None, rows=0, rate=0.0)
        begun, rows = time.monotonic(), 0

        def advance() -> None:
            nonlocal rows
            rows += 1
            rate = rows / max(time.monotonic() - begun, 0.001)
            bar.update(task, completed=position(), rows=rows, rate=rate)

        yield advance


@click.group("export")
def export_command() -> None:
    """Move users and teams out of the project, into files that `import` takes back.

    An interrupted export continues when the same command runs again. The API never returns password hashes, second
    factors and passkeys, so exports lack them.
    """


_FORMAT: Final = click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl")


@export_command.command("users", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_NEW_FILE)
@_FORMAT
def export_users(file: Path, kind: Format) -> None:
    """Write all users to FILE, including restricted and anonymous ones, oldest first."""
    _export(file, "users", kind)


@export_command.command("teams", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_NEW_FILE)
@_FORMAT
def export_teams(file: Path, kind: Format) -> None:
    """Write all teams to FILE."""
    _export(file, "teams", kind)


@export_command.command("everything", params=common_options(("profile", "as", "json")))
@click.argument("file", type=_NEW_FILE)
def export_everything(file: Path) -> None:
    """Write all teams, users and memberships to FILE, as JSON lines."""
    _export(file, "everything", "jsonl")


def _export(file: Path, what: What, kind: Format) -> None:
    profile, access = _chosen()
    with connect(profile, access) as app, _progress(lambda: 0, 0) as progress:
        rows = export(cast("ServerOrAdmin", app), file, what, kind, profile.project_id, progress)
    if for_people():
        print_line(f"{rows} rows in {file}.")
    else:
        print_result({"file": str(file), "rows": rows})
