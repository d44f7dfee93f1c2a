"""The release that introduced each item: items in the documents of a later release that are missing from the first.

Self-hosted servers are often old, so the description records for operations, query parameters and body fields the
release that introduced them. Items in no document keep the mark written by hand.
"""

from collections.abc import Iterator
from pathlib import Path

from generator.description import AUDIENCES, DescriptionError, Json, bare
from generator.importing import upstream
from generator.importing.standing import SCHEMAS, operations
from generator.importing.upstream import Place, View

_Thing = tuple[str, ...]
"""An operation or one of its inputs, independent of the names of its path parameters."""


def read(folder: Path) -> dict[str, dict[str, View]]:
    """Read the documents of each release, oldest first, from folders named like `2026-04`.

    Raises:
        DescriptionError: there are none, or one of them is invalid.
    """
    found = sorted(each for each in folder.glob("[0-9]*-[0-9]*") if each.is_dir()) if folder.is_dir() else []
    if not found:
        raise DescriptionError(f"{folder}: expected a folder for each release, named like 2026-04")
    return {each.name: upstream.read(each) for each in found}


def mark(description: Json, releases: dict[str, dict[str, View]]) -> None:
    """Write `x-since` and `x-unpublished` for everything that the documents cover."""
    baseline = next(iter(releases))
    first: dict[_Thing, str] = {}
    for release, views in releases.items():
        for thing in _things(views):
            first.setdefault(thing, release)
    fields: dict[tuple[str, str], set[str]] = {}
    for (method, path), operation in operations(description):
        place = _key((method, path))
        if method == "webhook":
            continue
        if place not in first:
            operation["x-unpublished"] = True
            continue
        operation.pop("x-unpublished", None)
        _set(operation, first[place], baseline)
        for parameter in operation.get("parameters", []):
            if since := first.get((*place, parameter["in"], parameter["name"])):
                _set(parameter, since, first[place])
        for component in _bodies(operation):
            for name in description["components"]["schemas"].get(component, {}).get("properties", {}):
                since = first.get((*place, "body", name))
                if since is not None:
                    fields.setdefault((component, name), set()).add("" if since == first[place] else since)
    for (component, name), sinces in fields.items():
        _set(description["components"]["schemas"][component]["properties"][name], min(sinces), "")


def _set(node: Json, since: str, surroundings: str) -> None:
    node.pop("x-since", None)
    if since != surroundings:
        node["x-since"] = since


def _things(views: dict[str, View]) -> Iterator[_Thing]:
    for audience in AUDIENCES:
        for place, operation in views.get(audience, {}).items():
            yield _key(place)
            for parameter in operation["parameters"]:
                yield *_key(place), parameter["in"], parameter["name"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name in _fields(content["schema"]):
                    yield *_key(place), "body", name


def _fields(schema: Json) -> Iterator[str]:
    yield from schema.get("properties", {})
    for key in ("anyOf", "oneOf", "allOf"):
        for option in schema.get(key, []):
            yield from _fields(option)


def _bodies(operation: Json) -> Iterator[str]:
    """Return the alternative components of an operation's body."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for option in (content["schema"], *content["schema"].get("anyOf", [])):
            if "$ref" in option:
                yield option["$ref"].removeprefix(SCHEMAS)


def _key(place: Place) -> _Thing:
    return place[0], bare(place[1])
