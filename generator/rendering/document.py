"""Conversion of the description into the document passed to openapi-python-client.

openapi-python-client supports neither access types nor webhooks, and allows one operation per path and method. So each
rendered function becomes an operation with its own path, each event an operation whose reply is the payload, and
information that would be lost is kept separately, by function name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from generator.description import DescriptionError
from generator.rendering.constructs import escaped, is_success, verify
from generator.rendering.identifiers import module
from generator.rendering.releases import newer_arguments, remarks
from generator.rendering.schemas import Simplifier

Node = Mapping[str, Any]

_HANDED_ON = frozenset({"x-since", "x-since-values"})
EVENTS_TAG = "events of webhooks"


@attrs.frozen
class Call:
    """Facts about the operation that a rendered function describes."""

    name: str
    method: str
    path: str
    tag: str
    access: tuple[str, ...]
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    idempotent: bool
    since: str | None
    older: str | None
    """The equivalent operation on older servers."""
    arguments_since: Mapping[str, str]
    remarks: str
    """Notes about servers that lack the operation."""

    @property
    def segments(self) -> list[str]:
        """The segments of the path; parameters in braces."""
        return [segment for segment in self.path.split("/") if segment]


@attrs.frozen
class Document:
    openapi: dict[str, Any]
    calls: Mapping[str, Call]
    events: Mapping[str, str]
    """The payload component, by event type."""

    @property
    def names(self) -> set[str]:
        """The ids of all operations in the document."""
        return {operation["operationId"] for item in self.openapi["paths"].values() for operation in item.values()}


def prepare(description: Node) -> Document:
    """Return the document for openapi-python-client, with the facts that it cannot carry.

    Raises:
        DescriptionError: the description uses something that the generator does not render.
    """
    verify(description)
    simplifier = Simplifier()
    schemas = description.get("components", {}).get("schemas", {})
    calls, paths, events = {}, {}, {}
    for path, item in description.get("paths", {}).items():
        for method, operation in item.items():
            if not method.startswith("x-"):
                for call, seen in _variants(path, method, operation, schemas):
                    calls[call.name] = call
                    paths[f"/{call.name}{path}"] = {method: _operation(call, seen, simplifier)}
    for number, (event, item) in enumerate(description.get("webhooks", {}).items()):
        payload = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        events[event] = payload["$ref"].rpartition("/")[2]
        paths[f"/{EVENTS_TAG}/{number}"] = {"get": _event(number, payload)}
    if not paths:
        raise DescriptionError("#/paths: no operations")
    _refuse_ambiguity(calls.values())
    openapi = {
        "openapi": "3.1.0",
        "info": {"title": "Hexclave API", "version": "1"},
        "paths": paths,
        "components": {"schemas": {name: simplifier.simple(schema) for name, schema in schemas.items()}},
    }
    return Document(openapi, calls, events)


def _variants(path: str, method: str, operation: Node, schemas: Node) -> Iterator[tuple[Call, Node]]:
    names: Node = operation.get("x-access-names") or dict.fromkeys(operation["x-access"], operation["operationId"])
    for name in dict.fromkeys(names.values()):
        access = tuple(access for access in operation["x-access"] if names[access] == name)
        seen = [_seen_by(kind, operation, f"/paths/{escaped(path)}/{method}") for kind in access]
        if any(other != seen[0] for other in seen):
            raise DescriptionError(
                f"#/paths/{escaped(path)}/{method}: it differs between {', '.join(access)}, which share the"
                f" name {name!r}; give them different ones in x-access-names"
            )
        yield (
            Call(
                name=name,
                method=method.upper(),
                path=path,
                tag=module(operation["tags"][0]),
                access=access,
                needs=tuple(operation.get("x-needs", ())),
                uses=tuple(operation.get("x-uses", ())),
                idempotent=operation.get("x-idempotent", method in ("get", "head", "put", "delete")),
                since=operation.get("x-since"),
                older=operation.get("x-older"),
                arguments_since=newer_arguments(seen[0], schemas),
                remarks=" ".join(remarks(operation)),
            ),
            seen[0],
        )


def _seen_by(access: str, node: Any, at: str) -> Any:
    """Return `node` as seen by one access type."""
    if isinstance(node, list):
        kept = [
            item for item in node if not (isinstance(item, Mapping) and access not in item.get("x-access", [access]))
        ]
        return [_seen_by(access, item, at) for item in kept]
    if not isinstance(node, Mapping):
        return node
    if (choice := node.get("x-access-schema")) is not None:
        if access not in choice:
            raise DescriptionError(f"#{at}: x-access-schema has no schema for {access}")
        return {"$ref": choice[access], **{key: node[key] for key in ("description",) if key in node}}
    return {
        key: _seen_by(access, value, at) for key, value in node.items() if not key.startswith("x-") or key in _HANDED_ON
    }


def _operation(call: Call, seen: Node, simplifier: Simplifier) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.name,
        "tags": [call.tag],
        "summary": seen.get("summary", ""),
        "description": seen.get("description", ""),
        "parameters": [_parameter(parameter, simplifier) for parameter in seen.get("parameters", ())],
        "responses": {
            str(status): {"description": "", "content": _content(response.get("content", {}), simplifier)}
            for status, response in seen.get("responses", {}).items()
            if is_success(status)
        },
    }
    if (body := seen.get("requestBody")) is not None:
        operation["requestBody"] = {"required": True, "content": _content(body["content"], simplifier)}
    return operation


def _content(content: Node, simplifier: Simplifier) -> dict[str, Any]:
    """Return the one form of a body that the package uses: JSON if it is accepted."""
    for media_type in ("application/json", *content):
        if media_type in content:
            return {media_type: {"schema": simplifier.simple(content[media_type]["schema"])}}
    return {}


def _parameter(parameter: Node, simplifier: Simplifier) -> dict[str, Any]:
    wording = {key: parameter[key] for key in _WORDING if key in parameter}
    schema = simplifier.simple({**parameter["schema"], **wording})
    return {
        "name": parameter["name"],
        "in": parameter["in"],
        "required": parameter.get("required", False),
        "schema": schema,
    }


_WORDING = ("description", "deprecated", "x-since", "x-since-values")


def _event(number: int, payload: Node) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": payload["$ref"]}}}
    responses = {"200": {"description": "", "content": content}}
    return {"operationId": f"event_{number}", "tags": [EVENTS_TAG], "responses": responses}


def _refuse_ambiguity(calls: Iterable[Call]) -> None:
    taken: dict[tuple[str, str], str] = {}
    for call in calls:
        key = (call.method, re.sub(r"\{\w+\}", "{}", call.path))
        if taken.setdefault(key, call.path) != call.path:
            raise DescriptionError(f"#/paths/{escaped(call.path)}: same request as {taken[key]}")
