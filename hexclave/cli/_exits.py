"""Exit statuses, and the failures of commands."""

from enum import IntEnum

import click


class Exit(IntEnum):
    """The exit statuses of all commands."""

    OK = 0
    REFUSED = 1
    """The API refused the call, or a check failed."""
    USAGE = 2
    SIGNED_OUT = 3
    """Not signed in, or the profile lacks the key that the command needs."""
    NETWORK = 4
    """No usable reply: no connection, a timeout, a proxy's answer."""
    LOCAL = 5
    """A local file could not be read or written."""
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    """The reader of the output has gone, as with `| head -1`."""


class Failure(click.ClickException):
    """A failure with an exit status and a cure."""

    def __init__(self, message: str, status: Exit, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.hint = hint


def missing_extra(package: str, extra: str) -> Failure:
    """Return the failure of a command whose package is not installed."""
    return Failure(f"This command needs {package}.", Exit.USAGE, f"pip install 'hexclave[{extra}]'")
