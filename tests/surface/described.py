"""The entries of `x-methods`, read from `spec/openapi.yaml` and not from what is rendered of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import yaml

from hexclave_emulator.checking.description import DescribedOperation, description

OPERATIONS = {operation.name: operation for operation in description().operations}
SPEC: dict[str, Any] = yaml.load(
    Path(__file__).parents[2].joinpath("spec/openapi.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader
)
RESOURCES: dict[str, Any] = SPEC["x-resources"]


@attrs.frozen
class Entry:
    """An entry of `x-methods` on an app of one access type."""

    operation: DescribedOperation
    access: str
    method: str
    fixed: dict[str, Any]
    only: list[str] | None
    rename: dict[str, str]

    @property
    def bound(self) -> dict[str, str]:
        """Arguments held by the resource, with the values that `owner` gives them."""
        resource = RESOURCES.get(self.method.rpartition(".")[0], {})
        if "bind" not in resource:
            return {}
        maker = next(iter(resource["made_by"].values()))
        return dict(zip(resource["bind"], [*maker.get("with", []), "holder"], strict=True))

    def fields(self) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
        """Yield the location, the API's name, the schema, and whether it is required, of each field of the request."""
        for name, parameter in self.operation.path_parameters.items():
            yield "path", name, parameter["schema"], True
        for name, parameter in self.operation.query_parameters.items():
            if self.access in parameter.get("x-access", [self.access]):
                yield "query", name, parameter["schema"], parameter.get("required", False)
        body = description().resolve(self.operation.body or {})
        if "x-access-schema" in body:
            body = description().resolve({"$ref": body["x-access-schema"][self.access]})
        for name, schema in body.get("properties", {}).items():
            yield "body", name, schema, name in body.get("required", ())


def entries() -> Iterator[Entry]:
    for operation in (operation for item in SPEC["paths"].values() for operation in item.values()):
        for entry in operation.get("x-methods", []):
            options: dict[str, Any] = {"method": entry} if isinstance(entry, str) else entry
            for access in options.get("access", operation["x-access"]):
                yield Entry(
                    OPERATIONS[operation["operationId"]],
                    access,
                    options["method"],
                    options.get("with", {}),
                    options.get("only"),
                    options.get("rename", {}),
                )


def resource(app: Any, path: str) -> Any:
    """Return the resource of an app at a path such as `teams.members`."""
    makers = RESOURCES.get(path, {}).get("made_by", {})
    parent, _, name = path.rpartition(".")
    if makers:
        return getattr(resource(app, parent), next(iter(makers)))("holder")
    return getattr(resource(app, parent), name) if parent else getattr(app, name)
