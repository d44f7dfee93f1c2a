"""Options of every command, and their values."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import click

if TYPE_CHECKING:
    from hexclave_api.operation import AccessType

Common: TypeAlias = Literal["profile", "json", "as", "dry_run", "reveal"]


ACCESS_TYPES: Final[tuple["AccessType", ...]] = ("client", "server", "admin")


class State:
    """The options of this run, wherever they stand on the command line."""

    # Not with attrs, which takes as long to import as half of Python.
    def __init__(self) -> None:
        self.profile: str | None = None
        self.access: AccessType | None = None
        self.json = False
        self.dry_run = False
        self.reveal = False
        self.bound: dict[tuple[str, ...], dict[str, Any]] = {}
        """Arguments of groups such as `payments for-user USER_ID`, by their paths."""


def current() -> State:
    """Return the state of this run."""
    state = click.get_current_context().find_object(State)
    if state is None:
        raise RuntimeError("no command is running")
    return state


def _stored(field: str) -> Any:
    def store(context: click.Context, _: click.Parameter, value: Any) -> None:
        # Each level of commands has the options; one that was not given leaves what another level set.
        if value:
            setattr(context.ensure_object(State), field, value)

    return store


def common_options(names: Iterable[Common]) -> list[click.Parameter]:
    """Return these options, made anew for each command."""
    return [_OPTIONS[name]() for name in names]


def _option(*declarations: str, field: str, **rest: Any) -> Any:
    return lambda: click.Option(declarations, expose_value=False, is_eager=True, callback=_stored(field), **rest)


def profile_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return the profiles whose names begin with this, for completion."""
    from hexclave.cli._profiles import EMULATOR, ENVIRONMENT, Config

    return [name for name in (*Config.load().profiles, ENVIRONMENT, EMULATOR) if name.startswith(incomplete)]


_OPTIONS: Final = {
    "profile": _option(
        "--profile",
        field="profile",
        metavar="NAME",
        help="Profile to use; see `hexclave-py profile`.",
        shell_complete=profile_names,
    ),
    "json": _option("--json", field="json", is_flag=True, help="Print JSON, also on a terminal."),
    "as": _option(
        "--as",
        field="access",
        type=click.Choice(ACCESS_TYPES),
        help="Access type of the call; by default, the first of server, admin and client that has a key.",
    ),
    "dry_run": _option(
        "--dry-run", field="dry_run", is_flag=True, help="Print the request without secrets, and do not send it."
    ),
    "reveal": _option("--reveal", field="reveal", is_flag=True, help="Print secrets in the result instead of a mask."),
}


def peeked(arguments: Iterable[str]) -> State:
    """Read `--profile` and `--as` wherever they stand: which commands there are depends on them.

    Parsing decides what they mean; this is a guess that is right whenever they are not the value of another option.
    """
    found, values = State(), list(arguments)
    values = values[: values.index("--")] if "--" in values else values
    for at, argument in enumerate(values):
        name, _, value = argument.partition("=")
        value = value or next(iter(values[at + 1 : at + 2]), "")
        if name == "--profile":
            found.profile = value
        elif name == "--as":
            found.access = next((access for access in ACCESS_TYPES if access == value), None)
    return found
