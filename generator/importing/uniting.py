"""Combination of object schemas: merging `allOf`, and one type for replies with several."""

from typing import Any

from generator.description import Json


def extended(shapes: list[Json]) -> Json:
    """Return the object that satisfies all of `shapes`.

    Raises:
        ValueError: the shapes contradict each other; names the field.
    """
    fields: Json = {}
    for shape in shapes:
        for name, field in shape.get("properties", {}).items():
            if fields.setdefault(name, field) != field:
                raise ValueError(f"the field {name} has conflicting definitions")
    needed = [name for name in fields if any(name in shape.get("required", []) for shape in shapes)]
    merged = {key: value for shape in shapes for key, value in shape.items()}
    return {key: value for key, value in merged.items() if key != "required"} | _record(fields, needed)


def alternatives(shapes: list[Json]) -> Json:
    """Return the object that covers each of `shapes`: fields that only some of them have are optional."""
    fields: Json = {}
    for shape in shapes:
        for name, field in shape["properties"].items():
            fields[name] = either(fields[name], field) if name in fields else field
    needed = [name for name in fields if all(name in shape.get("required", []) for shape in shapes)]
    nullable = any("null" in _types(shape) for shape in shapes)
    return _record(fields, needed) | ({"type": ["object", "null"]} if nullable else {})


def either(one: Json, other: Json) -> Json:
    """Return the narrowest schema that allows everything that `one` or `other` allows."""
    if one == other:
        return one
    if one.get("properties") and other.get("properties"):
        return alternatives([one, other])
    if _types(one) == _types(other) == ["array"]:
        return {"type": "array", "items": either(one.get("items", {}), other.get("items", {}))}
    kinds = list(dict.fromkeys([*_types(one), *_types(other)]))
    if not _types(one) or not _types(other) or {"array", "object"} & set(kinds):
        return {}
    values = [_values(each) for each in (one, other)]
    scalar: Json = {"type": kinds if len(kinds) > 1 else kinds[0]}
    return scalar | ({"enum": list(dict.fromkeys([*values[0], *values[1]]))} if all(values) else {})


def _record(fields: Json, needed: list[str]) -> Json:
    return {"type": "object", "properties": fields} | ({"required": needed} if needed else {})


def _types(schema: Json) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _values(schema: Json) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))
