"""Prints constraints.txt with the lowest version that pyproject.toml allows of each dependency, extras included."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOUND = re.compile(r"([\w.-]+)>=([\d.]+)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lowest() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found = {}
    for requirement in [*project["dependencies"], *(each for name in extras if name != "dev" for each in extras[name])]:
        bound = BOUND.match(requirement)
        if bound is None:
            raise ValueError(f"pyproject.toml: {requirement} has no lower bound")
        found[normal(bound[1])] = bound[2]
    return found


def constraints() -> Iterator[str]:
    bounds = lowest()
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if normal(line.partition("==")[0]) not in bounds:
            yield line
    yield from (f"{name}=={version}" for name, version in bounds.items())


if __name__ == "__main__":
    print("\n".join(constraints()))
