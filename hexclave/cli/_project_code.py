"""`config pull|plan|apply|drift`: a project as code."""

import difflib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from hexclave.cli._connecting import chosen_access, connect
from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import console, json_text, note, print_line, shown
from hexclave.cli._profiles import load
from hexclave.cli._project_files import read_folder, write_folder
from hexclave.cli._project_settings import Change, Remote, Settings, compared, fetch, perform
from hexclave.cli._state import common_options, current

if TYPE_CHECKING:
    from hexclave import HexclaveAdminApp
    from hexclave_api.operation import AccessType

_SIGNS: Final = {"add": "+", "change": "~", "remove": "-"}
_STYLES: Final = {"+": "green", "-": "red", "~": "yellow", "@": "cyan"}
_FOLDER: Final = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_EXIT_CODE: Final = click.option("--exit-code", is_flag=True, help="End with status 2 if there are differences.")
_YES: Final = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("pull", params=common_options(("profile", "json")))
@_FOLDER
@_YES
def pull_command(folder: Path, yes: bool) -> None:
    """Write the project's settings to FOLDER, as TOML and TSX files.

    Secrets are left out. Asks before it overwrites changes that were not applied.

    GET /internal/projects/current, /internal/config, /internal/config/override/environment.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "project.toml").is_file():
        raise Failure(f"{folder} has other files, and no project.toml.", Exit.USAGE, "Name a new folder.")
    with _app() as app:
        remote = fetch(app)
        if (folder / "project.toml").is_file():
            found = read_folder(folder)
            base = _load_base(folder, app.project_id)
            if compared(found, remote.settings) and (base is None or compared(base, found)):
                _confirm(f"Changes in {folder} were not applied. Overwrite them?", yes)
        write_folder(folder, remote.settings, remote.secrets)
        _save_base(folder, app.project_id, remote)
    note(f"Wrote {len(remote.settings)} settings to {folder}.")


@click.command("plan", params=common_options(("profile", "json")))
@_FOLDER
@_EXIT_CODE
def plan_command(folder: Path, exit_code: bool) -> None:
    """Show what `config apply` would change.

    GET /internal/projects/current, /internal/config, /internal/config/override/environment.
    """
    wanted = read_folder(folder)
    with _app() as app:
        _report(compared(fetch(app).settings, wanted), exit_code)


@click.command("apply", params=common_options(("profile", "json")))
@_FOLDER
@_YES
def apply_command(folder: Path, yes: bool) -> None:
    """Change the project's settings to those in FOLDER.

    Asks before it removes any. Secrets on the server are unchanged. Emails are rendered first, and all other settings
    are written in one request.

    POST /emails/render-email, PATCH /internal/projects/current, PUT /internal/config/override/environment.
    """
    wanted = read_folder(folder)
    with _app() as app:
        remote = fetch(app)
        changes = compared(remote.settings, wanted)
        _print(changes)
        if removed := sum(change.action == "remove" for change in changes):
            _confirm(f"Remove {removed} settings?", yes)
        if changes:
            perform(app, remote, wanted, changes)
        _save_base(folder, app.project_id, fetch(app))
    if changes:
        note(f"Applied {len(changes)} changes.")


@click.command("drift", params=common_options(("profile", "json")))
@_FOLDER
@_EXIT_CODE
def drift_command(folder: Path, exit_code: bool) -> None:
    """Show what has changed on the server since the last `config pull` or `config apply` with FOLDER.

    GET /internal/projects/current, /internal/config, /internal/config/override/environment.
    """
    with _app() as app:
        base = _load_base(folder, app.project_id)
        if base is None:
            raise Failure(
                f"{folder} was never pulled from this project, nor applied to it.",
                Exit.USAGE,
                f"hexclave-py config pull {folder}",
            )
        _report(compared(base, fetch(app).settings), exit_code)


@contextmanager
def _app() -> "Iterator[HexclaveAdminApp]":
    profile = load(current().profile)
    offered: tuple[AccessType, ...] = ("admin",)
    with connect(profile, chosen_access(profile, offered, current())) as app:
        yield cast("HexclaveAdminApp", app)


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"Not confirmed: {question}", Exit.USAGE, "Pass --yes.")
    if not click.confirm(question, err=True):
        raise click.Abort


def _base_path(folder: Path, project_id: str) -> Path:
    # One for each project: the same folder can describe a staging project and a production project.
    return folder / ".hexclave" / f"{''.join(each for each in project_id if each.isalnum() or each in '-_')}.json"


def _load_base(folder: Path, project_id: str) -> Settings | None:
    path = _base_path(folder, project_id)
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Failure(f"{path} is damaged.", Exit.LOCAL, "Remove it, and pull again.")
    return content


def _save_base(folder: Path, project_id: str, remote: Remote) -> None:
    path = _base_path(folder, project_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(remote.settings, indent=1, sort_keys=True) + "\n", "utf-8")


def _report(changes: list[Change], exit_code: bool) -> None:
    _print(changes)
    if changes and exit_code:
        raise click.exceptions.Exit(2)


def _print(changes: list[Change]) -> None:
    if current().json:
        fields = [{name: getattr(each, name) for name in ("setting", "action", "before", "after")} for each in changes]
        print(json_text({"changes": fields}, indent=2))
        return
    lines = [line for change in changes for line in _described(change)]
    lines.append(_summary(changes))
    if not sys.stdout.isatty():
        for line in lines:
            print_line(line)
        return
    from rich.text import Text

    terminal = console()
    for line in lines:
        terminal.print(Text(shown(line), style=_STYLES.get(line.lstrip()[:1], "")), overflow="fold")


def _summary(changes: list[Change]) -> str:
    if not changes:
        return "No differences."
    count = [sum(change.action == action for change in changes) for action in _SIGNS]
    return f"{count[0]} to add, {count[1]} to change, {count[2]} to remove."


def _described(change: Change) -> Iterator[str]:
    head = f"{_SIGNS[change.action]} {change.setting}"
    texts = [value for value in (change.before, change.after) if isinstance(value, str) and "\n" in value]
    if not texts:
        values = [] if change.action == "add" else [json.dumps(change.before, ensure_ascii=False)]
        values += [] if change.action == "remove" else [json.dumps(change.after, ensure_ascii=False)]
        yield f"{head}: {' → '.join(values)}"
    elif change.action != "change":
        yield f"{head}: {len(texts[0].splitlines())} lines"
    else:
        yield head
        before, after = (str(each).splitlines() for each in (change.before, change.after))
        for line in list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]:
            yield f"    {line}"
