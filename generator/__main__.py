"""`python -m generator`: takes in upstream's documents, renders the client, checks it, says what changed."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from generator.description import DescriptionError

ROOT = Path(__file__).parent.parent


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    importing = commands.add_parser("import", help="merge upstream documents into the description")
    importing.add_argument("folder", type=Path, help="holds some of client.json server.json admin.json webhooks.json")
    importing.add_argument("--spec", type=Path, default=ROOT / "spec" / "openapi.yaml", help="the description")
    options = parser.parse_args(argv)
    try:
        return run_import(options.folder, options.spec)
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 2


def run_import(folder: Path, spec: Path) -> int:
    from generator import description, merging, mends, upstream

    views = upstream.read(folder)
    mended: Counter[str] = Counter()
    for view in views.values():
        for place, operation in view.items():
            mended.update(mends.mend(place, operation))
    old = description.load(spec) if spec.exists() else {}
    new = merging.merge(old, views, str(spec))
    changed = description.write(spec, new)
    for name, count in mended.items():
        print(f"mended {count:4} x {name.replace('_', ' ')}")
    for line in merging.changes(old, new):
        print(line)
    print("nothing changed" if not changed else f"wrote {spec}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
