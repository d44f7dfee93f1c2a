"""Words and hand-made marks in the description: which they are, and how they stay where they are."""

from generator.description import Json

WORDING = frozenset({"summary", "description", "title", "tags", "example", "examples", "externalDocs"})
IMPORTED = frozenset({"x-access", "x-access-names", "x-access-schema", "x-names", "x-needs", "x-uses", "x-ours"})
"""Extensions that an import writes or reads; every other `x-` is a hand-made mark and stays."""
CHOICES = ("anyOf", "oneOf", "allOf")


def is_correction(node: Json) -> bool:
    """Whether `node` is ours against what the documents say; its mark says why. `true` is what nobody documents."""
    return isinstance(node.get("x-ours"), str)


def keep_wording(new: Json, old: Json) -> Json:
    """`new` with the words and marks that `old` has at the same place, fields of objects apart."""
    kept = new | {key: value for key, value in old.items() if _is_hand_made(key)}
    if "format" in old:  # upstream gives none; ours says what is a secret (`password`) or a moment (`date-time`)
        kept.setdefault("format", old["format"])
    for key in ("items", "additionalProperties"):
        if isinstance(new.get(key), dict) and isinstance(old.get(key), dict):
            kept[key] = keep_wording(new[key], old[key])
    for key in CHOICES:
        if len(new.get(key, [])) == len(old.get(key, [])) > 0:
            kept[key] = [keep_wording(after, before) for after, before in zip(new[key], old[key], strict=True)]
    return kept


def without_wording(node: Json) -> Json:
    """`node` as an import would bring it, fields of objects apart."""
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
