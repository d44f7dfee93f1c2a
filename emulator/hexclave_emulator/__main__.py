"""`python -m hexclave_emulator`, also `hexclave-emulator`: serve the emulator until interrupted.

`hexclave-emulator run -- COMMAND` serves it for as long as the command runs, whose environment points to it.
"""

import argparse
import os
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import attrs
import uvicorn

from hexclave_emulator.checking.releases import LATEST, Release
from hexclave_emulator.emulator import Emulator
from hexclave_emulator.seeding import plant
from hexclave_emulator.server import BackgroundServer, config, loopback_socket


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit status: that of the command after `run`, 0 after an interrupt, 2 for invalid
    arguments.
    """
    given = sys.argv[1:] if arguments is None else arguments
    return _run(given[1:]) if given[:1] == ["run"] else _serve(given)


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hexclave-emulator run",
        usage="%(prog)s [options] -- COMMAND [ARGUMENT …]",
        description="Run a command with an emulator of its own, on a free port. Its environment points to it.",
    )
    _add_options(parser)
    own, _, command = _split(arguments)
    options = parser.parse_args(own)
    if not command:
        parser.error("name the command behind --, such as: hexclave-emulator run -- pytest")
    emulator = _emulator(parser, options)
    server = BackgroundServer(emulator)
    try:
        variables = {**os.environ, **environment(emulator, server.base_url)}
        return subprocess.run(command, env=variables, check=False).returncode  # noqa: S603 -- what it is there for
    except OSError as error:
        print(f"hexclave-emulator: {command[0]} cannot be run: {error.strerror}", file=sys.stderr)
        return 127
    except KeyboardInterrupt:
        return 130
    finally:
        server.stop()
        emulator.close()


def _split(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    if "--" not in arguments:
        return arguments, "", []
    place = arguments.index("--")
    return arguments[:place], "--", arguments[place + 1 :]


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--db", type=Path, metavar="FILE", help="keep the state in this SQLite file (default: in memory)"
    )
    parser.add_argument("--seed", type=Path, metavar="FILE", help="users and more to begin with, as JSON or YAML")
    parser.add_argument(
        "--release",
        choices=get_args(Release),
        default=LATEST,
        help="the version of the API to behave like (default: %(default)s)",
    )
    parser.add_argument("--stub", action="store_true", help="answer what the emulator cannot do with examples, not 501")


def _emulator(parser: argparse.ArgumentParser, options: argparse.Namespace) -> Emulator:
    try:
        emulator = Emulator(db=options.db, stub=options.stub, release=options.release)
        if options.seed is not None:
            plant(emulator, options.seed)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    return emulator


def _serve(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="hexclave-emulator",
        description="Hexclave's REST API on this machine, for development and tests. Not for production.",
        epilog="hexclave-emulator run -- COMMAND runs a command with an emulator of its own.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--beyond-loopback",
        action="store_true",
        help="allow a --host that other machines can reach: they get full access",
    )
    parser.add_argument(
        "--port", type=int, default=8102, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    _add_options(parser)
    options = parser.parse_args(arguments)
    if not options.beyond_loopback and not _is_loopback(options.host):
        parser.error(f"{options.host} can be reached from other machines; add --beyond-loopback if you mean it")
    emulator = _emulator(parser, options)
    emulator.beyond_loopback = options.beyond_loopback
    try:
        listening = loopback_socket(options.host, options.port)
    except OSError as error:
        parser.error(str(error))
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(welcome(emulator, f"http://{host}:{listening.getsockname()[1]}"), flush=True)
    try:
        uvicorn.Server(config(emulator)).run(sockets=[listening])
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        emulator.close()
    return 0


def welcome(emulator: Emulator, base_url: str) -> str:
    """Return the text with the emulator's address and the lines that configure the SDK for it."""
    exports = environment(emulator, base_url)
    lines = [
        f"Hexclave emulator at {base_url}",
        "For development and tests only: it guards nothing. Stop it with Ctrl+C.",
        "",
        *(f"export {name}={value}" for name, value in exports.items() if name.startswith("HEXCLAVE_")),
        "",
    ]
    return "\n".join(lines)


def environment(emulator: Emulator, base_url: str) -> dict[str, str]:
    """Return the variables that configure SDKs for the emulator, under their current and their older names."""
    found = {"API_URL": base_url}
    if emulator.ready is not None:
        found |= {name.upper(): value for name, value in attrs.asdict(emulator.ready).items()}
    return {f"{prefix}_{name}": value for prefix in ("HEXCLAVE", "STACK") for name, value in found.items()}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main())
