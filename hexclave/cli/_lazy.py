"""Groups whose commands are imported when they are used."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import click


class LazyGroup(click.Group):
    """A group of commands, some of which are in modules that are imported when they are used.

    `lazy` has the summary of each, by `name: "module: summary"`. The command is the attribute of the module with the
    name of the command, `-` as `_`, and `_command` at its end.
    """

    def __init__(self, name: str, lazy: Mapping[str, str], **options: Any) -> None:
        super().__init__(name, **options)
        self.lazy = lazy

    def list_own(self) -> Iterator[tuple[str, str]]:
        """The other commands with their summaries."""
        yield from ()

    def own_command(self, name: str) -> click.Command | None:  # noqa: ARG002 - for derived classes
        """One of the other commands."""
        return None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for name, _ in self.summaries()]

    def summaries(self) -> Iterator[tuple[str, str]]:
        """All commands with their summaries."""
        for name, place in self.lazy.items():
            yield name, place.partition(": ")[2]
        for name, summary in self.list_own():
            if name not in self.lazy:
                yield name, summary

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name in self.lazy:
            module = import_module(f"hexclave.cli.{self.lazy[cmd_name].partition(':')[0]}")
            return cast(click.Command, getattr(module, f"{cmd_name.replace('-', '_')}_command"))
        return self.own_command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_cut(self.summaries(), formatter)))


def _cut(rows: Iterator[tuple[str, str]], formatter: click.HelpFormatter) -> Iterator[tuple[str, str]]:
    """Summaries of one line each."""
    found = list(rows)
    room = formatter.width - 8 - max((len(name) for name, _ in found), default=0)
    for name, summary in found:
        yield name, summary if len(summary) <= room else f"{summary[: room - 1]}…"
