"""Merges what the documents describe into the description: facts from them, names and wording from what is there."""

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from generator import naming
from generator.description import AUDIENCES, METHODS, DescriptionError, Json
from generator.naming import Position
from generator.upstream import WEBHOOK, Place, View, bare

_WORDING = frozenset({"summary", "description", "title", "tags", "example", "examples", "externalDocs"})
_IMPORTED = frozenset({"x-access", "x-access-names", "x-access-schema", "x-names", "x-needs", "x-uses", "x-ours"})
_LISTS = ("anyOf", "oneOf", "allOf")
_PREFIX = "#/components/schemas/"
_SKELETON: Json = {
    "openapi": "3.1.0",
    "info": {"title": "Hexclave API", "version": "1"},
    "paths": {},
    "components": {"schemas": {}},
}


def merge(old: Json, views: dict[str, View], source: str) -> Json:
    """The description that follows from `old` and the imported documents.

    Args:
        old: the description as it stands, or {}.
        views: the mended operations of each imported audience, and of the webhooks.
        source: what to call the description in messages.

    Raises:
        DescriptionError: a name would stand for two different things, or paths conflict.
    """
    return _Merge(old or _SKELETON, views, source).document()


class _Merge:
    def __init__(self, old: Json, views: dict[str, View], source: str) -> None:
        self._old = old
        self._source = source
        self._schemas: Json = old.get("components", {}).get("schemas", {})
        self._decided: dict[str, str] = old.get("x-names", {})
        self._known = {_key(place): (place, operation) for place, operation in _operations(old)}
        self._ours = {key for key, (_, operation) in self._known.items() if operation.get("x-ours")}
        self._views = self._complete(views)
        self._places = sorted({place for view in self._views.values() for place in view}, key=_rank)
        self._ids = self._operation_ids()
        self._names: dict[Position, str] = {}
        self._claims: dict[str, tuple[Json, Position]] = {}
        self._pinned: set[str] = set()

    def document(self) -> Json:
        self._name_shapes()
        paths: Json = defaultdict(dict)
        webhooks: Json = {}
        for place in self._places:
            operation = self._operation(place)
            if place[0] == WEBHOOK:
                webhooks[place[1]] = {"post": operation}
            else:
                paths[place[1]][place[0]] = operation
        for key in self._ours:
            (method, path), operation = self._known[key]
            if method == WEBHOOK:
                webhooks[path] = {"post": operation}
            else:
                paths[path][method] = operation
        self._refuse_conflicts(paths)
        document = copy.deepcopy(self._old) | {"paths": dict(paths)}
        document.pop("webhooks", None)
        if webhooks:
            document["webhooks"] = webhooks
        document.setdefault("components", {})["schemas"] = self._components(document)
        return document

    # What each audience may call, those included whose documents are not imported now.

    def _complete(self, views: dict[str, View]) -> dict[str, View]:
        complete = {}
        for audience in (*AUDIENCES, "webhooks"):
            if audience in views:
                complete[audience] = {p: o for p, o in views[audience].items() if _key(p) not in self._ours}
            else:
                complete[audience] = dict(self._retained(audience))
        return complete

    def _retained(self, audience: str) -> Iterator[tuple[Place, Json]]:
        for place, operation in self._known.values():
            access = operation["x-access"] if place[0] != WEBHOOK else ["webhooks"]
            if audience not in access or operation.get("x-ours"):
                continue
            kept: Json = {key: operation[key] for key in ("deprecated", "x-needs", "x-uses") if key in operation}
            kept["parameters"] = [
                {
                    key: _bare_schema(parameter[key], audience) if key == "schema" else parameter[key]
                    for key in parameter
                    if key in _PARAMETER
                }
                for parameter in operation.get("parameters", [])
                if audience in parameter.get("x-access", access) and not parameter.get("x-ours")
            ]
            body = operation.get("requestBody", {})
            content = _bare_content(body, audience)
            if content and not body.get("x-ours"):
                kept["requestBody"] = {"required": body.get("required", False), "content": content}
            kept["responses"] = {
                status: {"content": _bare_content(response, audience)}
                for status, response in operation["responses"].items()
                if status != "default" and not response.get("x-ours")
            }
            yield place, kept

    def _before(self, place: Place) -> Json:
        return self._known.get(_key(place), (place, {}))[1]

    # Operation ids

    def _operation_ids(self) -> dict[Place, str]:
        kept = {}
        for place in self._places:
            method, path = place
            decided = self._decided.get(f"{method if method == WEBHOOK else method.upper()} {path}")
            if name := decided or self._before(place).get("operationId"):
                kept[place] = name
        lists = {
            place
            for place in self._places
            for _, _, _, schema, _ in self._parts(place)
            if "items" in schema.get("properties", {})
        }
        taken = {*kept.values(), *(self._known[key][1]["operationId"] for key in self._ours)}
        ids = kept | naming.operation_ids([p for p in self._places if p not in kept], lists, taken)
        owners: dict[str, Place] = {self._known[key][1]["operationId"]: self._known[key][0] for key in self._ours}
        for place, name in ids.items():
            if name in owners:
                first, second = (f"{m.upper()} {p}" for m, p in (owners[name], place))
                raise DescriptionError(
                    f'{self._source}: the operation id {name} is used by {first} and {second}; decide in `x-names`: {{"{second}": …}}'
                )
            owners[name] = place
        return ids

    # Names of shapes

    def _name_shapes(self) -> None:
        """Gives every object shape its name: decided, found at its place, shared with an equal shape, or a default."""
        signatures: dict[Position, str] = {}
        lists: set[Position] = set()
        by_signature: dict[str, str] = {}
        for place in self._places:
            for audience, part, _, schema, before in self._parts(place):
                for position, shape, counterpart in self._shapes(schema, Position(place, audience, part), before):
                    signatures[position] = _signature(shape)
                    if shape["properties"].get("items", {}).get("type") == "array":
                        lists.add(position)
                    name = self._decided_name(position) or self._named(counterpart)[0]
                    if name:
                        self._names[position] = name
                        by_signature.setdefault(signatures[position], name)
        taken = set(self._schemas) | set(by_signature.values())
        for position in sorted(signatures, key=_naming_order):
            if position in self._names:
                continue
            signature = signatures[position]
            if signature not in by_signature:
                by_signature[signature] = self._default_name(position, signatures, taken, is_list=position in lists)
                taken.add(by_signature[signature])
            self._names[position] = by_signature[signature]

    def _decided_name(self, position: Position) -> str:
        return self._decided.get(f"{position} as {position.audience}") or self._decided.get(str(position), "")

    def _default_name(
        self, position: Position, signatures: dict[Position, str], taken: set[str], *, is_list: bool
    ) -> str:
        same_place = [p for a in (*AUDIENCES, "webhooks") if (p := position._replace(audience=a)) in signatures]
        alike = [p.audience for p in same_place if signatures[p] == signatures[position]]
        first = same_place[0].audience in alike
        owner = next(
            (
                self._names[above]
                for end in _ends(position.inside)
                if (above := position._replace(inside=end)) in self._names
            ),
            "",
        )
        names = naming.component_names(
            position,
            naming.variant(self._ids[position.place], alike, first),
            is_list=is_list,
            owner=owner,
            prefix="" if first else naming.prefix_of(alike),
        )
        if name := next((name for name in names if name not in taken), None):
            return name
        raise DescriptionError(
            f'{self._source}: no name is left for {_exact(position)}; decide in `x-names`: {{"{_exact(position)}": …}}'
        )

    # Building

    def _parts(self, place: Place) -> Iterator[tuple[str, str, str, Json, Json]]:
        """Audience, part, media type, schema and what stands there already, for what is not ours."""
        before = self._before(place)
        for audience, view in self._views.items():
            if place not in view:
                continue
            operation = view[place]
            holders = [("body", operation.get("requestBody", {}), before.get("requestBody", {}))]
            for status, response in operation["responses"].items():
                holders.append((f"response {status}", response, before.get("responses", {}).get(status, {})))
            for part, holder, old in holders:
                if old.get("x-ours"):
                    continue
                for media, content in holder.get("content", {}).items():
                    yield (
                        audience,
                        part,
                        media,
                        content["schema"],
                        _pick(old.get("content", {}).get(media, {}).get("schema", {}), audience),
                    )

    def _shapes(self, schema: Json, position: Position, before: Json) -> Iterator[tuple[Position, Json, Json]]:
        if _is_shape(schema):
            yield position, schema, before
        for step, _, child, counterpart in self._children(schema, position, before):
            yield from self._shapes(child, position.into(step), counterpart)

    def _children(
        self, schema: Json, position: Position, before: Json
    ) -> Iterator[tuple[str, tuple[Any, ...], Json, Json]]:
        """The schemas right inside `schema`, each with its step, its keys and what stands there already."""
        if _is_shape(schema):
            name, before = self._named(before)
            before = self._schemas.get(self._names.get(position, name), before)
            if before.get("x-ours"):
                return
        elif "$ref" in before:
            before = self._named(before)[1]
        steps: list[tuple[str, tuple[Any, ...]]] = [
            (f".{name}", ("properties", name)) for name in schema.get("properties", {})
        ]
        steps += [
            (step, (key,))
            for step, key in (("[]", "items"), (".*", "additionalProperties"))
            if isinstance(schema.get(key), dict)
        ]
        steps += [(f"|{index}", (key, index)) for key in _LISTS for index in range(len(schema.get(key, [])))]
        for step, keys in steps:
            counterpart = _get(before, keys)
            if not counterpart.get("x-ours"):
                yield step, keys, _get(schema, keys), counterpart

    def _named(self, node: Json) -> tuple[str, Json]:
        """The component that `node` refers to, itself or as what may also be null; or no name and `node`."""
        options = [option for option in node.get("anyOf", []) if option != {"type": "null"}]
        if len(options) == 1:
            node = options[0]
        if "$ref" in node:
            name = node["$ref"].removeprefix(_PREFIX)
            return name, self._schemas.get(name, {})
        return "", node

    def _build(self, schema: Json, position: Position, before: Json) -> Json:
        if "$ref" in schema:
            self._pinned.add(schema["$ref"].removeprefix(_PREFIX))
            return schema
        built = copy.deepcopy(schema)
        for step, keys, child, counterpart in self._children(schema, position, before):
            _put(built, keys, _keep_wording(self._build(child, position.into(step), counterpart), counterpart))
        if not _is_shape(schema):
            return built
        name = self._names[position]
        self._claim(name, _component(built, self._schemas.get(name) or self._named(before)[1]), position)
        node: Json = {"$ref": f"{_PREFIX}{name}"}
        if "null" in schema["type"]:
            node = {"anyOf": [node, {"type": "null"}]}
        return node | ({"default": schema["default"]} if "default" in schema else {})

    def _claim(self, name: str, component: Json, position: Position) -> None:
        if name not in self._claims:
            self._claims[name] = (component, position)
        elif self._claims[name][0] != component:
            self._collide(name, _exact(self._claims[name][1]), _exact(position))

    def _collide(self, name: str, first: str, second: str) -> None:
        raise DescriptionError(
            f'{self._source}: {name} would name two different shapes, at {first} and at {second}; decide in `x-names`: {{"{second}": …}}'
        )

    def _operation(self, place: Place) -> Json:
        before = self._before(place)
        callers = {audience: view[place] for audience, view in self._views.items() if place in view}
        schemas: dict[tuple[str, str], Json] = defaultdict(dict)
        for audience, part, media, schema, counterpart in self._parts(place):
            schemas[part, media][audience] = self._build(schema, Position(place, audience, part), counterpart)
        operation: Json = {"operationId": self._ids[place]}
        if place[0] != WEBHOOK:
            operation["x-access"] = [audience for audience in AUDIENCES if audience in callers]
        if any(caller.get("deprecated") for caller in callers.values()):
            operation["deprecated"] = True
        for key in ("x-needs", "x-uses"):
            if credentials := {c for holder in (before, *callers.values()) for c in holder.get(key, [])}:
                operation[key] = sorted(credentials)
        if parameters := self._parameters(place, callers, before):
            operation["parameters"] = parameters
        if body := self._body(place, callers, schemas, before):
            operation["requestBody"] = body
        operation["responses"] = self._responses(place, callers, schemas, before)
        if names := _access_names(operation, before):
            operation["x-access-names"] = names
        operation["summary"] = naming.summary(place, self._ids[place])
        operation["tags"] = [naming.tag(place)]
        return _keep_wording(operation, before)

    def _parameters(self, place: Place, callers: dict[str, Json], before: Json) -> list[Json]:
        old = {(p["in"], p["name"]): p for p in before.get("parameters", []) if "$ref" not in p}
        merged: dict[tuple[str, str], Json] = {}
        having: dict[tuple[str, str], list[str]] = defaultdict(list)
        for audience, caller in callers.items():
            for parameter in caller["parameters"]:
                key = (parameter["in"], parameter["name"])
                if merged.setdefault(key, parameter) != parameter and not old.get(key, {}).get("x-ours"):
                    raise DescriptionError(
                        f"{self._source}: the parameter {key[1]} of {place[0].upper()} {place[1]} differs between "
                        f"{having[key][0]} and {audience}; describe it by hand there, marked `x-ours: true`"
                    )
                having[key].append(audience)
        for key, parameter in merged.items():
            parameter = {k: v for k, v in parameter.items() if k != "required" or v}
            if having[key] != list(callers):
                parameter["x-access"] = having[key]
            counterpart = old.get(key, {})
            parameter["schema"] = _keep_wording(parameter["schema"], counterpart.get("schema", {}))
            merged[key] = _keep_wording(parameter, counterpart)
        merged |= {key: parameter for key, parameter in old.items() if parameter.get("x-ours")}
        path = [f"{{{name}}}" for name in place[1].split("/")]
        order = {key: rank for rank, key in enumerate(old)}
        return sorted(
            merged.values(),
            key=lambda p: (
                (0, place[1].index(f"{{{p['name']}}}"))
                if p["in"] == "path" and path
                else (1, order.get((p["in"], p["name"]), len(order)))
            ),
        )

    def _body(
        self, place: Place, callers: dict[str, Json], schemas: dict[tuple[str, str], Json], before: Json
    ) -> Json | None:
        old = before.get("requestBody", {})
        if old.get("x-ours"):
            return dict(old)
        content = self._content(place, "body", schemas, old)
        if not content:
            return None
        required = any(caller.get("requestBody", {}).get("required") for caller in callers.values())
        return _keep_wording({"required": True, "content": content} if required else {"content": content}, old)

    def _responses(
        self, place: Place, callers: dict[str, Json], schemas: dict[tuple[str, str], Json], before: Json
    ) -> Json:
        old = before.get("responses", {})
        responses: Json = {}
        for status in sorted({status for caller in callers.values() for status in caller["responses"]}):
            content = self._content(place, f"response {status}", schemas, old.get(status, {}))
            response = {"description": _PHRASES.get(status, "Reply")} | ({"content": content} if content else {})
            responses[status] = _keep_wording(response, old.get(status, {}))
        responses |= {status: response for status, response in old.items() if response.get("x-ours")}
        if place[0] != WEBHOOK and "Error" in self._old.get("components", {}).get("responses", {}):
            responses.setdefault("default", {"$ref": "#/components/responses/Error"})
        return responses

    def _content(self, place: Place, part: str, schemas: dict[tuple[str, str], Json], old: Json) -> Json:
        content = {}
        for (this_part, media), by_audience in schemas.items():
            if this_part != part:
                continue
            nodes = [node for i, node in enumerate(by_audience.values()) if node not in list(by_audience.values())[:i]]
            if len(nodes) > 1 and any(set(node) != {"$ref"} for node in nodes):
                raise DescriptionError(
                    f"{self._source}: {place[0].upper()} {place[1]} {part} differs between {', '.join(by_audience)} in what is "
                    "no object; describe it by hand there, marked `x-ours: true`"
                )
            schema = nodes[0]
            if len(nodes) > 1:
                schema = {
                    "anyOf": nodes,
                    "x-access-schema": {audience: node["$ref"] for audience, node in by_audience.items()},
                }
            content[media] = {"schema": _keep_wording(schema, old.get("content", {}).get(media, {}).get("schema", {}))}
        return content

    def _components(self, document: Json) -> Json:
        """What is referred to, from what was imported or, where nothing was, from what stands there; and what is ours."""
        for name in self._pinned:
            claim = self._claims.get(name)
            if claim and claim[0] != self._schemas.get(name):
                others = ", ".join(f"{a}.json" for a in (*AUDIENCES, "webhooks"))
                raise DescriptionError(
                    f"{self._source}: {name} changes at {_exact(claim[1])} but is also used where nothing was imported; "
                    f"import {others} together, or decide in `x-names`"
                )
        available = self._schemas | {name: component for name, (component, _) in self._claims.items()}
        wanted = [name for name, component in self._schemas.items() if component.get("x-ours")]
        kept = {"paths": document["paths"], "webhooks": document.get("webhooks", {})}
        kept["components"] = {k: v for k, v in document["components"].items() if k != "schemas"}
        wanted += _references(kept)
        components: Json = {}
        while wanted:
            name = wanted.pop()
            if name in components:
                continue
            if name not in available:
                raise DescriptionError(f"{self._source}#/components/schemas/{name}: referred to, but not there")
            components[name] = available[name]
            wanted += _references(available[name])
        return components

    def _refuse_conflicts(self, paths: Json) -> None:
        seen: dict[str, str] = {}
        for path in paths:
            other = seen.setdefault(bare(path), path)
            if other != path:
                pointer = path.replace("/", "~1")
                raise DescriptionError(
                    f"{self._source}#/paths/{pointer}: conflicts with {other}: the same path with other parameter names"
                )


