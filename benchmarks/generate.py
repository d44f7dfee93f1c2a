"""Benchmark of `make generate` for the whole API description.

python -m benchmarks.generate
"""

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.rows import Row, spread


def rows(_url: str) -> Iterator[Row]:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        for step in ("render", "check"):
            subprocess.run([sys.executable, "-m", "generator", step], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    yield Row("`make generate`, whole API description", "none", *spread(seconds), target=15.0, unit="s")


if __name__ == "__main__":
    print(*rows(""))
