"""Wording and handwritten marks in the description: what they are, and how an import preserves them."""

from generator.description import Json

WORDING = frozenset({"summary", "description", "title", "tags", "example", "examples", "externalDocs"})
IMPORTED = frozenset({"x-access", "x-access-names", "x-access-schema", "x-names", "x-needs", "x-uses", "x-ours"})
"""Extensions that an import writes or reads; every other `x-` is a handwritten mark and stays."""
CHOICES = ("anyOf", "oneOf", "allOf")


def is_correction(node: Json) -> bool:
    """Return true if `node` deliberately differs from the documents; its mark gives the reason, or `true` if
    undocumented.
    """
    return isinstance(node.get("x-ours"), str)


def keep_wording(new: Json, old: Json) -> Json:
    """Return `new` with the wording and marks of `old` in the same place, except for the fields of objects."""
    kept = new | {key: value for key, value in old.items() if _is_hand_made(key)}
    if "format" in old:  # upstream has none; ours mark secrets (`password`) and timestamps (`date-time`)
        kept.setdefault("format", old["format"])
    for key in ("items", "additionalProperties"):
        if isinstance(new.get(key), dict) and isinstance(old.get(key), dict):
            kept[key] = keep_wording(new[key], old[key])
    for key in CHOICES:
        if len(new.get(key, [])) == len(old.get(key, [])) > 0:
            kept[key] = [keep_wording(after, before) for after, before in zip(new[key], old[key], strict=True)]
    return kept


def without_wording(node: Json) -> Json:
    """Return `node` as an import would produce it, except for the fields of objects."""
    facts = {key: value for key, value in node.items() if not (_is_hand_made(key) or key in IMPORTED | {"format"})}
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            facts[key] = without_wording(node[key])
    for key in CHOICES:
        if key in node:
            facts[key] = [without_wording(option) for option in node[key]]
    return facts


def _is_hand_made(key: str) -> bool:
    return key in WORDING or (key.startswith("x-") and key not in IMPORTED)
