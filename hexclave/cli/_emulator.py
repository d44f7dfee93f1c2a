"""`emulator`: the API on this machine, as `hexclave-emulator` runs it."""

import click

from hexclave.cli._exits import Exit, Failure


class _PassedOn(click.Command):
    """A command whose arguments another program reads, `--help` and `--` included."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.params["arguments"] = tuple(args)
        return []


@click.command("emulator", cls=_PassedOn, add_help_option=False)
def emulator_command(arguments: tuple[str, ...]) -> None:
    """Run the API on this machine, as `hexclave-emulator` does: emulator --help. Needs `hexclave[emulator]`.

    `emulator run -- COMMAND` runs a command with an emulator of its own.
    """
    try:
        from hexclave_emulator.__main__ import main
    except ImportError as error:
        raise Failure(str(error), Exit.USAGE) from None
    try:
        status = main(list(arguments))
    except SystemExit as ended:  # Wrong arguments, or --help.
        status = ended.code if isinstance(ended.code, int) else Exit.USAGE
    raise click.exceptions.Exit(status)
