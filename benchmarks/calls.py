"""Benchmarks of a call, compared with the same call through plain httpx and other HTTP libraries.

python -m benchmarks.calls

Each library runs in a separate process; they take turns, so that load on the machine affects all equally.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.rows import Row, spread
from benchmarks.server import serving
from benchmarks.worker import AT_ONCE, KEY, PROJECT, THREADS, USER
from hexclave import HexclaveServerApp

PATH = f"/api/v1/users/{USER}"
OTHERS = ("httpx2", "niquests", "pyreqwest", "aiohttp")
NIQUESTS = Path(__file__).parent.parent / "build" / "niquests" / "bin" / "python"
"""A separate environment, created by `make bench`, because niquests replaces urllib3, which other tools need."""
WAYS = {
    "blocking": ("blocking, one after another", 200, 15),
    "threads": (f"{THREADS} threads, calls per second", 1_600, 5),
    "one": ("async, one after another", 200, 15),
    "many": (f"async, {AT_ONCE} concurrent, calls per second", 5_000, 3),
}
"""The label, the number of calls per round, and the number of rounds of each mode."""
TARGETS = {"blocking": 0.32, "threads": 4.0, "one": 0.16, "many": 35.0}


class Worker:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, way: str, times: int) -> tuple[float, float]:
        """Make the calls, and return wall time and CPU time in seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(way, times, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().split()
        if len(answer) != 2:
            raise RuntimeError("the worker ended")
        return float(answer[0]), float(answer[1])


@contextmanager
def working(library: str, url: str) -> Iterator[Worker]:
    python = str(NIQUESTS) if library == "niquests" else sys.executable
    command = [python, "-m", "benchmarks.worker", library, url, PATH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


def available() -> list[str]:
    """Return the other libraries that are installed, and report the missing ones on standard error."""
    found = []
    for library in OTHERS:
        python = str(NIQUESTS) if library == "niquests" else sys.executable
        try:
            result = subprocess.run([python, "-c", f"import {library}"], check=False, capture_output=True, text=True)
            problem = result.stderr.strip().rpartition("\n")[2]
        except OSError as error:
            problem = str(error)
        if problem:
            print(f"skipped: rows of {library} ({problem})", file=sys.stderr)
        else:
            found.append(library)
    return found


def rows(url: str) -> Iterator[Row]:
    others = available()
    for way, (what, times, rounds) in WAYS.items():
        libraries = ["hexclave", *(each for each in others if way in ("one", "many") or each != "aiohttp")]
        walls, processor = _measured(url, way, times, rounds, libraries)
        faster = way in ("threads", "many")
        against = "`httpx.AsyncClient`" if way in ("one", "many") else "`httpx.Client`"
        for library in libraries:
            ours = library == "hexclave"
            label = f"`app.users.get`, {what}" if ours else f"{library} alone, {what}"
            values = [1 / ratio for ratio in walls[library]] if faster else walls[library]
            target = TARGETS[way] if ours else None
            yield Row(label, against, *spread(values), target=target, at_least=faster)
            if way == "blocking":
                target = 0.22 if ours else None
                yield Row(f"{label}, CPU time", against, *spread(processor[library]), target=target)
    yield Row("a second app and its first call", "none", *spread(_second_app(url)), target=1.0, unit="ms")


def _measured(
    url: str, way: str, times: int, rounds: int, libraries: list[str]
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the ratios to httpx of each round, for wall time and for CPU time."""
    walls: dict[str, list[float]] = {library: [] for library in libraries}
    processor: dict[str, list[float]] = {library: [] for library in libraries}
    with ExitStack() as stack:
        workers = {library: stack.enter_context(working(library, url)) for library in ("httpx", *libraries)}
        for worker in workers.values():
            worker.run(way, times // 5)  # Open the connections.
        for number in range(rounds):
            # Alternate the order, so that neither side is always measured first.
            order = list(workers) if number % 2 else list(workers)[::-1]
            results = {library: workers[library].run(way, times) for library in order}
            for library in libraries:
                wall, cpu = results[library]
                walls[library].append(wall / results["httpx"][0])
                processor[library].append(cpu / results["httpx"][1])
    return walls, processor


def _second_app(url: str) -> list[float]:
    """Return times in milliseconds, each the median of ten, including the new connection."""
    seconds = []
    for _ in range(50):
        started = time.perf_counter()
        app = HexclaveServerApp(PROJECT, KEY, base_url=url)
        app.users.get(USER)
        seconds.append((time.perf_counter() - started) * 1000)
        app.close()
    return [statistics.median(seconds[first : first + 10]) for first in range(0, 50, 10)]


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)
