"""Merging of the published documents into the description: facts from the documents, names and wording from the
description.
"""

import copy
import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from generator.description import AUDIENCES, METHODS, WEBHOOK, DescriptionError, Json, bare
from generator.importing import naming
from generator.importing.components import Components, Part
from generator.importing.naming import Position
from generator.importing.standing import Standing, holder, pick
from generator.importing.uniting import either
from generator.importing.upstream import Place, View
from generator.importing.wording import is_correction, keep_wording

_NEW: Json = {"openapi": "3.1.0", "info": {"title": "Hexclave API", "version": "1"}, "paths": {}, "components": {}}
_IsOurs: TypeAlias = Callable[[Json], bool]
"""True for parts of an operation that are ours: marked so, or part of an undocumented operation."""
_PHRASES = {"200": "Done.", "201": "Created.", "307": "Redirect to the address in `Location`."}


def merge(old: Json, views: dict[str, View], source: str, release: str = "") -> "Merged":
    """Merge the imported documents into the description `old`.

    Args:
        old: the existing description; {} if there is none.
        views: the corrected operations of each imported audience, and of the webhooks.
        source: the name of the description in messages.
        release: the release of the documents, such as `2026-10`; "" if unknown.

    Raises:
        DescriptionError: `x-names` gives one name to two different things, or paths conflict.
    """
    places = {place for view in views.values() for place in view}
    merging = _Merge(Standing(old or _NEW, source, places), views, release)
    return Merged(merging.document(), merging.provisional)


class Merged(NamedTuple):
    """The result of an import."""

    description: Json
    provisional: dict[str, str]
    """Generated names for shapes that split, each with its former name."""