_PARAMETER = frozenset({"name", "in", "required", "schema", "style", "explode", "deprecated"})
_PHRASES = {"200": "Success", "201": "Created", "202": "Accepted", "204": "No content", "307": "Redirect"}


def _operations(description: Json) -> Iterator[tuple[Place, Json]]:
    for path, item in description.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield (method, path), item[method]
    for name, item in description.get("webhooks", {}).items():
        yield (WEBHOOK, name), item["post"]


def _key(place: Place) -> Place:
    return place[0], bare(place[1])


def _rank(place: Place) -> tuple[str, int]:
    method, path = place
    return path, METHODS.index(method) if method in METHODS else len(METHODS)


def _exact(position: Position) -> str:
    return f"{position} as {position.audience}" if position.place[0] != WEBHOOK else str(position)


def _naming_order(position: Position) -> tuple[Any, ...]:
    """Where a shape gets its name from, if it stands in several places: rather the resource itself than a field."""
    method, path = position.place
    nested = position.inside.removeprefix(".items[]").count(".")
    readers = ("get", "post", "patch", "put", "delete", WEBHOOK)
    rank = readers.index(method) if method in readers else len(readers)
    audience = [*AUDIENCES, "webhooks"].index(position.audience)
    return (
        method == WEBHOOK,
        nested,
        position.part == "body",
        rank,
        audience,
        path.count("/"),
        path,
        position.part,
        position.inside,
    )


