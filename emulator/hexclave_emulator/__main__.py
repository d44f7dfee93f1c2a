"""`python -m hexclave_emulator`, also `hexclave-emulator`: serve the emulator until interrupted."""

import argparse
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import uvicorn

from hexclave_emulator.checking.releases import LATEST, Release
from hexclave_emulator.emulator import Emulator
from hexclave_emulator.seeding import plant
from hexclave_emulator.server import config, loopback_socket


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 after an interrupt, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(
        prog="hexclave-emulator",
        description="Hexclave's REST API on this machine, for development and tests. Not for production.",
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
    options = parser.parse_args(arguments)
    if not options.beyond_loopback and not _is_loopback(options.host):
        parser.error(f"{options.host} can be reached from other machines; add --beyond-loopback if you mean it")
    try:
        emulator = Emulator(db=options.db, stub=options.stub, release=options.release)
        emulator.beyond_loopback = options.beyond_loopback
        if options.seed is not None:
            plant(emulator, options.seed)
        listening = loopback_socket(options.host, options.port)
    except (OSError, ValueError) as error:
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
    """Where the emulator is, and the lines that point the SDK to it."""
    ready = emulator.ready
    if ready is None:
        return f"Hexclave emulator at {base_url}"
    exports = {
        "HEXCLAVE_API_URL": base_url,
        "HEXCLAVE_PROJECT_ID": ready.project_id,
        "HEXCLAVE_PUBLISHABLE_CLIENT_KEY": ready.publishable_client_key,
        "HEXCLAVE_SECRET_SERVER_KEY": ready.secret_server_key,
        "HEXCLAVE_SUPER_SECRET_ADMIN_KEY": ready.super_secret_admin_key,
    }
    lines = [
        f"Hexclave emulator at {base_url}",
        "For development and tests only: it guards nothing. Stop it with Ctrl+C.",
        "",
        *(f"export {name}={value}" for name, value in exports.items()),
        "",
    ]
    return "\n".join(lines)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main())
