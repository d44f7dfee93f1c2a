"""The API versions that the emulator supports, and the parts of the description in each."""

from typing import Any, Final, Literal, TypeAlias

Release: TypeAlias = Literal["2026-04", "2026-09", "2026-10"]
OLDEST: Final[Release] = "2026-04"
LATEST: Final[Release] = "2026-10"


def of_release(node: Any, release: str) -> Any:
    """Return the node of the description without items that a later release introduced."""
    if isinstance(node, list):
        return [of_release(each, release) for each in node if has(release, each)]
    if not isinstance(node, dict):
        return node
    kept = {key: of_release(value, release) for key, value in node.items() if has(release, value)}
    newer = {value for value, since in node.get("x-since-values", {}).items() if not _is_from(release, since)}
    if newer:
        schema = kept["schema"]
        kept["schema"] = {**schema, "enum": [value for value in schema["enum"] if value not in newer]}
    return kept


def has(release: str, node: Any) -> bool:
    """Return true if the release has this node, according to its `x-since`."""
    return not isinstance(node, dict) or _is_from(release, node.get("x-since"))


def _is_from(release: str, since: str | None) -> bool:
    if since is None:
        return True
    before = since.removeprefix("after ")
    return release >= since if before == since else release > before
