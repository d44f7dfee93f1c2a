"""Print the lowest version that pyproject.toml allows of each dependency, extras included."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOUND = re.compile(r"([\w.-]+)>=([\d.]+(?:b\d+)?)")
OWN_EXTRA = re.compile(r"hexclave\[")
COMPANIONS = {
    "opentelemetry-exporter-prometheus": "opentelemetry-instrumentation",
    "opentelemetry-instrumentation-httpx": "opentelemetry-instrumentation",
    "opentelemetry-sdk": "opentelemetry-api",
}
"""Packages that the tests use and that work with one version of another package only."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.split("[.b]", version) if part]


def lowest() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found: dict[str, str] = {}
    for requirement in [*project["dependencies"], *(each for name in extras if name != "dev" for each in extras[name])]:
        if OWN_EXTRA.match(requirement):
            continue
        bound = BOUND.match(requirement)
        if bound is None:
            raise ValueError(f"pyproject.toml: {requirement} has no lower bound")
        name = normal(bound[1])
        found[name] = max(found.get(name, ""), bound[2], key=numbers)
    return found | {name: found[other] for name, other in COMPANIONS.items()}


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in lowest().items()))
