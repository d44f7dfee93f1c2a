"""Examples fit the description, for every operation and access type."""

import json
from typing import Any

import jsonschema
import pytest

from hexclave_emulator.checking.description import DescribedOperation, description
from hexclave_emulator.checking.examples import example_reply

CASES = [(operation, access) for operation in description().operations for access in operation.access]


def shape(operation: DescribedOperation, status: int, access: str) -> dict[str, Any] | None:
    content = operation.responses[str(status)].get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    reference = schema.get("x-access-schema", {}).get(access)
    chosen = {"$ref": reference} if reference else schema
    return {**chosen, "components": {"schemas": dict(description().schemas)}}


@pytest.mark.parametrize(("operation", "access"), CASES, ids=[f"{each.name}-{access}" for each, access in CASES])
def test_examples_fit(operation: DescribedOperation, access: str) -> None:
    """The status is the described one and the body validates."""
    reply = example_reply(operation, access)
    assert 200 <= reply.status < 400
    schema = shape(operation, reply.status, access)
    if schema is not None:
        jsonschema.validate(json.loads(reply.content), schema)