def _ends(inside: str) -> Iterator[str]:
    """The ways into what surrounds `inside`, the nearest first."""
    while "." in inside:
        inside = inside.rpartition(".")[0]
        yield inside
        yield inside.removesuffix("[]")


def _is_shape(schema: Json) -> bool:
    return bool(schema.get("properties"))


def _signature(schema: Json) -> str:
    """What makes two object shapes the same: everything but wording, order and whether null may stand in their place."""
    same = {key: value for key, value in schema.items() if key != "default"} | {"type": "object"}
    return json.dumps(_sorted(same), sort_keys=True)


def _sorted(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: sorted(value) if key == "required" and isinstance(value, list) else _sorted(value)
            for key, value in node.items()
        }
    return [_sorted(item) for item in node] if isinstance(node, list) else node


def _component(built: Json, before: Json) -> Json:
    """The component for a shape whose fields are built: with our fields, in the order of the fields that are there."""
    if before.get("x-ours"):
        return before
    old = before.get("properties", {})
    ours = {name: field for name, field in old.items() if field.get("x-ours")}
    fields = built["properties"] | ours
    order = {name: rank for rank, name in enumerate(old)}
    names = sorted(fields, key=lambda name: order.get(name, len(order)))
    needed = {name for name in built.get("required", []) if name not in ours} | {
        n for n in before.get("required", []) if n in ours
    }
    component = {key: value for key, value in built.items() if key not in ("required", "default")}
    component |= {"type": "object", "properties": {name: fields[name] for name in names}}
    if required := [name for name in names if name in needed]:
        component["required"] = required
    return _keep_wording(component, before)


