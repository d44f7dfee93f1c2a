"""What a fresh process pays: imports, the first call, and resident memory after it. CPU seconds over bare Python.

python -m benchmarks.cold
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from benchmarks.calls import KEY, PROJECT, USER
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


def rows(url: str) -> Iterator[Row]:
    call_httpx = f"import httpx\nclient = httpx.Client()\nclient.get({f'{url}/api/v1/users/{USER}'!r}).json()"
    call_ours = (
        f"import hexclave\napp = hexclave.HexclaveServerApp({PROJECT!r}, {KEY!r}, base_url={url!r})\n"
        f"app.users.get({USER!r})"
    )
    programs = ["pass", "import httpx", "import hexclave", call_httpx, call_ours]
    used: list[list[tuple[float, int]]] = [[] for _ in programs]
    with tempfile.TemporaryDirectory() as compiled:
        for number in range(ROUNDS + 1):
            for results, program in zip(used, programs, strict=True):
                result = _run(program, compiled)
                if number:  # The first round compiles.
                    results.append(result)
    bare, httpx, hexclave, first_httpx, first = (statistics.median(cpu for cpu, _ in results) for results in used)
    memory_httpx, memory = (statistics.median(size for _, size in results) for results in used[3:])
    yield Row("`import hexclave`", "`import httpx`", (hexclave - bare) / (httpx - bare), 0.60)
    what = "import, app and first call over plain http"
    yield Row(what, "the same with bare httpx", (first - bare) / (first_httpx - bare), 1.10)
    yield Row("resident memory after the first call", "the same with bare httpx", memory / memory_httpx, 1.25)


def _run(program: str, compiled: str) -> tuple[float, int]:
    """CPU seconds and resident memory in pages."""
    environment = os.environ | {"PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", f"{_WITHOUT_COMMAND_LINE}{program}\n{_USAGE}"]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
    return float(printed[0]), int(printed[1])


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)
