"""`call`, `docs` and `open`: operations by name, and their documentation."""

import html
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hexclave.cli._connecting import chosen_access, connect
from hexclave.cli._dry_run import DryTransport, NotSent, described
from hexclave.cli._lazy import LazyGroup
from hexclave.cli._output import note, print_items, print_line, print_result
from hexclave.cli._profiles import EMULATOR, load
from hexclave.cli._resources import MethodCommand, check_secrets, print_request
from hexclave.cli._signatures import Call
from hexclave.cli._state import common_options, current
from hexclave_api.operations import OPERATIONS
from hexclave_api.registry import Entry
from hexclave_api.secret import secrets_in


class Operations(LazyGroup):
    """Every operation as a command."""

    def list_own(self) -> Iterator[tuple[str, str]]:
        for name, entry in OPERATIONS.items():
            yield name.replace("_", "-"), f"{entry.method} {entry.path}"

    def own_command(self, name: str) -> click.Command | None:
        entry = OPERATIONS.get(name.replace("-", "_"))
        call = None if entry is None else Call.of(entry.function)
        return None if entry is None or call is None else operation_command(entry, call)


call_command = Operations(
    "call",
    {},
    help="Call any operation of the API by its name, with or without a method in the apps: call list-users --limit 10.",
    params=common_options(("profile", "as", "json")),
)


def operation_command(entry: Entry, call: Call) -> click.Command:
    """Return the command of an operation."""
    names: list[Any] = ["profile", "as", "json", "dry_run", "reveal"]
    params = [*call.parameters(), *common_options([name for name in names if name not in call.shapes])]
    if "cursor" in call.shapes:
        params.append(click.Option(["--all", "every"], is_flag=True, help="Print all pages, not only the first."))

    def invoke(clear: Sequence[str] = (), every: bool = False, **values: Any) -> None:
        perform(entry, call, call.arguments(values, clear), every=every)

    return MethodCommand(
        dict.fromkeys(entry.access, call),
        f"{entry.name}()",
        name=entry.name.replace("_", "-"),
        callback=invoke,
        params=params,
        help=call.doc.text,
        short_help=call.doc.summary,
        epilog=f"Python: app.call({entry.name}(…)). Access types: {', '.join(entry.access)}.",
    )


def perform(entry: Entry, call: Call, arguments: Mapping[str, Any], *, every: bool) -> None:
    """Call the operation and print its result.

    Raises:
        HexclaveError: the call failed.
        Failure: there is no key for it, or its result would be lost.
    """
    state = current()
    profile = load(state.profile)
    access = chosen_access(profile, entry.access, state)
    check_secrets(call, creates=entry.method == "POST")
    given = dict(arguments)
    with connect(profile, access, DryTransport() if state.dry_run else None) as app:
        try:
            while True:
                reply: Any = app.call(call.function(**given))
                items = getattr(reply, "items", None)
                if not isinstance(items, list | tuple):
                    print_result(reply)
                    return
                print_items(items)
                cursor = getattr(getattr(reply, "pagination", None), "next_cursor", None)
                if cursor is None:
                    return
                if not every:
                    note(f"There are more: --all, or --cursor {cursor}.")
                    return
                given["cursor"] = cursor
        except NotSent as dry:
            print_request(described(dry.request, [*secrets_in(given), *profile.keys.values()]))


@click.command("docs", params=common_options(("profile", "as")))
@click.argument("words", nargs=-1, required=True)
def docs_command(words: tuple[str, ...]) -> None:
    """Show the documentation of a command or operation: docs users list, docs list_users."""
    for line in documentation(words).split("\n"):
        print_line(line)


@click.command("open", params=common_options(("profile", "as")))
@click.argument("words", nargs=-1)
def open_command(words: tuple[str, ...]) -> None:
    """Open the documentation of a command or operation in the browser; without one, the emulator's dashboard."""
    import webbrowser

    if words:
        text = html.escape(documentation(words))
        with tempfile.NamedTemporaryFile("w", suffix=".html", prefix="hexclave-py-", delete=False) as file:
            file.write(f'<!doctype html><meta charset="utf-8"><title>{html.escape(" ".join(words))}</title>')
            file.write(f"<pre>{text}</pre>")
        webbrowser.open(Path(file.name).as_uri())
        return
    profile = load(current().profile or EMULATOR)
    webbrowser.open(f"{profile.api_url}/_emulator")


def documentation(words: Sequence[str]) -> str:
    """Return the documentation of a command or operation.

    Raises:
        click.UsageError: there is none with this name.
    """
    context = click.get_current_context().find_root()
    command: click.Command | None = context.command
    with click.Context(context.command, info_name="hexclave-py") as place:
        if len(words) == 1 and words[0].replace("-", "_") in OPERATIONS:
            command, words = call_command.own_command(words[0]), ("call", words[0].replace("_", "-"))
        else:
            for word in words:
                command = command.get_command(place, word) if isinstance(command, click.Group) else None
        if command is None:
            raise click.UsageError(f"There is no command or operation {' '.join(words)}.")
        with click.Context(command, parent=place, info_name=" ".join(words)) as inner:
            text = command.get_help(inner)
    return f"{text}\n\n{command.python}" if isinstance(command, MethodCommand) else text
