"""`python -m tests.contract.conformance [FOLDER]`: replay every scenario of a folder and say what differs."""

import argparse
import sys
from pathlib import Path

from tests.contract.conformance.recording import load
from tests.contract.conformance.replay import replay
from tests.contract.conformance.report import details, table

DEFAULT = Path(__file__).parents[4] / "shared" / "recordings"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.conformance", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=DEFAULT, help="files of recorded exchanges, one JSON object a line"
    )
    parser.add_argument("--only", metavar="SCENARIO", action="append", help="this scenario alone; may be repeated")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    scenarios = load(options.folder)
    if not scenarios:
        parser.error(f"{options.folder} holds no recordings (*.jsonl)")
    library = [exchange for exchanges in scenarios.values() for exchange in exchanges]
    outcomes = {
        name: replay(exchanges, library)
        for name, exchanges in scenarios.items()
        if exchanges and (not options.only or name in options.only)
    }
    print(details(outcomes))
    print(table(outcomes))
    return 0 if all(not each.differences for found in outcomes.values() for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
