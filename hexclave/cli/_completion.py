"""`completion`: scripts for shells."""

import click
from click.shell_completion import get_completion_class

from hexclave.cli._exits import Exit, Failure

VARIABLE = "_HEXCLAVE_PY_COMPLETE"
"""Set by the scripts when they ask for completions."""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: eval "$(hexclave-py completion bash)"                          in ~/.bashrc
    zsh:  eval "$(hexclave-py completion zsh)"                           in ~/.zshrc
    fish: hexclave-py completion fish > ~/.config/fish/completions/hexclave-py.fish
    """
    made = get_completion_class(shell)
    if made is None:
        raise Failure(f"There is no completion for {shell}.", Exit.USAGE)
    context = click.get_current_context().find_root()
    click.echo(made(context.command, {}, "hexclave-py", VARIABLE).source())
