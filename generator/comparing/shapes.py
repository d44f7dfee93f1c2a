"""A schema as seen by one access type: references resolved, `allOf` merged, null separated from the rest."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

Node: TypeAlias = Mapping[str, Any]

WORDING: Final = frozenset({"title", "description", "summary", "example", "examples", "externalDocs", "$comment"})
STRUCTURE: Final = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const", "properties", "required", "items"}
    | {"additionalProperties", "discriminator", "default", "deprecated"}
)
"""Keywords that a `Shape` accounts for. `additionalProperties` matters only for objects without fields: a model keeps
unknown fields, and the fields of a body are keyword arguments.
"""


@attrs.frozen(eq=False)
class Shape:
    """The set of values that a schema allows."""

    name: str | None
    """The name of the component; `None` for an inline schema."""
    key: str
    """Equal for two readings of the same schema."""
    kind: str
    """A JSON type, `any`, `union`, `record` (an object with fields) or `map` (an object with values of one shape)."""
    nullable: bool
    node: Node
    options: tuple["Shape", ...] = ()
    """The options of a union, without null."""

    @property
    def enum(self) -> list[Any] | None:
        return _without_null([self.node["const"]] if "const" in self.node else self.node.get("enum"))

    def __str__(self) -> str:
        if self.options:
            return " or ".join(map(str, self.options))
        text = {"array": "list", "any": "anything", "record": self.name or "object with fields"}
        return text.get(self.kind, self.kind)


@attrs.frozen
class Reader:
    """Reads one description for one access type, or for webhooks if that is `None`."""

    document: Node
    access: str | None

    def resolve(self, node: Node) -> Node:
        """Return the node, or the target of its reference."""
        while "$ref" in node:
            node = self._target(node["$ref"])
        return node

    def shape(self, schema: Node | bool) -> Shape:
        """Return the shape of the schema. Nested fields, items and options are left for later calls."""
        node: Node = schema if isinstance(schema, Mapping) else {} if schema else {"not": {}}
        name, at_use = None, dict[str, Any]()
        while True:
            # A default belongs to the place that uses a component, so the outermost one wins.
            at_use = {word: node[word] for word in ("default", "deprecated") if word in node} | at_use
            reference = self._reference(node)
            if reference is None:
                break
            name, node = reference.rpartition("/")[2], self._target(reference)
        return self._shape(name, name or f"@{id(schema)}", self._merged(node) | at_use)

    def _shape(self, name: str | None, key: str, node: Node) -> Shape:
        types = _types(node)
        kinds = [kind for kind in types if kind != "null"]
        options = [self.shape(option) for option in [*node.get("anyOf", ()), *node.get("oneOf", ())]]
        nullable = "null" in types or any(option.nullable for option in options)
        if len(kinds) > 1 and not options:
            options = [self._shape(None, f"{key} {kind}", {**node, "type": kind}) for kind in kinds]
        options = [option for option in options if option.kind != "null"]
        if len(options) == 1:
            only = options[0]
            used = {word: node[word] for word in ("default", "deprecated") if word in node}
            return attrs.evolve(
                only, name=only.name or name, key=only.name or key, nullable=nullable, node={**only.node, **used}
            )
        kind = "union" if options else _object_kind(node) if kinds == ["object"] else (kinds or types or ["any"])[0]
        return Shape(name, key, kind, nullable, node, tuple(options))

    def _reference(self, node: Node) -> str | None:
        chosen: str | None = node.get("x-access-schema", {}).get(self.access) or node.get("$ref")
        if chosen is None and len(parts := node.get("allOf", ())) == 1 and not node.keys() & {"properties", "required"}:
            chosen = parts[0].get("$ref")
        return chosen

    def _target(self, reference: str) -> Node:
        node: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        return node if isinstance(node, Mapping) else {}

    def _merged(self, node: Node) -> dict[str, Any]:
        """Merge a schema with everything its `allOf` includes; its own keywords win."""
        if "allOf" not in node:
            return dict(node)
        parts = [*(self.shape(part).node for part in node["allOf"]), node]
        merged = {word: value for part in parts for word, value in part.items() if word != "allOf"}
        merged["properties"] = {name: field for part in parts for name, field in part.get("properties", {}).items()}
        merged["required"] = [name for part in parts for name in part.get("required", ())]
        return merged


def _types(node: Node) -> list[str]:
    if "type" in node:
        return [node["type"]] if isinstance(node["type"], str) else list(node["type"])
    if values := [node["const"]] if "const" in node else node.get("enum"):
        named = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
        return list(dict.fromkeys(named.get(type(value), "object") for value in values))
    return ["object"] if node.get("properties") else ["array"] if "items" in node else []


def _object_kind(node: Node) -> str:
    if node.get("properties"):
        return "record"
    return "map" if isinstance(node.get("additionalProperties"), Mapping) else "object"


def _without_null(values: list[Any] | None) -> list[Any] | None:
    return None if values is None else [value for value in values if value is not None]
