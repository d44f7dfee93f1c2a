"""The operations of the API as described: paths, access types, inputs and replies."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import attrs

from hexclave_emulator.checking.releases import LATEST, of_release
from hexclave_emulator.messages.exchange import JsonObject

_METHODS: Final = ("get", "post", "put", "patch", "delete")


@attrs.frozen(eq=False)
class DescribedOperation:
    """One operation of the description."""

    name: str
    method: str
    template: str
    access: tuple[str, ...]
    path_parameters: Mapping[str, JsonObject]
    query_parameters: Mapping[str, JsonObject]
    """Parameter objects by name."""
    body: JsonObject | None
    """The schema of the body; `None` if it has none."""
    body_required: bool
    needs: tuple[str, ...]
    responses: Mapping[str, JsonObject]


@attrs.frozen
class Description:
    operations: tuple[DescribedOperation, ...]
    schemas: Mapping[str, JsonObject]

    def resolve(self, schema: JsonObject) -> JsonObject:
        """Return the schema, following a reference."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema


def document() -> JsonObject:
    """Return the whole description; do not modify it."""
    packaged = resources.files("hexclave_api").joinpath("description.json")
    if packaged.is_file():
        return dict(json.loads(packaged.read_text("utf-8")))
    import yaml

    source = Path(__file__).parents[3] / "spec" / "openapi.yaml"
    return dict(yaml.load(source.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 -- the C loader is a safe loader


@cache
def description(release: str = LATEST) -> Description:
    """Return the description of the API as of this release; cached."""
    whole = of_release(document(), release)
    operations = tuple(
        _operation(method.upper(), template, operation)
        for template, item in whole["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    )
    return Description(operations, whole["components"]["schemas"])


def _operation(method: str, template: str, operation: JsonObject) -> DescribedOperation:
    parameters: list[JsonObject] = operation.get("parameters", [])
    request_body: JsonObject = operation.get("requestBody") or {}
    contents: list[Any] = list(request_body.get("content", {}).values())
    return DescribedOperation(
        name=operation["operationId"],
        method=method,
        template=template,
        access=tuple(operation["x-access"]),
        path_parameters={each["name"]: each for each in parameters if each["in"] == "path"},
        query_parameters={each["name"]: each for each in parameters if each["in"] == "query"},
        body=contents[0].get("schema", {}) if contents else None,
        body_required=bool(request_body.get("required")),
        needs=tuple(operation.get("x-needs", ())),
        responses=operation.get("responses", {}),
    )
