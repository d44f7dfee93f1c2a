"""`python -m generator COMMAND`: import, releases, diff, render, check. Each takes `--help`."""

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

from generator.description import DescriptionError

_ROOT = Path(__file__).parent.parent


def main(argv: list[str]) -> int:
    """Run one command; the exit status is 2 if its input is invalid."""
    commands = {
        "import": run_import,
        "releases": run_releases,
        "diff": run_diff,
        "render": run_render,
        "check": run_check,
    }
    parser = argparse.ArgumentParser(prog="python -m generator", description=__doc__)
    parser.add_argument("command", choices=commands)
    command = parser.parse_args(argv[:1]).command
    try:
        return commands[command](argv[1:])
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 2


def run_import(argv: list[str]) -> int:
    """Merge the upstream documents into the description; print the corrections made and the work left to do."""
    from generator import description, extensions, todo, validation
    from generator.importing import mends, merging, upstream

    parser = _parser("import", run_import)
    parser.add_argument("folder", type=Path, metavar="DIR", help="some of client, server, admin, webhooks .json")
    _add_spec(parser)
    arguments = parser.parse_args(argv)
    spec: Path = arguments.spec
    views = upstream.read(arguments.folder)
    mended: Counter[str] = Counter()
    for view in views.values():
        for place, operation in view.items():
            mended.update(mends.mend(place, operation))
    old = {}
    if spec.exists():
        old = description.load(spec)
        extensions.refuse_malformed(spec, old)
        validation.refuse_invalid(spec, old)
    merged = merging.merge(old, views, str(spec), _release(arguments.folder))
    if merged.description != old:
        validation.refuse_invalid(spec, merged.description)
    wrote = description.write(spec, merged.description)
    if not wrote:
        print("nothing to do")
        return 0
    for name, count in mended.items():
        print(f"mended {name.replace('_', ' ')}: {count}")
    print(f"wrote {spec}; to do:")
    performed = todo.emulated(_ROOT / "emulator")
    for number, (title, lines) in enumerate(todo.sections(old, merged.description, merged.provisional, performed), 1):
        print(f"\n{number}. {title}", *lines, sep="\n   - ")
    return 0


def run_releases(argv: list[str]) -> int:
    """Record in the description the release that introduced each item, based on the documents of all releases."""
    from generator import description, extensions, validation
    from generator.importing import releases

    parser = _parser("releases", run_releases)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of documents for each release: 2026-04 …")
    _add_spec(parser)
    arguments = parser.parse_args(argv)
    spec: Path = arguments.spec
    documents = releases.read(arguments.folder)
    marked = description.load(spec)
    extensions.refuse_malformed(spec, marked)
    validation.refuse_invalid(spec, marked)
    releases.mark(marked, documents)
    print(f"wrote {spec}" if description.write(spec, marked) else "nothing changed")
    return 0


def run_diff(argv: list[str]) -> int:
    """Print the differences between two descriptions and whether each is breaking."""
    from generator import diff

    parser = _parser("diff", run_diff)
    diff.add_arguments(parser)
    return diff.run(parser.parse_args(argv))


def run_render(argv: list[str]) -> int:
    """Render the client from the description."""
    from generator.rendering import render

    arguments = _rendering(_parser("render", run_render), argv)
    print(render.render(arguments.spec, arguments.out))
    if arguments.flows is not None:
        changed = render.render_facade(arguments.spec, arguments.flows, arguments.resources)
        print(f"resources of the apps: {len(changed)} files changed")
    return 0


def run_check(argv: list[str]) -> int:
    """Fail unless the client is byte-for-byte identical to what the description renders."""
    from generator.rendering import render

    arguments = _rendering(_parser("check", run_check), argv)
    problems = render.check(arguments.spec, arguments.out)
    if arguments.flows is not None:
        problems += render.check_facade(arguments.spec, arguments.flows, arguments.resources)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _release(folder: Path) -> str:
    """Return the release of the documents, taken from the folder name, such as `2026-10`."""
    name = folder.resolve().name
    return name if re.fullmatch(r"\d{4}-\d{2}", name) else ""


def _parser(command: str, run: object) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"python -m generator {command}", description=run.__doc__)


def _rendering(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace:
    _add_spec(parser)
    parser.add_argument("--out", type=Path, help="the package; alone, without the resources of the apps")
    arguments = parser.parse_args(argv)
    # Any other output is a standalone package: the flows belong to this repository's package.
    arguments.flows = _ROOT / "hexclave" / "_flows" if arguments.out is None else None
    arguments.resources = _ROOT / "hexclave" / "resources"
    arguments.out = arguments.out or _ROOT / "generated" / "hexclave_api"
    return arguments


def _add_spec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--spec", type=Path, default=_ROOT / "spec" / "openapi.yaml", help="the description")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