class _Merge:
    def __init__(self, standing: Standing, views: dict[str, View], release: str) -> None:
        self._standing = standing
        self._release = release if standing.schemas else ""
        self._imported = views.keys()
        self._whole = release if views.keys() >= {*AUDIENCES, "webhooks"} else ""
        # An audience whose document is not imported keeps its parts unchanged.
        found = {
            audience: views[audience] if audience in views else standing.view(audience)
            for audience in (*AUDIENCES, "webhooks")
        }
        # Each path has one set of parameter names: ours if it has an operation of ours, otherwise those of the
        # documents.
        imported = [place for audience in found if audience in views for place in found[audience]]
        kept = [place for audience in found if audience not in views for place in found[audience]]
        called = {bare(path): path for _, path in (*kept, *imported, *standing.ours)}
        self._views = {
            audience: {
                (place[0], called[bare(place[1])]): _under(called[bare(place[1])], place, operation)
                for place, operation in view.items()
                if not standing.is_ours(place)
            }
            for audience, view in found.items()
        }
        self._places = sorted({place for view in self._views.values() for place in view}, key=_rank)
        self._parts = {place: list(self._parts_of(place)) for place in self._places}
        self._ids = self._operation_ids()
        parts = [part for place in self._places for part in self._parts[place]]
        self._components = Components(parts, standing, self._ids, release)

    @property
    def provisional(self) -> dict[str, str]:
        return self._components.provisional

    def document(self) -> Json:
        all_operations = {place: self._operation(place) for place in self._places} | self._standing.ours
        paths: Json = defaultdict(dict)
        for (method, path), operation in all_operations.items():
            if method != WEBHOOK:
                paths[path][method] = operation
        events = {place[1]: {"post": operation} for place, operation in all_operations.items() if place[0] == WEBHOOK}
        document = copy.deepcopy(self._standing.description) | {"paths": dict(paths), "webhooks": events}
        if self._whole:
            document["info"]["version"] = self._whole
        if not events:
            del document["webhooks"]
        document.setdefault("components", {})["schemas"] = {}
        document["components"]["schemas"] = self._components.needed_by(document)
        return document

    def _parts_of(self, place: Place) -> list[Part]:
        """Return the bodies and replies at `place` that are not ours."""
        parts = []
        for audience, view in self._views.items():
            operation = view.get(place, {"responses": {}})
            for part in ("body", *(f"response {status}" for status in operation["responses"])):
                if is_correction(holder(self._standing.operation(place), part)):
                    continue
                position = Position(place, audience, part)
                for media, content in holder(operation, part).get("content", {}).items():
                    parts.append(Part(position, media, content["schema"], self._standing.schema(position, media)))
        return parts

    def _operation_ids(self) -> dict[Place, str]:
        standing = self._standing
        kept = {}
        for place in self._places:
            if name := standing.decided.get(naming.text(place)) or standing.operation(place).get("operationId"):
                kept[place] = name
        owners = {operation["operationId"]: place for place, operation in standing.ours.items()}
        for place, name in kept.items():
            first = owners.setdefault(name, place)
            if first != place:
                here, there = naming.text(place), naming.text(first)
                raise DescriptionError(
                    f"{standing.source}: {there} and {here} would share the operation id {name}; "
                    f'decide in `x-names`: {{"{here}": …}}'
                )
        lists = {
            place
            for place in self._places
            if any("items" in p.schema.get("properties", {}) for p in self._parts[place])
        }
        return kept | naming.operation_ids([place for place in self._places if place not in kept], lists, owners)

    def _operation(self, place: Place) -> Json:
        before = _under(place[1], self._standing.place(place), self._standing.operation(place))
        if adopted := before.get("x-ours") is True:
            undated = {"x-unpublished", *(["x-since"] if self._release else [])}
            before = {key: value for key, value in before.items() if key not in undated}

        def is_ours(node: Json) -> bool:
            return bool(node) and (adopted or "x-ours" in node)

        callers = {audience: view[place] for audience, view in self._views.items() if place in view}
        operation: Json = {"operationId": self._ids[place], "responses": {}}
        if place[0] != WEBHOOK:
            operation["x-access"] = list(callers)
        if any(caller.get("deprecated") for caller in callers.values()):
            operation["deprecated"] = True
        for key in ("x-needs", "x-uses"):
            if credentials := {name for each in (before, *callers.values()) for name in each.get(key, [])}:
                operation[key] = sorted(credentials)
        if self._release and place[0] != WEBHOOK and (adopted or not before):
            operation["x-since"] = self._release
        if parameters := self._parameters(place, callers, before, is_ours):
            operation["parameters"] = parameters
        content = self._content(place, before)
        body = holder(before, "body")
        if is_correction(body) or ("body" not in content and is_ours(body)):
            operation["requestBody"] = _marked(body)
        elif "body" in content:
            required = any(caller.get("requestBody", {}).get("required") for caller in callers.values())
            brought = {"content": content["body"]} | ({"required": True} if required else {})
            operation["requestBody"] = keep_wording(brought, body)
        operation["responses"] = self._responses(place, callers, content, before, is_ours)
        if names := self._access_names(place, operation, before):
            operation["x-access-names"] = names
        operation |= {"summary": naming.summary(place, self._ids[place]), "tags": [naming.tag(place)]}
        return keep_wording(operation, before)

    def _parameters(self, place: Place, callers: dict[str, Json], before: Json, is_ours: _IsOurs) -> list[Json]:
        old = {(p["in"], p["name"]): p for p in before.get("parameters", [])}
        found: dict[tuple[str, str], Json] = {}
        having: dict[tuple[str, str], list[str]] = defaultdict(list)
        # A parameter is shared by all and allows what any access type allows; access types that are not imported count
        # only if no other has it.
        for audience, caller in sorted(callers.items(), key=lambda item: item[0] not in self._imported):
            for parameter in caller["parameters"]:
                key = parameter["in"], parameter["name"]
                if is_correction(old.get(key, {})):
                    continue
                having[key].append(audience)
                first = found.setdefault(key, parameter)
                if first != parameter and audience in self._imported:
                    found[key] = first | {
                        "schema": either(first["schema"], parameter["schema"]),
                        "required": first["required"] and parameter["required"],
                    }
        for key, parameter in found.items():
            counterpart = old.get(key, {})
            kept = {name: value for name, value in parameter.items() if name != "required" or value}
            kept["schema"] = keep_wording(parameter["schema"], counterpart.get("schema", {}))
            if len(having[key]) < len(callers):
                kept["x-access"] = [audience for audience in callers if audience in having[key]]
            if self._release and before and not counterpart and not is_ours(before):
                kept["x-since"] = self._release
            found[key] = keep_wording(kept, counterpart)
        found |= {key: _marked(p) for key, p in old.items() if is_correction(p) or (key not in found and is_ours(p))}
        order = {key: rank for rank, key in enumerate(old)}

        def rank(key: tuple[str, str]) -> tuple[int, int]:
            return (0, place[1].find(f"{{{key[1]}}}")) if key[0] == "path" else (1, order.get(key, len(order)))

        return [found[key] for key in sorted(found, key=rank)]

    def _content(self, place: Place, before: Json) -> dict[str, Json]:
        """Return the content of each body and reply, as one schema or as one per access type."""
        nodes: dict[tuple[str, str], dict[str, Json]] = defaultdict(dict)
        for part in self._parts[place]:
            nodes[part.position.part, part.media][part.position.audience] = self._components.node(part)
        content: dict[str, Json] = defaultdict(dict)
        for (part_name, media), by_audience in nodes.items():
            first, *others = [
                node for i, node in enumerate(by_audience.values()) if node not in list(by_audience.values())[:i]
            ]
            if others and any(node.keys() != {"$ref"} for node in (first, *others)):
                raise DescriptionError(
                    f"{self._standing.source}: {naming.text(place)} {part_name} differs between "
                    f"{' and '.join(by_audience)} in something other than an object with fields; describe it by hand, "
                    "marked `x-ours: reason`"
                )
            schema = first
            if others:
                shapes = {audience: node["$ref"] for audience, node in by_audience.items()}
                schema = {"anyOf": [first, *others], "x-access-schema": shapes}
            standing = holder(before, part_name).get("content", {}).get(media, {}).get("schema", {})
            content[part_name][media] = {"schema": keep_wording(schema, standing)}
        return content

    def _responses(
        self, place: Place, callers: dict[str, Json], content: dict[str, Json], before: Json, is_ours: _IsOurs
    ) -> Json:
        old = before.get("responses", {})
        responses: Json = {}
        for status in sorted({status for caller in callers.values() for status in caller["responses"]}):
            response: Json = {"description": _PHRASES.get(status, "A reply.")}
            if brought := content.get(f"response {status}"):
                response |= {"content": brought}
            responses[status] = keep_wording(response, old.get(status, {}))
        responses |= {
            status: _marked(response)
            for status, response in old.items()
            if is_correction(response) or (status not in responses and status != "default" and is_ours(response))
        }
        if place[0] != WEBHOOK and "Error" in self._standing.description.get("components", {}).get("responses", {}):
            responses.setdefault("default", {"$ref": "#/components/responses/Error"})
        return responses

    def _access_names(self, place: Place, operation: Json, before: Json) -> dict[str, str]:
        """Return the function name for each access type, if their shapes differ."""
        holders = (holder(operation, "body"), *operation["responses"].values())
        schemas = [content.get("schema", {}) for each in holders for content in each.get("content", {}).values()]
        groups: dict[str, list[str]] = defaultdict(list)
        for audience in operation.get("x-access", []):
            groups[json.dumps([pick(schema, audience) for schema in schemas])].append(audience)
        if len(groups) < 2:
            return {}
        standing = before.get("x-access-names", {})
        names: dict[str, str] = {}
        for group in groups.values():
            decided = (self._standing.decided.get(f"{naming.text(place)} as {audience}") for audience in group)
            default = naming.variant(operation["operationId"], group, first=not names)
            name = next(filter(None, (*decided, *(standing.get(audience) for audience in group))), default)
            names |= dict.fromkeys(group, default if name in names.values() else name)
        return {audience: names[audience] for audience in operation["x-access"]}


def _under(path: str, place: Place, operation: Json) -> Json:
    """Return `operation` with its path parameters named as in `path`."""
    names = dict(zip(re.findall(r"\{(\w+)\}", place[1]), re.findall(r"\{(\w+)\}", path), strict=True))
    if all(old == new for old, new in names.items()):
        return operation
    parameters = [
        parameter | ({"name": names[parameter["name"]]} if parameter["in"] == "path" else {})
        for parameter in operation.get("parameters", [])
    ]
    return operation | {"parameters": parameters}


def _marked(node: Json) -> Json:
    return node if "x-ours" in node else node | {"x-ours": True}


def _rank(place: Place) -> tuple[str, int]:
    method, path = place
    return path, METHODS.index(method) if method in METHODS else len(METHODS)
