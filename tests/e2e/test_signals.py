"""Ctrl-C during a blocking call: an ordinary KeyboardInterrupt, and never a crash of the interpreter."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.calling import SLACK, Server

PROGRAM = """
import signal, sys
from tests.e2e import calling
from hexclave import Retries, Timeout
signal.signal(signal.SIGINT, signal.default_int_handler)  # Ignored where the tests run in the background.
here = calling.Place(int(sys.argv[1]), *sys.argv[2:])
app = calling.blocking(here, timeout=Timeout(total=10, read=2))
calling.blocking(calling.Place(here.port, "ok", "warm")).call(calling.operation())
print("ready", flush=True)
try:
    app.call(calling.operation("POST"))
except KeyboardInterrupt as interrupt:
    calling.check_reveals_nothing(interrupt)
    app.close()
    print("interrupted")
"""


def test_an_interrupted_call(server: Server) -> None:
    here = server.at("broken", "before", "hold")
    command = [sys.executable, "-c", PROGRAM, str(here.port), here.behaviour, here.name]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.3)
        sent = time.monotonic()
        program.send_signal(signal.SIGINT)
        rest, errors = program.communicate(timeout=20)
    assert (rest, errors, program.returncode) == ("interrupted\n", "", 0)
    assert time.monotonic() - sent < SLACK