def _keep_wording(new: Json, old: Json) -> Json:
    """`new` with the words and hand-made marks that `old` has at the same place."""
    words = {k: v for k, v in old.items() if k in _WORDING or (k.startswith("x-") and k not in _IMPORTED)}
    kept = new | words
    for key in ("items", "additionalProperties"):
        if isinstance(new.get(key), dict) and isinstance(old.get(key), dict):
            kept[key] = _keep_wording(new[key], old[key])
    for key in _LISTS:
        if len(new.get(key, [])) == len(old.get(key, [])) > 0:
            kept[key] = [_keep_wording(a, b) for a, b in zip(new[key], old[key], strict=True)]
    return kept


def _access_names(operation: Json, before: Json) -> dict[str, str]:
    """The function of each access type, where their shapes differ."""
    access = operation.get("x-access", [])
    holders = [operation.get("requestBody", {}), *operation["responses"].values()]
    nodes = [content.get("schema", {}) for holder in holders for content in holder.get("content", {}).values()]
    groups: dict[str, list[str]] = defaultdict(list)
    for audience in access:
        groups[json.dumps([_pick(node, audience) for node in nodes])].append(audience)
    if len(groups) < 2:
        return {}
    old = before.get("x-access-names", {})
    names: dict[str, str] = {}
    for i, group in enumerate(groups.values()):
        name = next((old[a] for a in group if a in old), naming.variant(operation["operationId"], group, first=i == 0))
        if name in names.values():
            name = naming.variant(operation["operationId"], group, first=False)
        names |= dict.fromkeys(group, name)
    return {audience: names[audience] for audience in access}


