"""Merges what the documents describe into the description: facts from them, names and words from what stands there."""

import copy
import json
from collections import defaultdict
from typing import Any

from generator.description import AUDIENCES, METHODS, WEBHOOK, DescriptionError, Json, bare
from generator.importing import naming
from generator.importing.components import Components, Part
from generator.importing.naming import Position
from generator.importing.standing import Standing, holder, operations, pick
from generator.importing.upstream import Place, View
from generator.importing.wording import keep_wording

_NEW: Json = {"openapi": "3.1.0", "info": {"title": "Hexclave API", "version": "1"}, "paths": {}, "components": {}}
_PHRASES = {"200": "Done.", "201": "Created.", "307": "Go on at the address in `Location`."}


def merge(old: Json, views: dict[str, View], source: str) -> Json:
    """The description that follows from `old` and the imported documents.

    Args:
        old: the description as it stands; {} where there is none.
        views: the mended operations of each imported audience, and of the webhooks.
        source: what to call the description in messages.

    Raises:
        DescriptionError: a name would stand for two different things, or paths conflict.
    """
    return _Merge(Standing(old or _NEW, source), views).document()


def changes(old: Json, new: Json) -> list[str]:
    """One line for each operation and component that came, went or changed."""
    lines = []
    for kind, before, after in (
        ("operation", _by_text(old), _by_text(new)),
        ("component", old.get("components", {}).get("schemas", {}), new["components"]["schemas"]),
    ):
        lines += [f"added {kind} {name}" for name in sorted(after.keys() - before.keys())]
        lines += [f"removed {kind} {name}" for name in sorted(before.keys() - after.keys())]
        lines += [
            f"changed {kind} {name}" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]
        ]
    return lines


