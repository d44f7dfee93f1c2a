"""The description before an import: its operations, its names, and the parts that an import must not change."""

from collections.abc import Collection, Iterator
from typing import Any

from generator.description import METHODS, WEBHOOK, Json, bare
from generator.importing.naming import Position
from generator.importing.upstream import Place, View
from generator.importing.wording import is_correction, without_wording

SCHEMAS = "#/components/schemas/"
_PARAMETER = frozenset({"name", "in", "required", "schema", "style", "explode"})


class Standing:
    """The description before the import.

    Attributes:
        schemas: its components.
        ours: operations written by hand that no imported document describes.
        decided: `x-names`, the names chosen for places.
    """

    def __init__(self, description: Json, source: str, documented: Collection[Place] = ()) -> None:
        self.description = description
        self.source = source
        self.schemas: Json = description.get("components", {}).get("schemas", {})
        self.decided: dict[str, str] = description.get("x-names", {})
        self._operations = {_key(place): (place, operation) for place, operation in operations(description)}
        known = {_key(place) for place in documented}
        self.ours: dict[Place, Json] = {
            place: operation
            for place, operation in self._operations.values()
            if is_correction(operation) or (operation.get("x-ours") and _key(place) not in known)
        }

    def operation(self, place: Place) -> Json:
        """Return the operation at `place`, whatever the names of its path parameters; {} if there is none."""
        return self._operations.get(_key(place), (place, {}))[1]

    def place(self, place: Place) -> Place:
        """Return `place` with the path parameters named as in the description."""
        return self._operations.get(_key(place), (place, {}))[0]

    def is_ours(self, place: Place) -> bool:
        return self.place(place) in self.ours

    def schema(self, position: Position, media: str) -> Json:
        """Return the schema of the body or reply at `position` for its access type; {} if there is none."""
        schema = (
            holder(self.operation(position.place), position.part).get("content", {}).get(media, {}).get("schema", {})
        )
        return pick(schema, position.audience)

    def component(self, node: Json) -> tuple[str, Json]:
        """Return the component that `node` refers to, directly or as a nullable reference; otherwise no name and
        `node`.
        """
        options = [option for option in node.get("anyOf", []) if option != {"type": "null"}]
        if len(options) == 1:
            node = options[0]
        if "$ref" not in node:
            return "", node
        name = node["$ref"].removeprefix(SCHEMAS)
        return name, self.schemas.get(name, {})

    def shapes(self) -> Iterator[tuple[str, Json]]:
        """Every component with fields, as a document would write it: in full, without wording and hidden fields."""
        for name, component in self.schemas.items():
            if component.get("properties") and (shape := self._in_full(component, (name,))):
                yield name, shape

    def used_by(self, names: Collection[str]) -> set[str]:
        """Return these components and everything they consist of, without undocumented ones."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            component = self.schemas.get(name, {})
            if name not in found and component.get("x-ours") is not True:
                found.add(name)
                waiting += references(component)
        return found

    def _in_full(self, node: Json, through: tuple[str, ...]) -> Json | None:
        """Return `node` with its components inlined; `None` if one of them contains itself."""
        name, component = self.component(node)
        if name:
            if name in through or (full := self._in_full(component, (*through, name))) is None:
                return None
            kinds = {"type": ["object", "null"]} if "anyOf" in node else {}
            return full | kinds | ({"default": node["default"]} if "default" in node else {})
        full = without_wording(node)
        if "properties" in node:
            fields = {key: field for key, field in node["properties"].items() if "x-ours" not in field}
            inner = {key: self._in_full(field, through) for key, field in fields.items()}
            if None in inner.values():
                return None
            needed = {*node.get("required", ()), *(key for key in fields if "x-since" in fields[key])}
            full |= {"properties": inner, "required": [key for key in fields if key in needed]}
            if not full["required"]:
                del full["required"]
        for key in ("items", "additionalProperties"):
            if isinstance(node.get(key), dict):
                if (one := self._in_full(node[key], through)) is None:
                    return None
                full[key] = one
        return full

    def view(self, audience: str) -> View:
        """Return the operations of an audience, in the form of an imported document."""
        return dict(self._retained(audience))

    def _retained(self, audience: str) -> Iterator[tuple[Place, Json]]:
        for place, operation in self._operations.values():
            access = operation["x-access"] if place[0] != WEBHOOK else ["webhooks"]
            if audience not in access or place in self.ours:
                continue
            kept: Json = {key: operation[key] for key in ("deprecated", "x-needs", "x-uses") if key in operation}
            kept["parameters"] = [
                {key: value for key, value in parameter.items() if key in _PARAMETER}
                | {"required": parameter.get("required", False), "schema": without_wording(parameter["schema"])}
                for parameter in operation.get("parameters", [])
                if audience in parameter.get("x-access", access) and not parameter.get("x-ours")
            ]
            body = operation.get("requestBody", {})
            content = _content(body, audience)
            if content and not body.get("x-ours"):
                kept["requestBody"] = {"required": body.get("required", False), "content": content}
            kept["responses"] = {
                status: {"content": _content(response, audience)}
                for status, response in operation["responses"].items()
                if status != "default" and not response.get("x-ours")
            }
            yield place, kept


def operations(description: Json) -> Iterator[tuple[Place, Json]]:
    """Yield every operation and event of a description with its place."""
    for path, item in description.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield (method, path), item[method]
    for name, item in description.get("webhooks", {}).items():
        yield (WEBHOOK, name), item["post"]


def holder(operation: Json, part: str) -> Json:
    """Return the request body or response named by `part` of a position; {} if there is none."""
    found: Json = (
        operation.get("requestBody", {})
        if part == "body"
        else operation.get("responses", {}).get(part.removeprefix("response "), {})
    )
    return found


def pick(schema: Json, audience: str) -> Json:
    """Return the schema for `audience`."""
    if "x-access-schema" not in schema:
        return schema
    reference = schema["x-access-schema"].get(audience)
    return {"$ref": reference} if reference else {}


def references(node: Any) -> list[str]:
    """Return the names of the components that `node` refers to."""
    if isinstance(node, list):
        return [name for item in node for name in references(item)]
    if not isinstance(node, dict):
        return []
    reference = node.get("$ref")
    here = [reference.removeprefix(SCHEMAS)] if isinstance(reference, str) and reference.startswith(SCHEMAS) else []
    return here + [name for value in node.values() for name in references(value)]


def _content(having: Json, audience: str) -> Json:
    content = having.get("content", {})
    return {media: {"schema": without_wording(pick(value["schema"], audience))} for media, value in content.items()}


def _key(place: Place) -> Place:
    return place[0], bare(place[1])
