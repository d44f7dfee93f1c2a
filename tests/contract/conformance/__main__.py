"""The command `python -m tests.contract.conformance [FOLDER]`: replay every scenario of a folder and print the
differences.
"""

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from hexclave_emulator import Reply
from hexclave_emulator.checking.releases import Release
from tests.contract.conformance.altering import noticed
from tests.contract.conformance.recording import Exchange, NotARecording, exchanges
from tests.contract.conformance.replay import Outcome, replay
from tests.contract.conformance.report import details, table

DEFAULT = Path(__file__).parents[4] / "shared" / "recordings"


def _replayed(name: str, exchanges: Sequence[Exchange], library: Sequence[Exchange], release: Release) -> list[Outcome]:
    """Return the outcomes; a scenario that the replay cannot handle counts as entirely different."""
    try:
        return replay(exchanges, library, release=release)
    except Exception as error:
        traceback.print_exc()
        return [Outcome(each, (f"the replay of {name} failed: {error!r}",), Reply(0)) for each in exchanges]


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 if all replies are equal or differ for a known reason, 1 otherwise, 2 for wrong
    arguments.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.contract.conformance", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, default=DEFAULT, help="files of recorded exchanges, one JSON object a line"
    )
    parser.add_argument("--only", metavar="SCENARIO", action="append", help="this scenario alone; may be repeated")
    parser.add_argument(
        "--release",
        choices=get_args(Release),
        default="2026-04",
        help="the release to behave like; changes since the recorded 2026-04 are known (default: %(default)s)",
    )
    parser.add_argument(
        "--altered", action="store_true", help="alter the recorded replies one by one and say which kinds are noticed"
    )
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"there is no folder {options.folder}")
    scenarios: dict[str, list[Exchange]] = {}
    is_whole = True
    for file in sorted(options.folder.glob("*.jsonl")):
        try:
            scenarios[file.stem] = exchanges(file)
        except NotARecording as error:
            print(f"skipped: {error}", file=sys.stderr)
            is_whole = False
    if not any(scenarios.values()):
        parser.error(f"{options.folder} holds no recordings (*.jsonl)")
    unknown = set(options.only or ()) - set(scenarios)
    if unknown:
        parser.error(f"{options.folder} has no scenario {', '.join(sorted(unknown))}")
    library = [exchange for found in scenarios.values() for exchange in found]
    wanted = {name: found for name, found in scenarios.items() if found and (not options.only or name in options.only)}
    if options.altered:
        print(noticed(wanted, library, options.release))
        return 0
    outcomes = {name: _replayed(name, found, library, options.release) for name, found in wanted.items()}
    print(details(outcomes))
    print(table(outcomes))
    explained = all(not each.differences or each.reason for found in outcomes.values() for each in found)
    return 0 if explained and is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
