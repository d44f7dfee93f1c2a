"""Named components for the object shapes of bodies and replies; equal shapes share one."""

import copy
import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from generator.description import AUDIENCES, WEBHOOK, DescriptionError, Json
from generator.importing import naming
from generator.importing.fields import component
from generator.importing.naming import Position
from generator.importing.standing import SCHEMAS, Standing, references
from generator.importing.upstream import Place
from generator.importing.wording import CHOICES, is_correction, keep_wording


class Part(NamedTuple):
    """A body or reply as seen by one access type, with its current description."""

    position: Position
    media: str
    schema: Json
    before: Json


class Components:
    """The components derived from `parts`.

    The name of a shape is the first of: its entry in `x-names`, the existing name in that place, the name of an equal
    shape, a default. If different shapes would share one name, the existing shape keeps it, and the others get
    provisional names.

    Attributes:
        provisional: generated names for shapes that split, each with its former name.

    Raises:
        DescriptionError: `x-names` gives two different shapes the same name.
    """

    def __init__(self, parts: list[Part], standing: Standing, ids: dict[Place, str], release: str) -> None:
        self._parts = parts
        self._standing = standing
        self._ids = ids
        self._release = release
        self._names: dict[Position, str] = {}
        self._signatures: dict[Position, str] = {}
        self._claims: dict[str, list[tuple[Json, Position]]] = {}
        self._nodes: dict[tuple[Position, str], Json] = {}
        self._sent: set[str] = set()
        self._untouched: set[str] = set()
        self.provisional: dict[str, str] = {}
        self._name()
        self._settle()

    def node(self, part: Part) -> Json:
        """Return the schema of `part` with its shapes replaced by references."""
        return self._nodes[part.position, part.media]

    def needed_by(self, document: Json) -> Json:
        """Return the components that `document` refers to, and those written by hand.

        Raises:
            DescriptionError: a reference has no target.
        """
        schemas = self._standing.schemas
        available = schemas | {name: claims[0][0] for name, claims in self._claims.items()}
        wanted = [name for name, component in available.items() if component.get("x-ours")] + references(document)
        needed: Json = {}
        while wanted:
            name = wanted.pop()
            if name in needed:
                continue
            if name not in available:
                raise DescriptionError(
                    f"{self._standing.source}#/components/schemas/{name}: referenced but not defined"
                )
            needed[name] = available[name]
            wanted += references(available[name])
        return needed

    def _name(self) -> None:
        lists: set[Position] = set()
        shared: dict[str, str] = {}
        for part in self._parts:
            for position, shape, before in self._shapes(part.schema, part.position, part.before):
                self._signatures[position] = _signature(shape)
                if shape["properties"].get("items", {}).get("type") == "array":
                    lists.add(position)
                if name := self._decided(position) or self._standing.component(before)[0]:
                    self._names[position] = name
                    shared.setdefault(self._signatures[position], name)
        for name, shape in self._standing.shapes():
            shared.setdefault(_signature(shape), name)
        self._shared = shared
        taken = {*self._standing.schemas, *shared.values()}
        for position in sorted(self._signatures.keys() - self._names.keys(), key=_naming_order):
            signature = self._signatures[position]
            if signature not in shared:
                shared[signature] = self._default(position, taken, is_list=position in lists)
                taken.add(shared[signature])
            self._names[position] = shared[signature]

    def _decided(self, position: Position) -> str:
        decided = self._standing.decided
        return decided.get(position.exactly) or decided.get(str(position)) or ""

    def _default(self, position: Position, taken: set[str], *, is_list: bool) -> str:
        names = self._defaults(position, is_list=is_list)
        return next((name for name in names if name not in taken), None) or naming.numbered(names[-1], taken)

    def _defaults(self, position: Position, *, is_list: bool) -> list[str]:
        signatures = self._signatures
        beside = [p for audience in _AUDIENCES if (p := position._replace(audience=audience)) in signatures]
        alike = [p.audience for p in beside if signatures[p] == signatures[position]]
        first = beside[0].audience in alike
        surrounding = (position._replace(inside=inside) for inside in _outwards(position.inside))
        return naming.component_names(
            position,
            naming.variant(self._ids[position.place], alike, first=first),
            is_list=is_list,
            owner=next((self._names[above] for above in surrounding if above in self._names), ""),
            prefix="" if first else naming.prefix_of(alike),
        )

    def _settle(self) -> None:
        """Build all parts repeatedly until every name stands for one shape."""
        tried: set[tuple[Position, str]] = set()
        while True:
            self._claims = defaultdict(list)
            self._untouched = set()
            self._sent = {name for p, name in self._names.items() if p.part == "body" and p.place[0] != WEBHOOK}
            self._nodes = {
                (part.position, part.media): self._build(part.schema, part.position, part.before)
                for part in self._parts
            }
            split = {name: versions for name in self._claims if len(versions := self._versions(name)) > 1}
            if not split:
                return
            for name, versions in split.items():
                self._split(name, versions, tried)

    def _versions(self, name: str) -> list[list[Position]]:
        """Return the places of `name`, by shape, keepers of the name first. The first list is empty if the keeper is an
        access type that is not imported.
        """
        versions: dict[str, list[Position]] = defaultdict(list)
        for built, position in self._claims[name]:
            versions[_canonical(built)].append(position)
        stands = _canonical(self._standing.schemas.get(name))
        if name in self._standing.used_by(self._untouched):
            versions.setdefault(stands, [])

        def keeps(version: tuple[str, list[Position]]) -> tuple[bool, ...]:
            text, positions = version
            return (
                any(self._decided(position) == name for position in positions),
                not positions or text == stands,
                len(positions) == max(map(len, versions.values())),
            )

        return [positions for _, positions in sorted(versions.items(), key=keeps, reverse=True)]

    def _split(self, name: str, versions: list[list[Position]], tried: set[tuple[Position, str]]) -> None:
        """Give new names to all but the first of the shapes that share `name`."""
        kept, *others = versions
        for positions in others:
            first = min(positions, key=_naming_order)
            if decided := [position for position in positions if self._decided(position) == name]:
                raise DescriptionError(
                    f"{self._standing.source}: {name} would name two different shapes, at "
                    f"{kept[0].exactly if kept else 'places that are not imported'} and at {decided[0].exactly}; "
                    f'decide in `x-names`: {{"{decided[0].exactly}": …}}'
                )
            other = self._shared.get(self._signatures[first], name)
            if other == name or (first, other) in tried:
                other = self._provisional(first, name, kept)
                self.provisional[other] = name
            tried.add((first, other))
            self._names |= dict.fromkeys(positions, other)

    def _provisional(self, position: Position, name: str, kept: list[Position]) -> str:
        taken = {*self._standing.schemas, *self._claims, *self._names.values()}
        keeps = {each.audience for each in kept if each.place == position.place}
        own = naming.prefix_of([position.audience]) + name
        by_access = position.audience in ("server", "admin") and (
            not kept or (keeps and position.audience not in keeps)
        )
        if by_access and own not in taken:
            return own
        names = self._defaults(position, is_list=False)
        operation = naming.class_name(self._ids[position.place])
        full = [each for each in names if each.startswith(operation)] or [f"{operation}{name}"]
        return next((each for each in full if each not in taken), None) or naming.numbered(full[-1], taken)

    def _shapes(self, schema: Json, position: Position, before: Json) -> Iterator[tuple[Position, Json, Json]]:
        if _is_shape(schema):
            yield position, schema, before
        for step, _, child, counterpart in self._children(schema, position, before):
            yield from self._shapes(child, position.into(step), counterpart)

    def _children(
        self, schema: Json, position: Position, before: Json
    ) -> Iterator[tuple[str, tuple[str | int, ...], Json, Json]]:
        """Yield the schemas directly inside `schema` that are not corrected by hand: step, keys, schema, existing
        schema.
        """
        if _is_shape(schema):
            name, before = self._standing.component(before)
            before = self._standing.schemas.get(self._names.get(position, name), before)
            if is_correction(before):
                return
        elif "$ref" in before:
            before = self._standing.component(before)[1]
        steps: list[tuple[str, tuple[str | int, ...]]] = []
        steps += [(f".{name}", ("properties", name)) for name in schema.get("properties", {})]
        steps += [(step, (key,)) for step, key in _STEPS.items() if isinstance(schema.get(key), dict)]
        steps += [(f"|{index}", (key, index)) for key in CHOICES for index in range(len(schema.get(key, [])))]
        for step, keys in steps:
            counterpart = _get(before, keys)
            if not is_correction(counterpart):
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
        stands = self._standing.schemas.get(name) or self._standing.component(before)[1]
        since = "" if name in self._sent else self._release
        self._claims[name].append((component(built, stands, since, sent=name in self._sent), position))
        node: Json = {"$ref": f"{SCHEMAS}{name}"}
        if "null" in schema["type"]:
            node = {"anyOf": [node, {"type": "null"}]}
        return node | ({"default": schema["default"]} if "default" in schema else {})


_AUDIENCES: Final = (*AUDIENCES, "webhooks")
_STEPS: Final = {"[]": "items", ".*": "additionalProperties"}


def _naming_order(position: Position) -> tuple[Any, ...]:
    """Return the order of naming for a shape used in several places: a resource's own reply before a field."""
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
    """Yield the paths to the enclosing schemas of `inside`, innermost first."""
    while "." in inside:
        inside = inside.rpartition(".")[0]
        yield inside
        yield inside.removesuffix("[]")


def _is_shape(schema: Json) -> bool:
    return bool(schema.get("properties"))


def _signature(schema: Json) -> str:
    """Return a key that is equal for equal shapes, ignoring order and whether null or a default is allowed there."""
    return _canonical({key: value for key, value in schema.items() if key != "default"} | {"type": "object"})


def _canonical(schema: Json | None) -> str:
    return json.dumps(_sorted(schema), sort_keys=True)


def _sorted(node: Any) -> Any:
    if isinstance(node, list):
        return [_sorted(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: sorted(value) if key == "required" and isinstance(value, list) else _sorted(value)
        for key, value in node.items()
    }


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
