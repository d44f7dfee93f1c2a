"""How long `make generate` takes for the whole description.

python -m benchmarks.generate
"""

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.rows import Row


def rows(_: str) -> Iterator[Row]:
    started = time.perf_counter()
    for step in ("render", "check"):
        subprocess.run([sys.executable, "-m", "generator", step], check=True, capture_output=True)
    yield Row("`make generate`, whole description", "nothing", time.perf_counter() - started, 15.0, unit="s")


if __name__ == "__main__":
    print(*rows(""))
