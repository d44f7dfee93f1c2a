"""Validation of descriptions: valid OpenAPI 3.1 with our extensions, and no dangling references.

The renderer has further requirements, which an old description need not meet to be compared.
"""

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from openapi_spec_validator.schemas import schema_v31

from generator.description import AUDIENCES, METHODS, DescriptionError, Json, bare

_DATA: Final = frozenset({"example", "examples", "default", "enum", "const"})
"""Keywords whose values only look like schemas."""

_LISTS: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPPINGS: Final = ("properties", "$defs")

_Steps = tuple[str | int, ...]


def refuse_invalid(path: Path, document: Json) -> None:
    """Raise if `document` is not a valid description.

    Raises:
        DescriptionError: gives `path`, the JSON pointer and the problem.
    """
    try:
        _check(path, document)
    except RecursionError:
        raise DescriptionError(f"{path}: nested too deeply") from None


def _check(path: Path, document: Json) -> None:
    # Not the package's own validator: its messages depend on which implementations are installed.
    _validate(path, (), document, Draft202012Validator(dict(schema_v31)))
    nodes = dict(_nodes(document, ()))
    for steps, node in nodes.items():
        for reference in _references(node):
            if not isinstance(_target(document, reference), Mapping):
                _refuse(path, steps, f"refers to nothing in this document: {reference}")
    schemas = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for steps, node in nodes.items():
        is_media = steps[-2:-1] == ("content",) and steps[-3] != "properties"
        if is_media and isinstance(node, dict) and "schema" not in node:
            _refuse(path, steps, "a media type needs a `schema`; `{}` stands for any JSON")
        if steps[-1:] == ("schema",) or steps[:-1] == ("components", "schemas"):
            _validate(path, steps, node, schemas)
            _refuse_booleans(path, steps, node)
            _refuse_loop(path, steps, document, node, ())
    seen: dict[str, str] = {}
    for url, item in document.get("paths", {}).items():
        if "$ref" in item:
            _refuse(path, ("paths", url), "a path is to be written here, not referred to")
        if (other := seen.setdefault(bare(url), url)) != url:
            _refuse(path, ("paths", url), f"conflicts with {other}: the same path with other parameter names")
        for method in (method for method in METHODS if method in item):
            _operation(path, ("paths", url, method), item[method])
    for event, item in document.get("webhooks", {}).items():
        if "requestBody" not in item.get("post", {}):
            _refuse(path, ("webhooks", event), "an event is a `post` with a `requestBody`")


def _operation(path: Path, steps: _Steps, node: Mapping[str, Any]) -> None:
    access = node.get("x-access")
    if not isinstance(access, list) or not access or not set(access) <= set(AUDIENCES):
        _refuse(path, steps, f"`x-access` must list access types: {', '.join(AUDIENCES)}")
    if "operationId" not in node:
        _refuse(path, steps, "`operationId` is missing")


def _validate(path: Path, steps: _Steps, node: Any, validator: Validator) -> None:
    # Of all errors reported for one mistake, the deepest describes the mistake itself.
    deepest = max(validator.iter_errors(node), key=lambda error: len(error.absolute_path), default=None)
    if deepest:
        _refuse(path, (*steps, *deepest.absolute_path), textwrap.shorten(deepest.message, 200, placeholder=" …"))


def _refuse_booleans(path: Path, steps: _Steps, schema: Any) -> None:
    """Refuse `true` and `false`: they are valid schemas, but give no type for a reply or an argument."""
    if isinstance(schema, bool):
        _refuse(path, steps, "a schema is to be an object here")
    if "items" in schema:
        _refuse_booleans(path, (*steps, "items"), schema["items"])
    for keyword in _LISTS:
        for number, one in enumerate(schema.get(keyword, ())):
            _refuse_booleans(path, (*steps, keyword, number), one)
    for keyword in _MAPPINGS:
        for name, one in schema.get(keyword, {}).items():
            _refuse_booleans(path, (*steps, keyword, name), one)


def _refuse_loop(path: Path, steps: _Steps, document: Json, node: Any, through: tuple[str, ...]) -> None:
    """Refuse a schema defined as itself; it may contain itself in a field or a list."""
    if not isinstance(node, Mapping):
        return
    for reference in _references(node):
        if reference in through:
            _refuse(path, steps, f"{reference} is defined as itself")
        _refuse_loop(path, steps, document, _target(document, reference), (*through, reference))
    for word in ("allOf", "anyOf", "oneOf"):
        for part in node.get(word, ()):
            _refuse_loop(path, steps, document, part, through)


def _nodes(node: Any, steps: _Steps) -> Iterator[tuple[_Steps, Any]]:
    yield steps, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, child in children:
        if step not in _DATA or steps[-1:] == ("properties",):
            yield from _nodes(child, (*steps, step))


def _references(node: Any) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    chosen = node.get("x-access-schema", {})
    found = [node.get("$ref"), *(chosen.values() if isinstance(chosen, Mapping) else ())]
    return [reference for reference in found if isinstance(reference, str)]


def _target(document: Json, reference: str) -> Any:
    node: Any = document
    for step in reference.split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
    return node if reference.startswith("#/") else None


def _refuse(path: Path, steps: _Steps, problem: str) -> NoReturn:
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    raise DescriptionError(f"{path}#{pointer}: {problem}")
