"""Conversion of schemas to the few forms that the renderer supports.

openapi-python-client keeps only the description of a field, so other useful facts (limits, defaults) are added there.
It also makes a class of each enum and each object without fields; these are never rendered, and numbered titles keep
their names distinct.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from generator.rendering.releases import remarks_on_input

Node = Mapping[str, Any]

# openapi-python-client has no notion of secrets; a separate class for text is all the renderer needs.
_FORMATS: Final = {"date": "date", "date-time": "date-time", "decimal": "decimal", "password": "uuid"}


class Simplifier:
    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def simple(self, schema: Node) -> dict[str, Any]:
        """Return an equivalent schema without details the renderer does not need; null is always a separate
        alternative.
        """
        plain = self._shape(schema)
        if wording := " ".join(_wording(schema)):
            # Keywords beside a reference would be ignored.
            return {**({"allOf": [plain]} if "$ref" in plain else plain), "description": wording}
        return plain

    def _shape(self, schema: Node) -> dict[str, Any]:
        if "$ref" in schema:
            return {"$ref": schema["$ref"]}
        if alternatives := self._alternatives(schema):
            return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}
        if "allOf" in schema:
            own = {key: schema[key] for key in ("type", "properties", "required") if key in schema}
            parts = [self._bare(part) for part in schema["allOf"]]
            return {"allOf": [*parts, self._object(own)] if own.keys() & {"properties", "required"} else parts}
        if values := [schema["const"]] if "const" in schema else schema.get("enum"):
            return self._choice(schema, values)
        match schema.get("type"):
            case "array":
                return {"type": "array", "items": self.simple(schema["items"])}
            case None if "properties" not in schema:
                return {}
            case None | "object":
                return self._object(schema)
            case kind:
                written = _FORMATS.get(schema.get("format", "")) if kind == "string" else schema.get("format")
                return {"type": kind, "format": written} if written else {"type": kind}

    def _alternatives(self, schema: Node) -> list[dict[str, Any]]:
        """Return the alternatives of the schema; empty if it has none."""
        if options := [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            return [self._bare(option) for option in options]
        if isinstance(schema.get("type"), list):
            return [self._bare({**schema, "type": kind}) for kind in schema["type"]]
        values = schema.get("enum", ())
        if None in values and len(values) > 1:
            some = [value for value in values if value is not None]
            # A null among values of one type says nothing about the type "null" itself.
            return [self._bare({**schema, "enum": some})] + ([{"type": "null"}] if schema.get("type") is None else [])
        return []

    def _bare(self, schema: Node) -> dict[str, Any]:
        plain = self.simple(schema)
        plain.pop("description", None)
        return plain

    def _choice(self, schema: Node, values: list[Any]) -> dict[str, Any]:
        kind = schema.get("type")
        if kind == "null" or values == [None]:
            return {"type": "null"}
        if all(isinstance(value, bool) for value in values):
            return {"type": "boolean"} if len(set(values)) > 1 else {"const": values[0]}
        if len(values) == 1:
            return {"const": values[0]}
        return {"enum": values, "title": f"Choice {next(self._numbers)}"}

    def _object(self, schema: Node) -> dict[str, Any]:
        plain: dict[str, Any] = {"type": "object"}
        if properties := schema.get("properties"):
            plain["properties"] = {name: self.simple(field) for name, field in properties.items()}
        else:
            plain["title"] = f"Object {next(self._numbers)}"
        plain["required"] = list(schema.get("required", ()))
        if isinstance(others := schema.get("additionalProperties"), Mapping) and others:
            plain["additionalProperties"] = self.simple(others)
        return plain


def _wording(schema: Node) -> Iterator[str]:
    if schema.get("deprecated"):
        yield "Deprecated."
    if description := schema.get("description"):
        yield description.strip()
    yield from remarks_on_input(schema)
    yield from _limits(schema)
    if schema.get("default") is not None:
        yield f"Default: {json.dumps(schema['default'], ensure_ascii=False)}."


def _limits(schema: Node) -> Iterator[str]:
    yield from _between(schema, "minimum", "maximum", "")
    yield from _between(schema, "minLength", "maxLength", " characters")
    yield from _between(schema, "minItems", "maxItems", " items")
    if (low := schema.get("exclusiveMinimum")) is not None:
        yield f"Greater than {low}."
    if (high := schema.get("exclusiveMaximum")) is not None:
        yield f"Less than {high}."
    if (pattern := schema.get("pattern")) is not None:
        yield f"Matches `{pattern}`."


def _between(schema: Node, lowest: str, highest: str, unit: str) -> Iterator[str]:
    low, high = schema.get(lowest), schema.get(highest)
    if low is not None and high is not None:
        yield f"{low} to {high}{unit}."
    elif low is not None:
        yield f"At least {low}{unit}."
    elif high is not None:
        yield f"At most {high}{unit}."
