"""Strict validation of replies against the description: nothing missing, nothing unknown."""

from functools import cache
from typing import Any

import jsonschema

from hexclave_emulator import Reply
from hexclave_emulator.checking.description import DescribedOperation, description


def faults(operation: DescribedOperation, access: str, reply: Reply) -> list[str]:
    """Return the deviations, one line each; none for error replies."""
    status = int(reply.headers.get("x-stack-actual-status", reply.status))
    if not 200 <= status < 300:
        return []
    if str(status) not in operation.responses:
        return [f"{operation.name} answers {status}, which is not described"]
    if "application/json" not in operation.responses[str(status)].get("content", {}):
        return []
    found = _validator(operation, access, status).iter_errors(reply.json())
    return [f"{operation.name}: {error.json_path} {error.message[:200]}" for error in found]


@cache
def _validator(operation: DescribedOperation, access: str, status: int) -> Any:
    schema = operation.responses[str(status)]["content"]["application/json"]["schema"]
    reference = schema.get("x-access-schema", {}).get(access)
    chosen = {"$ref": reference} if reference else schema
    whole = {**_closed(chosen), "components": {"schemas": _closed(dict(description().schemas))}}
    return jsonschema.Draft202012Validator(whole)


def _closed(schema: Any) -> Any:
    """Return the schema with objects that allow no unknown fields."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if "properties" in schema and "additionalProperties" not in schema and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
