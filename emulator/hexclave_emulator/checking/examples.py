"""Example replies that match the description, for operations that the emulator does not implement."""

from typing import Any, Final

from hexclave_emulator.checking.description import DescribedOperation, description
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, text

_DEPTH: Final = 6
"""Schemas may contain themselves; below this depth, optional parts are omitted."""


def example_reply(operation: DescribedOperation, access: str) -> Reply:
    """Return the described success reply of the operation, with an example body."""
    status, response = next(
        ((status, response) for status, response in operation.responses.items() if status.startswith("2")), ("200", {})
    )
    for media_type, content in response.get("content", {}).items():
        if media_type == "application/json":
            return ok(example(content.get("schema", {}), access), status=int(status))
        return text("example", status=int(status))
    return Reply(int(status))


def example(schema: JsonObject, access: str, depth: int = 0) -> Any:
    """Return a value that the schema allows."""
    schema = description().resolve(schema)
    if "x-access-schema" in schema:
        chosen = schema["x-access-schema"].get(access) or next(iter(schema["x-access-schema"].values()))
        return example({"$ref": chosen}, access, depth)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    for name in ("anyOf", "oneOf"):
        if schema.get(name):
            return example(schema[name][0], access, depth)
    types = schema.get("type")
    kind = types if isinstance(types, str) or not types else next((each for each in types if each != "null"), "null")
    if kind == "object":
        return _object(schema, access, depth)
    if kind == "array":
        least = schema.get("minItems", 0 if depth >= _DEPTH else 1)
        return [example(schema.get("items", {}), access, depth + 1) for _ in range(least)]
    return {"string": "example", "integer": 1, "number": 1.0, "boolean": True}.get(kind or "")


def _object(schema: JsonObject, access: str, depth: int) -> JsonObject:
    required = schema.get("required", ())
    properties: JsonObject = schema.get("properties", {})
    return {
        name: example(field, access, depth + 1)
        for name, field in properties.items()
        if name in required or depth < _DEPTH
    }
