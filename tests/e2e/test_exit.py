"""A program may exit right after its last call."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.calling import Place, Server

PROGRAM = """
import asyncio, os, sys
from tests.e2e import calling
here = calling.Place(int(sys.argv[1]), *sys.argv[2:])

async def main():
    app = calling.awaiting(here)
    for _ in range(3):
        await app.call(calling.operation())

asyncio.run(main())
if hasattr(os, "fork") and os.fork() == 0:
    sys.exit(0)  # what was registered for the end of the program runs in the child as well
"""


def ended(place: Place) -> tuple[int, str]:
    command = [sys.executable, "-c", PROGRAM]
    program = subprocess.run(
        [*command, str(place.port), place.behaviour, place.name],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return program.returncode, program.stderr


def test_programs_that_end_right_after_an_async_call(server: Server) -> None:
    here = server.at("ok")
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: ended(here), range(12))) == {(0, "")}
