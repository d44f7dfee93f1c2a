"""Turns the object shapes of bodies and replies into named components, equal shapes into one."""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from generator.description import AUDIENCES, WEBHOOK, DescriptionError, Json
from generator.importing import naming
from generator.importing.naming import Position
from generator.importing.standing import SCHEMAS, Standing, references
from generator.importing.upstream import Place
from generator.importing.wording import CHOICES, keep_wording


class Part(NamedTuple):
    """A body or reply as one access type sees it, and what stands there already."""

    position: Position
    media: str
    schema: Json
    before: Json


class Components:
    """The components that follow from `parts`.

    A shape is named by the first that says so: `x-names`, what stands at its place, an equal shape that has a name, a
    default.

    Raises:
        DescriptionError: no name is left for a shape.
    """

    def __init__(self, parts: list[Part], standing: Standing, ids: dict[Place, str]) -> None:
        self._standing = standing
        self._names: dict[Position, str] = {}
        self._claims: dict[str, tuple[Json, Position]] = {}
        self._untouched: set[str] = set()
        self._name(parts, ids)

    def node(self, part: Part) -> Json:
        """The schema of `part` with its shapes replaced by references.

        Raises:
            DescriptionError: two different shapes have the same name.
        """
        return self._build(part.schema, part.position, part.before)

    def needed_by(self, document: Json) -> Json:
        """What `document` refers to, and what is ours.

        Raises:
            DescriptionError: a reference leads nowhere, or an import of some audiences changes what others use.
        """
        schemas = self._standing.schemas
        for name in sorted(self._untouched & self._claims.keys()):
            component, position = self._claims[name]
            if _sorted(component) != _sorted(schemas.get(name)):
                raise DescriptionError(
                    f"{self._standing.source}: {name} changes at {position.exactly} but not where it is used by access "
                    "types that are not imported now; import all documents together"
                )
        available = schemas | {name: component for name, (component, _) in self._claims.items()}
        wanted = [name for name, component in schemas.items() if component.get("x-ours")] + references(document)
        needed: Json = {}
        while wanted:
            name = wanted.pop()
            if name in needed:
                continue
            if name not in available:
                raise DescriptionError(
                    f"{self._standing.source}#/components/schemas/{name}: referred to, but not there"
                )
            needed[name] = available[name]
            wanted += references(available[name])
        return needed

    def _name(self, parts: list[Part], ids: dict[Place, str]) -> None:
        signatures: dict[Position, str] = {}
        lists: set[Position] = set()
        shared: dict[str, str] = {}
        for part in parts:
            for position, shape, before in self._shapes(part.schema, part.position, part.before):
                signatures[position] = _signature(shape)
                if shape["properties"].get("items", {}).get("type") == "array":
                    lists.add(position)
                decided = self._standing.decided
                name = (
                    decided.get(position.exactly) or decided.get(str(position)) or self._standing.component(before)[0]
                )
                if name:
                    self._names[position] = name
                    shared.setdefault(signatures[position], name)
        taken = {*self._standing.schemas, *shared.values()}
        for position in sorted(signatures.keys() - self._names.keys(), key=_naming_order):
            signature = signatures[position]
            if signature not in shared:
                shared[signature] = self._default(position, signatures, taken, ids, is_list=position in lists)
                taken.add(shared[signature])
            self._names[position] = shared[signature]

    def _default(
        self,
        position: Position,
        signatures: dict[Position, str],
        taken: set[str],
        ids: dict[Place, str],
        *,
        is_list: bool,
    ) -> str:
        beside = [p for audience in _AUDIENCES if (p := position._replace(audience=audience)) in signatures]
        alike = [p.audience for p in beside if signatures[p] == signatures[position]]
        first = beside[0].audience in alike
        surrounding = (position._replace(inside=inside) for inside in _outwards(position.inside))
        names = naming.component_names(
            position,
            naming.variant(ids[position.place], alike, first=first),
            is_list=is_list,
            owner=next((self._names[above] for above in surrounding if above in self._names), ""),
            prefix="" if first else naming.prefix_of(alike),
        )
        if name := next((name for name in names if name not in taken), None):
            return name
        raise DescriptionError(
            f"{self._standing.source}: no name is left for {position.exactly}; "
            f'decide in `x-names`: {{"{position.exactly}": …}}'
        )

    def _shapes(self, schema: Json, position: Position, before: Json) -> Iterator[tuple[Position, Json, Json]]:
        if _is_shape(schema):
            yield position, schema, before
        for step, _, child, counterpart in self._children(schema, position, before):
            yield from self._shapes(child, position.into(step), counterpart)

    def _children(
        self, schema: Json, position: Position, before: Json
    ) -> Iterator[tuple[str, tuple[str | int, ...], Json, Json]]:
        """The schemas right inside `schema` that are not ours: step, keys, schema, what stands there already."""
        if _is_shape(schema):
            name, before = self._standing.component(before)
            before = self._standing.schemas.get(self._names.get(position, name), before)
            if before.get("x-ours"):
                return
        elif "$ref" in before:
            before = self._standing.component(before)[1]
        steps: list[tuple[str, tuple[str | int, ...]]] = []
        steps += [(f".{name}", ("properties", name)) for name in schema.get("properties", {})]
        steps += [(step, (key,)) for step, key in _STEPS.items() if isinstance(schema.get(key), dict)]
        steps += [(f"|{index}", (key, index)) for key in CHOICES for index in range(len(schema.get(key, [])))]
        for step, keys in steps:
            counterpart = _get(before, keys)
            if not counterpart.get("x-ours"):
                yield step, keys, _get(schema, keys), counterpart

    def _build(self, schema: Json, position: Position, before: Json) -> Json:
        if "$ref" in schema:
            self._untouched.add(schema["$ref"].removeprefix(SCHEMAS))
            return schema
        built = copy.deepcopy(schema)
        for step, keys, child, counterpart in self._children(schema, position, before):
            _put(built, keys, keep_wording(self._build(child, position.into(step), counterpart), counterpart))
        if not _is_shape(schema):
            return built
        name = self._names[position]
        self._claim(
            name, _component(built, self._standing.schemas.get(name) or self._standing.component(before)[1]), position
        )
        node: Json = {"$ref": f"{SCHEMAS}{name}"}
        if "null" in schema["type"]:
            node = {"anyOf": [node, {"type": "null"}]}
        return node | ({"default": schema["default"]} if "default" in schema else {})

    def _claim(self, name: str, component: Json, position: Position) -> None:
        claimed, first = self._claims.setdefault(name, (component, position))
        if _sorted(claimed) != _sorted(component):
            raise DescriptionError(
                f"{self._standing.source}: {name} would name two different shapes, at {first.exactly} and at "
                f'{position.exactly}; decide in `x-names`: {{"{position.exactly}": …}}'
            )


