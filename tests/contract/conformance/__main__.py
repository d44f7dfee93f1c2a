"""`python -m tests.contract.conformance [FOLDER]`: replay every scenario of a folder and say what differs."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from hexclave_emulator import Reply
from tests.contract.conformance.recording import Exchange, load
from tests.contract.conformance.replay import Outcome, replay
from tests.contract.conformance.report import details, table

DEFAULT = Path(__file__).parents[4] / "shared" / "recordings"


def _replayed(name: str, exchanges: Sequence[Exchange], library: Sequence[Exchange]) -> list[Outcome]:
    """The outcomes; a scenario that the replay itself cannot cope with counts as different in all."""
    try:
        return replay(exchanges, library)
    except Exception as error:
        traceback.print_exc()
        return [Outcome(each, (f"the replay of {name} failed: {error!r}",), Reply(0)) for each in exchanges]


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
        name: _replayed(name, exchanges, library)
        for name, exchanges in scenarios.items()
        if exchanges and (not options.only or name in options.only)
    }
    print(details(outcomes))
    print(table(outcomes))
    return 0 if all(not each.differences for found in outcomes.values() for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
