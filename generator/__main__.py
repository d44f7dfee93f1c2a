"""`python -m generator`: takes in upstream's documents, says what changed, renders the client, checks what was rendered."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from generator import diff
from generator.description import DescriptionError

_ROOT = Path(__file__).parent.parent


def main(argv: list[str]) -> int:
    """Runs one command; the exit status is 2 when its input cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parsers = {name: commands.add_parser(name, help=text, description=text) for name, text in _HELP.items()}
    parsers["import"].add_argument(
        "folder", type=Path, metavar="DIR", help="some of client, server, admin, webhooks .json"
    )
    diff.add_arguments(parsers["diff"])
    for name in ("import", "render", "check"):
        parsers[name].add_argument("--spec", type=Path, default=_ROOT / "spec" / "openapi.yaml", help="the description")
    for name in ("render", "check"):
        parsers[name].add_argument("--out", type=Path, default=_ROOT / "generated" / "hexclave_api", help="the package")
    for name, run in {"import": run_import, "diff": diff.run, "render": run_render, "check": run_check}.items():
        parsers[name].set_defaults(run=run)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 2


_HELP = {
    "import": "merge upstream's documents in DIR into the description",
    "diff": "say what changed from OLD to NEW",
    "render": "render the client from the description",
    "check": "fail when the client is not what the description renders",
}


def run_import(arguments: argparse.Namespace) -> int:
    """Merges documents into the description and prints what that mended and changed."""
    from generator import description, mends, merging, upstream

    spec: Path = arguments.spec
    views = upstream.read(arguments.folder)
    mended: Counter[str] = Counter()
    for view in views.values():
        for place, operation in view.items():
            mended.update(mends.mend(place, operation))
    old = description.load(spec) if spec.exists() else {}
    new = merging.merge(old, views, str(spec))
    wrote = description.write(spec, new)
    for name, count in mended.items():
        print(f"mended {name.replace('_', ' ')}: {count}")
    for line in merging.changes(old, new):
        print(line)
    print(f"wrote {spec}" if wrote else "nothing changed")
    return 0


def run_render(arguments: argparse.Namespace) -> int:
    """Renders the client and prints what that made."""
    from generator import render

    print(render.render(arguments.spec, arguments.out))
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    """Prints where the rendered client is not what the description renders."""
    from generator import render

    problems = render.check(arguments.spec, arguments.out)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
