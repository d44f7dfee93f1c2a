"""The command `hexclave-py` with everything below it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click

from hexclave._version import __version__
from hexclave.cli._lazy import LazyGroup, _cut
from hexclave.cli._state import State, common_options, peeked

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Account": {
        "login": "_account: Sign in with the browser.",
        "logout": "_account: Sign out.",
        "whoami": "_account: Show the project, the keys and who is signed in.",
        "profile": "_profile_commands: Profiles: projects and their keys.",
    },
    "Move": {
        "import": "_moving.commands: Move users and teams into the project.",
        "export": "_moving.commands: Move users and teams out of the project.",
    },
    "Develop": {
        "emulator": "_emulator: Run the API on this machine.",
        "token": "_token: Inspect access tokens.",
        "doctor": "_doctor: Find out why calls fail.",
        "mcp": "_mcp: Serve the API to agents (Model Context Protocol).",
        "call": "_calling: Call any operation of the API by its name.",
        "docs": "_calling: Show the documentation of a command or operation.",
        "open": "_calling: Open the emulator's dashboard or the documentation of an operation in the browser.",
        "completion": "_completion: Print the completion script for bash, zsh or fish.",
    },
}
"""Commands of our own, with their modules; the resources of the apps follow."""

BESIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "config": {
        "pull": "_project_code: Write the project's settings to a folder.",
        "plan": "_project_code: Show what `config apply` would change.",
        "apply": "_project_code: Change the project's settings to those in a folder.",
        "drift": "_project_code: Show what has changed since the last pull or apply.",
    },
    "webhooks": {
        "listen": "_webhooks: Forward the emulator's webhooks to a URL.",
        "trigger": "_webhooks: Send a signed sample event to a URL.",
    },
}
"""Additional commands of a resource."""


class Root(LazyGroup):
    """All commands. Their options depend on the access type, which `state` knows before anything is parsed."""

    def __init__(self, state: State) -> None:
        super().__init__(
            "hexclave-py",
            {name: place for section in SECTIONS.values() for name, place in section.items()},
            help=(
                "Hexclave on the command line: every operation of the API, for people and programs.\n\n"
                "Prints tables on a terminal and JSON lines elsewhere. The project and its keys come from --profile, "
                "else from the environment (HEXCLAVE_PROJECT_ID, …), else from the default profile."
            ),
            epilog="Exit status: 0 success, 1 refused, 2 usage, 3 not signed in or no key, 4 network, 5 local file.",
            params=[
                *common_options(("profile", "as", "json")),
                click.Option(
                    ["--version"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_print_version,
                    help="Print the version.",
                ),
            ],
            context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "obj": State()},
            no_args_is_help=True,
        )
        self._state = state

    def list_own(self) -> Iterator[tuple[str, str]]:
        from hexclave.cli._resources import resource_summaries

        for name, summary in sorted(resource_summaries().items()):
            yield name.replace("_", "-"), summary

    def own_command(self, name: str) -> click.Command | None:
        from hexclave.cli._resources import resource_group

        return resource_group(name.replace("-", "_"), self._state, BESIDE.get(name, {}))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in SECTIONS.items():
            with formatter.section(title):
                rows = [(name, place.partition(": ")[2]) for name, place in section.items()]
                formatter.write_dl(list(_cut(iter(rows), formatter)))
        with formatter.section("Resources"):
            formatter.write_dl(list(_cut(self.list_own(), formatter)))


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"hexclave-py {__version__}")
        ctx.exit()


def root(arguments: Sequence[str]) -> click.Command:
    """Return the command for these arguments."""
    return Root(peeked(arguments))
