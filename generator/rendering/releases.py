"""Release marks in two forms: sentences for readers, a table of arguments for programs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Node = Mapping[str, Any]

_AFTER: Final = "after "


def remarks(operation: Node) -> Iterator[str]:
    """Return notes on an operation that some servers lack, or that is undocumented."""
    since: str | None = operation.get("x-since")
    if operation.get("x-unpublished"):
        yield f"Not in the published API documents{'; newer servers only' if since else ''}."
    elif since is not None:
        yield f"Needs a server {_newer(since)}."
    if "x-older" in operation:
        yield f"Older servers have `{operation['x-older']}` instead."


def remarks_on_input(node: Node) -> Iterator[str]:
    """Return notes on a parameter or a field that some servers lack."""
    if (since := node.get("x-since")) is not None:
        yield f"Needs a server {_newer(since)}."
    for value, release in node.get("x-since-values", {}).items():
        yield f"`{value}` needs a server {_newer(release)}."


def newer_arguments(operation: Node, schemas: Node) -> dict[str, str]:
    """Return the release that introduced each input of an operation, if later than the operation itself.

    Keys are the API's names, followed by a value (`order_by=last_active_at`) if only that value is newer.
    """
    found: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        found |= _marked(parameter["name"], parameter)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for option in (content["schema"], *content["schema"].get("anyOf", ())):
            shape = schemas.get(option.get("$ref", "").rpartition("/")[2], option)
            for name, field in shape.get("properties", {}).items():
                found |= _marked(name, field)
    return found


def _marked(name: str, node: Node) -> dict[str, str]:
    marks = {f"{name}={value}": release for value, release in node.get("x-since-values", {}).items()}
    return marks | ({name: node["x-since"]} if "x-since" in node else {})


def _newer(since: str) -> str:
    release = since.removeprefix(_AFTER)
    return f"newer than release {release}" if since.startswith(_AFTER) else f"of release {release} or newer"