_AUDIENCES = (*AUDIENCES, "webhooks")
_STEPS = {"[]": "items", ".*": "additionalProperties"}


def _naming_order(position: Position) -> tuple[Any, ...]:
    """Where a shape gets its name from when it stands in several places: rather a resource's own reply than a field."""
    method, path = position.place
    readers = ("get", "post", "patch", "put", "delete")
    return (
        method == WEBHOOK,
        position.inside.removeprefix(".items[]").count("."),
        position.part == "body",
        readers.index(method) if method in readers else len(readers),
        _AUDIENCES.index(position.audience),
        path.count("/"),
        position,
    )


def _outwards(inside: str) -> Iterator[str]:
    """The ways into what surrounds `inside`, the nearest first."""
    while "." in inside:
        inside = inside.rpartition(".")[0]
        yield inside
        yield inside.removesuffix("[]")


def _is_shape(schema: Json) -> bool:
    return bool(schema.get("properties"))


def _signature(schema: Json) -> str:
    """What makes shapes equal: all but the order of things, and whether null or a default may stand in their place."""
    same = {key: value for key, value in schema.items() if key != "default"} | {"type": "object"}
    return json.dumps(_sorted(same), sort_keys=True)


def _sorted(node: Any) -> Any:
    if isinstance(node, list):
        return [_sorted(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: sorted(value) if key == "required" and isinstance(value, list) else _sorted(value)
        for key, value in node.items()
    }


def _component(built: Json, before: Json) -> Json:
    """The component for a shape whose fields are built: with the fields that are ours, in the order that stands."""
    if before.get("x-ours"):
        return before
    old = before.get("properties", {})
    ours = {name: field for name, field in old.items() if field.get("x-ours")}
    fields = built["properties"] | ours
    order = {name: rank for rank, name in enumerate(old)}
    names = sorted(fields, key=lambda name: order.get(name, len(order)))
    needed = {n for n in built.get("required", []) if n not in ours} | {
        n for n in before.get("required", []) if n in ours
    }
    component = {key: value for key, value in built.items() if key not in ("required", "default")}
    component |= {"type": "object", "properties": {name: fields[name] for name in names}}
    if required := [name for name in names if name in needed]:
        component["required"] = required
    return keep_wording(component, before)


def _get(node: Any, keys: tuple[str | int, ...]) -> Json:
    for key in keys:
        if isinstance(key, int):
            node = node[key] if isinstance(node, list) and key < len(node) else {}
        else:
            node = node.get(key, {}) if isinstance(node, dict) else {}
    return node if isinstance(node, dict) else {}


def _put(node: Any, keys: tuple[str | int, ...], value: Json) -> None:
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
