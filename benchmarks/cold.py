"""What a fresh process pays: imports, the first call, and resident memory after it. CPU seconds over bare Python.

python -m benchmarks.cold
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.calls import FAST, KEY, PROJECT, USER
from benchmarks.rows import Row
from benchmarks.server import serving

ROUNDS = 11
# The command line of httpx loads rich and pygments where they happen to be installed; programs mostly do not have them.
_WITHOUT_COMMAND_LINE = "import sys; sys.modules['click'] = None\n"
_USAGE = """
import os, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, open("/proc/self/statm").read().split()[1])
"""


class Cost(NamedTuple):
    """Of a process."""

    cpu: float
    """Seconds."""
    memory: float
    """Pages."""
    wall: float
    """Seconds."""


def rows(url: str) -> Iterator[Row]:
    call_httpx = f"import httpx\nclient = httpx.Client()\nclient.get({f'{url}/api/v1/users/{USER}'!r}).json()"
    app = f"import hexclave\napp = hexclave.HexclaveServerApp({PROJECT!r}, {KEY!r}, base_url={url!r}"
    call_ours, call_fast = (f"{app}{more})\napp.users.get({USER!r})" for more in ("", ", http_client='fast'"))
    programs = ["pass", "import httpx", "import hexclave", call_httpx, call_ours, call_fast]
    used: list[list[Cost]] = [[] for _ in programs]
    with tempfile.TemporaryDirectory() as compiled:
        for number in range(ROUNDS + 1):
            for results, program in zip(used, programs, strict=True):
                result = _run(program, compiled)
                if number:  # The first round compiles.
                    results.append(result)
    bare, httpx, hexclave, first_httpx, first, fast = (
        Cost(*map(statistics.median, zip(*results, strict=True))) for results in used
    )
    yield Row("`import hexclave`", "`import httpx`", (hexclave.cpu - bare.cpu) / (httpx.cpu - bare.cpu), 0.60)
    against = "the same with bare httpx"
    for kind, mine, target in (("", first, 1.10), (FAST, fast, 0.80)):
        what = f"import, app and first call over plain http{kind}"
        yield Row(what, against, (mine.cpu - bare.cpu) / (first_httpx.cpu - bare.cpu), target)
    yield Row("a whole process with one call, by the clock", against, first.wall / first_httpx.wall, 1.10)
    yield Row("resident memory after the first call", against, first.memory / first_httpx.memory, 1.25)


def _run(program: str, compiled: str) -> Cost:
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", f"{_WITHOUT_COMMAND_LINE}{program}\n{_USAGE}"]
    started = time.perf_counter()
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return Cost(float(printed[0]), float(printed[1]), time.perf_counter() - started)


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)
