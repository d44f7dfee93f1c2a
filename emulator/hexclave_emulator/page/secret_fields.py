"""The fields of bodies that hold secrets, by the API description."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from hexclave_emulator.checking.description import document


@cache
def secret_fields() -> frozenset[str]:
    """The names of fields that hold secrets wherever they occur."""
    secret: set[str] = set()
    other: set[str] = set()
    for name, schema in _fields(document()):
        if '"format": "password"' in json.dumps(schema):
            secret.add(name)
        elif isinstance(schema, dict) and "string" in str(schema.get("type")):
            other.add(name)
    return frozenset(secret - other)


def _fields(part: Any) -> Iterator[tuple[str, Any]]:
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _fields(each)
    if isinstance(part, dict) and isinstance(part.get("properties"), dict):
        yield from part["properties"].items()