def _pick(schema: Json, audience: str) -> Json:
    """What `schema` is for `audience`."""
    if "x-access-schema" not in schema:
        return schema
    reference = schema["x-access-schema"].get(audience)
    return {"$ref": reference} if reference else {}


def _bare_schema(schema: Json, audience: str) -> Json:
    return _without_wording(_pick(schema, audience))


def _bare_content(holder: Json, audience: str) -> Json:
    return {
        media: {"schema": _bare_schema(content["schema"], audience)}
        for media, content in holder.get("content", {}).items()
    }


def _without_wording(node: Json) -> Json:
    bare_node = {k: v for k, v in node.items() if k not in _WORDING and not k.startswith("x-")}
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            bare_node[key] = _without_wording(node[key])
    for key in _LISTS:
        if key in node:
            bare_node[key] = [_without_wording(option) for option in node[key]]
    return bare_node


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [name for item in node for name in _references(item)]
    if not isinstance(node, dict):
        return []
    here = [node["$ref"].removeprefix(_PREFIX)] if str(node.get("$ref", "")).startswith(_PREFIX) else []
    return here + [name for value in node.values() for name in _references(value)]


def _get(node: Any, keys: tuple[Any, ...]) -> Json:
    for key in keys:
        node = node.get(key, {}) if isinstance(node, dict) else node[key] if key < len(node) else {}
    return node if isinstance(node, dict) else {}


def _put(node: Any, keys: tuple[Any, ...], value: Json) -> None:
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value


def changes(old: Json, new: Json) -> list[str]:
    """One line for each operation and component that came, went or changed."""
    lines = []
    for kind, before, after in (
        ("operation", _by_name(old), _by_name(new)),
        ("component", old.get("components", {}).get("schemas", {}), new["components"]["schemas"]),
    ):
        tally = Counter(
            {
                "added": [n for n in after if n not in before],
                "removed": [n for n in before if n not in after],
                "changed": [n for n in after if n in before and after[n] != before[n]],
            }
        )
        for what, names in tally.items():
            lines += [f"{what} {kind} {name}" for name in sorted(names)]
    return lines


def _by_name(description: Json) -> Json:
    return {f"{place[0].upper()} {place[1]}": operation for place, operation in _operations(description)}
