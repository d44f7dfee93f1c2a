"""Validation of requests against the description, read from the document itself rather than the rendered package."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import yaml
from jsonschema import Draft202012Validator, ValidationError

from hexclave_api.operation import UNSET
from tests.contract.recordings import Match

SPEC = Path(__file__).parents[2] / "spec/openapi.yaml"

_KINDS = {"additionalProperties": "unknown", "required": "missing"}


@attrs.frozen
class Fault:
    """The reason why the description does not allow a request."""

    kind: str
    """`unknown`, `missing` or `wrong value`."""
    place: tuple[str, ...]
    """`("query", "limit")`, `("body", "risk_scores", "sign_up")`."""
    note: str | None
    """The `x-note` of what the description says there."""

    def __str__(self) -> str:
        return f"{self.kind} {'/'.join(self.place)}"


@cache
def document() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


@cache
def _closed_schemas() -> Mapping[str, Any]:
    return {name: _closed(schema) for name, schema in document()["components"]["schemas"].items()}


def _closed(node: Any) -> Any:
    """Return the schema without unknown fields, which the backend refuses in requests, too."""
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if isinstance(node.get("properties"), dict) and "type" in node:
        closed.setdefault("additionalProperties", False)
    return closed


def operation(match: Match) -> Mapping[str, Any]:
    """Return the described operation of a match."""
    described: Mapping[str, Any] = document()["paths"][match.entry.path][match.exchange.method.lower()]
    return described


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema, or the component that it refers to."""
    while "$ref" in node:
        node = document()["components"]["schemas"][node["$ref"].rpartition("/")[2]]
    return node


def faults(match: Match) -> list[Fault]:
    """Return all violations of the description in the recorded request."""
    schema, request = _request_schema(match), _request(match)
    validator = Draft202012Validator({**schema, "components": {"schemas": _closed_schemas()}})
    found = [fault for error in validator.iter_errors(request) for fault in _faults(error, match)]
    return list(dict.fromkeys(found))


def typed(match: Match) -> dict[str, Any]:
    """Return the recorded query as Python values of the described types; invalid values stay text."""
    schemas = {parameter["name"]: parameter["schema"] for parameter in _parameters(match, "query")}
    return {name: _typed(text, schemas.get(name, {})) for name, text in match.exchange.query.items()}


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    kinds = resolved(schema).get("type")
    if kinds == "array":
        return text.split(",")
    if kinds == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kinds == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    return text


def _request(match: Match) -> dict[str, Any]:
    body = match.exchange.sent_body
    request = {"path": match.in_path, "query": typed(match)}
    return request if body is UNSET else {**request, "body": body}


def _request_schema(match: Match) -> dict[str, Any]:
    properties: dict[str, Any] = {place: _fields(_parameters(match, place)) for place in ("path", "query")}
    required = ["path", "query"]
    body = operation(match).get("requestBody")
    if body is not None:
        properties["body"] = _closed(_for_access(match, next(iter(body["content"].values()))["schema"]))
        if body.get("required"):
            required.append("body")
    else:
        properties["body"] = {"type": "object", "maxProperties": 0}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _fields(parameters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    listed = list(parameters)
    return {
        "type": "object",
        "properties": {parameter["name"]: parameter["schema"] for parameter in listed},
        "required": [parameter["name"] for parameter in listed if parameter.get("required")],
        "additionalProperties": False,
    }


def _parameters(match: Match, place: str) -> Iterator[Mapping[str, Any]]:
    for parameter in operation(match).get("parameters", ()):
        if parameter["in"] == place and match.access in parameter.get("x-access", [match.access]):
            yield parameter


def _for_access(match: Match, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    choice = schema.get("x-access-schema")
    return {"$ref": choice[match.access]} if choice else schema


def _faults(error: ValidationError, match: Match) -> Iterator[Fault]:
    at = tuple(map(str, error.absolute_path))
    kind = _KINDS.get(str(error.validator), "wrong value")
    names: Iterable[tuple[str, ...]] = [()]
    if kind == "unknown":
        names = [(name,) for name in error.instance if name not in error.schema["properties"]]
    elif kind == "missing":
        names = [(name,) for name in error.validator_value if name not in error.instance]
    for name in names:
        place = at + name
        yield Fault(kind, place, note(place, match))


def note(place: tuple[str, ...], match: Match) -> str | None:
    """Return the reason why a server may refuse something described: its `x-note`, or the release that introduced it.
    If there is no body, the operation's reason.

    Of the operation for a body that it does not have.
    """
    described = operation(match)
    if place[0] != "body":
        nodes = [parameter for parameter in _parameters(match, place[0]) if place[1:] == (parameter["name"],)]
    elif (body := described.get("requestBody")) is None:
        nodes = [described]
    elif len(place) == 1:
        nodes = [body]
    else:
        nodes = list(_at(_for_access(match, next(iter(body["content"].values()))["schema"]), place[1:]))
    return next((node.get("x-note") or node["x-since"] for node in nodes if node.keys() & {"x-note", "x-since"}), None)


def _at(node: Mapping[str, Any], steps: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    if not steps:
        yield node
    elif steps[0] in (properties := resolved(node).get("properties", {})):
        yield from _at(properties[steps[0]], steps[1:])
