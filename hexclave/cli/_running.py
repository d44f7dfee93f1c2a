"""A run of the command line: what its failures print, and the exit status."""

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hexclave.cli._exits import Exit, Failure
from hexclave.cli._output import note, shown

if TYPE_CHECKING:
    from hexclave.errors import HexclaveError


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit status. Never raises, except for bugs."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of users have characters that not every terminal can show.
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _performed(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except KeyboardInterrupt:
        _forget_output()
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return Exit.CLOSED_PIPE
    except OSError as error:
        _forget_output()
        return _failed(_about_file(error), Exit.LOCAL)
    return status


def _performed(arguments: Sequence[str]) -> int:
    from hexclave.cli._root import root

    try:
        command = root(arguments)
        if instruction := os.environ.get("_HEXCLAVE_PY_COMPLETE"):
            from click.shell_completion import shell_complete

            return shell_complete(command, {}, "hexclave-py", "_HEXCLAVE_PY_COMPLETE", instruction)
        # Not `main`, which exits with another status if the output pipe was closed.
        with command.make_context("hexclave-py", list(arguments)) as context:
            status = command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None  # Ctrl-C or Ctrl-D at a prompt.
    except Failure as failure:
        return _failed(failure.format_message(), failure.status, failure.hint)
    except click.ClickException as failure:
        failure.show(sys.stderr)
        return failure.exit_code
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        return known
    return status if isinstance(status, int) else Exit.OK


def _known(error: Exception) -> int | None:
    """Print an error of the SDK and return its exit status; `None` for any other error."""
    if "hexclave.errors" not in sys.modules:
        return None  # Not imported for a command that did not need it.
    from hexclave.errors import HexclaveError

    if not isinstance(error, HexclaveError):
        return None
    text = str(error)
    if error.hint and error.hint not in text:
        return _failed(text, exit_of(error), error.hint)
    return _failed(text, exit_of(error))


def exit_of(error: "HexclaveError") -> Exit:
    """Return the exit status for an error of the SDK."""
    from hexclave import errors

    if isinstance(error, errors.UnsafeUseError):
        return Exit.USAGE
    if isinstance(
        error,
        errors.RefreshTokenError
        | errors.SessionAuthenticationError
        | errors.UserAuthenticationRequired
        | errors.CannotGetOwnUserWithoutUser,
    ):
        return Exit.SIGNED_OUT
    return Exit.NETWORK if isinstance(error, errors.TransportError) else Exit.REFUSED


def _failed(message: str, status: Exit, hint: str = "") -> Exit:
    note(f"Error: {shown(message)}", always=True)
    if hint:
        note(f"Hint: {shown(hint)}", always=True)
    return status


def _about_file(error: OSError) -> str:
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{error.strerror or error}"


def _forget_output() -> None:
    """Discard buffered output: the interpreter would fail to write it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
