"""The command line `hexclave-py`, also `python -m hexclave`. Needs `hexclave[cli]`."""

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status; `arguments` defaults to those of the process.

    0 success, 1 the API refused or a check failed, 2 wrong usage, 3 not signed in or no key, 4 no usable reply from the
    server, 5 a local file could not be read or written, 130 interrupted, 141 the reader of the output has gone.
    """
    # Nothing else is imported outside of the `try`, so that Ctrl-C shows no traceback.
    try:
        try:
            import click  # noqa: F401 - tells a missing extra from a broken installation
        except ImportError:
            print("hexclave-py needs click: pip install 'hexclave[cli]'", file=sys.stderr)
            return 2
        from hexclave.cli._running import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        # Python 3.11 wraps an interrupt that comes while it makes a class.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return 130
        raise