class _Merge:
    def __init__(self, standing: Standing, views: dict[str, View]) -> None:
        self._standing = standing
        # An audience whose document is not imported keeps what it has, as if its document said so.
        self._views = {
            audience: {place: operation for place, operation in views[audience].items() if not standing.is_ours(place)}
            if audience in views
            else standing.view(audience)
            for audience in (*AUDIENCES, "webhooks")
        }
        self._places = sorted({place for view in self._views.values() for place in view}, key=_rank)
        self._parts = {place: list(self._parts_of(place)) for place in self._places}
        self._ids = self._operation_ids()
        parts = [part for place in self._places for part in self._parts[place]]
        self._components = Components(parts, standing, self._ids)

    def document(self) -> Json:
        all_operations = {place: self._operation(place) for place in self._places} | self._standing.ours
        paths: Json = defaultdict(dict)
        for (method, path), operation in all_operations.items():
            if method != WEBHOOK:
                paths[path][method] = operation
        self._refuse_conflicts(list(paths))
        events = {place[1]: {"post": operation} for place, operation in all_operations.items() if place[0] == WEBHOOK}
        document = copy.deepcopy(self._standing.description) | {"paths": dict(paths), "webhooks": events}
        if not events:
            del document["webhooks"]
        document.setdefault("components", {})["schemas"] = {}
        document["components"]["schemas"] = self._components.needed_by(document)
        return document

    def _parts_of(self, place: Place) -> list[Part]:
        """The bodies and replies at `place` that are not ours."""
        parts = []
        for audience, view in self._views.items():
            operation = view.get(place, {"responses": {}})
            for part in ("body", *(f"response {status}" for status in operation["responses"])):
                if holder(self._standing.operation(place), part).get("x-ours"):
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
        ids = kept | naming.operation_ids([place for place in self._places if place not in kept], lists, owners)
        for place in self._places:
            if place not in ids:
                raise DescriptionError(
                    f"{standing.source}: no operation id is left for {naming.text(place)}; "
                    f'decide in `x-names`: {{"{naming.text(place)}": …}}'
                )
        return ids

    def _operation(self, place: Place) -> Json:
        before = self._standing.operation(place)
        callers = {audience: view[place] for audience, view in self._views.items() if place in view}
        operation: Json = {"operationId": self._ids[place], "responses": {}}
        if place[0] != WEBHOOK:
            operation["x-access"] = list(callers)
        if any(caller.get("deprecated") for caller in callers.values()):
            operation["deprecated"] = True
        for key in ("x-needs", "x-uses"):
            if credentials := {name for each in (before, *callers.values()) for name in each.get(key, [])}:
                operation[key] = sorted(credentials)
        if parameters := self._parameters(place, callers, before):
            operation["parameters"] = parameters
        content = self._content(place, before)
        if holder(before, "body").get("x-ours"):
            operation["requestBody"] = before["requestBody"]
        elif "body" in content:
            required = any(caller.get("requestBody", {}).get("required") for caller in callers.values())
            body = {"content": content["body"]} | ({"required": True} if required else {})
            operation["requestBody"] = keep_wording(body, holder(before, "body"))
        operation["responses"] = self._responses(place, callers, content, before)
        if names := self._access_names(place, operation, before):
            operation["x-access-names"] = names
        operation |= {"summary": naming.summary(place, self._ids[place]), "tags": [naming.tag(place)]}
        return keep_wording(operation, before)

    def _parameters(self, place: Place, callers: dict[str, Json], before: Json) -> list[Json]:
        old = {(p["in"], p["name"]): p for p in before.get("parameters", [])}
        found: dict[tuple[str, str], Json] = {}
        having: dict[tuple[str, str], list[str]] = defaultdict(list)
        for audience, caller in callers.items():
            for parameter in caller["parameters"]:
                key = parameter["in"], parameter["name"]
                if old.get(key, {}).get("x-ours"):
                    continue
                having[key].append(audience)
                if found.setdefault(key, parameter) != parameter:
                    raise DescriptionError(
                        f"{self._standing.source}: the parameter {key[1]} of {naming.text(place)} differs between "
                        f"{' and '.join(having[key])}; import their documents together, or describe it by hand, "
                        "marked `x-ours: true`"
                    )
        for key, parameter in found.items():
            counterpart = old.get(key, {})
            kept = {name: value for name, value in parameter.items() if name != "required" or value}
            kept["schema"] = keep_wording(parameter["schema"], counterpart.get("schema", {}))
            if having[key] != list(callers):
                kept["x-access"] = having[key]
            found[key] = keep_wording(kept, counterpart)
        found |= {key: parameter for key, parameter in old.items() if parameter.get("x-ours")}
        order = {key: rank for rank, key in enumerate(old)}

        def rank(key: tuple[str, str]) -> tuple[int, int]:
            return (0, place[1].find(f"{{{key[1]}}}")) if key[0] == "path" else (1, order.get(key, len(order)))

        return [found[key] for key in sorted(found, key=rank)]

    def _content(self, place: Place, before: Json) -> dict[str, Json]:
        """The content of each body and reply, as one schema or as one for each access type."""
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
                    f"{' and '.join(by_audience)} in what is not an object with fields; describe it there by hand, "
                    "marked `x-ours: true`"
                )
            schema = first
            if others:
                shapes = {audience: node["$ref"] for audience, node in by_audience.items()}
                schema = {"anyOf": [first, *others], "x-access-schema": shapes}
            standing = holder(before, part_name).get("content", {}).get(media, {}).get("schema", {})
            content[part_name][media] = {"schema": keep_wording(schema, standing)}
        return content

    def _responses(self, place: Place, callers: dict[str, Json], content: dict[str, Json], before: Json) -> Json:
        old = before.get("responses", {})
        responses: Json = {}
        for status in sorted({status for caller in callers.values() for status in caller["responses"]}):
            response: Json = {"description": _PHRASES.get(status, "A reply.")}
            if brought := content.get(f"response {status}"):
                response |= {"content": brought}
            responses[status] = keep_wording(response, old.get(status, {}))
        responses |= {status: response for status, response in old.items() if response.get("x-ours")}
        if place[0] != WEBHOOK and "Error" in self._standing.description.get("components", {}).get("responses", {}):
            responses.setdefault("default", {"$ref": "#/components/responses/Error"})
        return responses

    def _access_names(self, place: Place, operation: Json, before: Json) -> dict[str, str]:
        """The function of each access type, where their shapes differ."""
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

    def _refuse_conflicts(self, paths: list[str]) -> None:
        seen: dict[str, str] = {}
        for path in paths:
            other = seen.setdefault(bare(path), path)
            if other != path:
                raise DescriptionError(
                    f"{self._standing.source}#/paths/{other.replace('/', '~1')}: conflicts with {path}: "
                    "the same path with other parameter names"
                )


def _rank(place: Place) -> tuple[str, int]:
    method, path = place
    return path, METHODS.index(method) if method in METHODS else len(METHODS)


def _by_text(description: Json) -> dict[str, Any]:
    return {naming.text(place): operation for place, operation in operations(description)}
