"""`python -m tests.fuzz [seconds]`: fuzzes every parser with hostile bytes, guided by coverage.

Each target runs in a separate process for its share of the time, by default 120 s in total.
"""

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

TIME = 120
LONGEST_INPUT = 4096


def main(seconds: int) -> int:
    if importlib.util.find_spec("atheris") is None:
        print("Skipped: atheris is not installed (pip install atheris; it has wheels for Linux on x86-64 and arm64).")
        return 0
    from tests.fuzz.targets import TARGETS

    failed = []
    for name, target in TARGETS.items():
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(target.seeds):
                Path(corpus, str(number)).write_bytes(seed)
            share = max(1, seconds // len(TARGETS))
            options = [f"-max_total_time={share}", f"-max_len={LONGEST_INPUT}", f"-artifact_prefix={corpus}/", corpus]
            done = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.one", name, *options], stderr=subprocess.PIPE, check=False
            )
        text = done.stderr.decode(errors="replace")
        runs = [line for line in text.splitlines() if line.startswith("Done ")]
        print(f"{name:16} {runs[0] if runs and not done.returncode else 'FAILED'}", flush=True)
        if done.returncode:
            failed.append(name)
            print(text)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TIME))
