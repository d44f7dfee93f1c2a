"""Corrections of known faults in the published documents: each function explains one fault and returns the number of
fixes.

They run in the order of `MENDS` on the operations of one audience, as `generator.importing.upstream` read them.
"""

import copy
import re
from collections.abc import Callable, Iterator

from generator.description import CREDENTIALS, WEBHOOK, Json
from generator.importing.uniting import alternatives
from generator.importing.upstream import Place, header

Mend = Callable[[Place, Json], int]

_WHOLE_IN_QUERY = re.compile(r"limit|offset|.*_(millis|min|max)")
_WHOLE_NUMBERS = re.compile(
    r".*_millis|.*_count|byte_length|quantity|delta|upvotes|bot|free_trial_abuse|sent|bounced|marked_as_spam"
)
_MOMENTS = frozenset({"created_at", "last_used_at"})
_LISTS_IN_QUERY = re.compile(r".*_ids|.*_domains")


def require_path_parameters(_place: Place, operation: Json) -> int:
    """Require path parameters: some are marked `required: false`, but without a value there is no path."""
    wrong = [p for p in operation["parameters"] if p["in"] == "path" and not p["required"]]
    for parameter in wrong:
        parameter["required"] = True
    return len(wrong)


def drop_repeated_query_parameters(_place: Place, operation: Json) -> int:
    """Drop query parameters that repeat a path parameter or a body field: upstream declares the parameters once for all
    routes of a resource, but reads the value from one place.
    """
    taken = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
    taken |= {name for schema in _bodies(operation) for name in schema.get("properties", {})}
    return _drop(operation, lambda p: p["in"] == "query" and p["name"] in taken)


def turn_credential_headers_into_needs(_place: Place, operation: Json) -> int:
    """Turn authentication headers declared as parameters into `x-needs`: the caller of the operation sends them. Only
    tokens and the publishable key say something about the operation; the others are dropped.
    """

    for parameter in operation["parameters"]:
        credential = CREDENTIALS.get(header(parameter["name"])) if parameter["in"] == "header" else None
        if credential:
            wanted = operation.setdefault("x-needs" if parameter["required"] else "x-uses", [])
            wanted[:] = sorted({*wanted, credential})
    return _drop(operation, lambda parameter: parameter["in"] == "header")


def drop_publishable_key_need(place: Place, operation: Json) -> int:
    """Drop the publishable client key from the needs of cross-domain sessions: server apps do not have one, and the API
    does not need it.
    """
    needs = operation.get("x-needs", [])
    if place != ("post", "/auth/oauth/cross-domain/authorize") or "publishable_client_key" not in needs:
        return 0
    needs.remove("publishable_client_key")
    return 1


def type_query_flags(_place: Place, operation: Json) -> int:
    """Give query flags the type boolean: they are declared as the strings "true" and "false", as sent."""
    return _retype_query(operation, lambda p: p["schema"].get("enum") == ["true", "false"], {"type": "boolean"})


def type_query_numbers(_place: Place, operation: Json) -> int:
    """Give whole numbers in queries the type integer: they are declared as strings or numbers, `limit` even as both."""

    def is_whole(parameter: Json) -> bool:
        return bool(_WHOLE_IN_QUERY.fullmatch(parameter["name"])) and parameter["schema"].get("type") in (
            "string",
            "number",
        )

    return _retype_query(operation, is_whole, {"type": "integer"})


def type_query_lists(_place: Place, operation: Json) -> int:
    """Give lists in queries the type array: they are declared as strings, and sent joined with commas."""

    def is_list(parameter: Json) -> bool:
        return bool(_LISTS_IN_QUERY.fullmatch(parameter["name"])) and parameter["schema"].get("type") == "string"

    count = _retype_query(operation, is_list, {"type": "array", "items": {"type": "string"}})
    for parameter in operation["parameters"]:
        if parameter["in"] == "query" and parameter["schema"].get("type") == "array":
            parameter |= {"style": "form", "explode": False}
    return count


def drop_enum_of_null(_place: Place, operation: Json) -> int:
    """Drop `"enum": [null]`, which accompanies every nullable string and forbids all strings."""
    count = 0
    for _, schema in _schemas(operation):
        if schema.get("enum") == [None]:
            del schema["enum"]
            count += 1
    return count


def type_whole_numbers(_place: Place, operation: Json) -> int:
    """Give timestamps, durations and counts the type integer: they are declared as `number`, which reads as a float."""
    count = 0
    for name, schema in _schemas(operation):
        if not (_WHOLE_NUMBERS.fullmatch(name) or name in _MOMENTS):
            continue
        kinds = schema.get("type")
        whole = ["integer" if kind == "number" else kind for kind in kinds] if isinstance(kinds, list) else "integer"
        if kinds == "number" or (isinstance(kinds, list) and whole != kinds):
            schema["type"] = whole
            count += 1
    return count


def allow_any_metadata(_place: Place, operation: Json) -> int:
    """Allow any JSON value as metadata, including `null`: it is declared as an object, but the API accepts anything."""
    count = 0
    for name, schema in _schemas(operation):
        if name.endswith("_metadata") and "object" in _types(schema) and "properties" not in schema:
            schema.clear()
            count += 1
    return count


def require_nullable_fields_of_replies(place: Place, operation: Json) -> int:
    """Require nullable fields in replies: they are declared optional, but the API sends null rather than omitting them.
    The same holds for metadata, whatever its declared type.
    """

    def can_be_null(name: str, field: Json) -> bool:
        return "null" in _types(field) or (name.endswith("_metadata") and not field)

    filled = _replies(operation) + (_bodies(operation) if place[0] == WEBHOOK else [])
    return sum(
        _require(owner, [name for name, field in owner.get("properties", {}).items() if can_be_null(name, field)])
        for schema in filled
        for _, owner in _walk(schema)
    )


def add_is_paginated(_place: Place, operation: Json) -> int:
    """Add `is_paginated` to list replies, which upstream omits; `pagination` is optional, as it is absent if false."""
    count = 0
    for schema in _replies(operation):
        fields = schema.get("properties", {})
        if {"items", "pagination"} <= fields.keys() and "pagination" not in schema.get("required", []):
            if "is_paginated" not in fields:
                fields["is_paginated"] = {"type": "boolean"}
                count += 1
            _require(schema, ["is_paginated"])
    return count


def drop_empty_bodies(_place: Place, operation: Json) -> int:
    """Drop bodies without fields that refuse unknown fields: there is nothing to send."""
    content = operation.get("requestBody", {}).get("content", {})
    if [c["schema"] for c in content.values()] in ([{"type": "object"}], [{"type": "object", "properties": {}}]):
        del operation["requestBody"]
        return 1
    return 0


def type_events(place: Place, operation: Json) -> int:
    """Restrict the `type` of an event to its name: it is declared as any string, with the name as its example."""
    method, name = place
    if method != WEBHOOK:
        return 0
    count = 0
    for schema in _bodies(operation):
        if schema.get("properties", {}).get("type") == {"type": "string"}:
            schema["properties"]["type"] = {"type": "string", "const": name}
            count += 1
    return count


def drop_replies_of_events(place: Place, operation: Json) -> int:
    """Drop the replies of events: they are declared as any JSON, but the API ignores what a receiver answers."""
    contents = [response["content"] for response in operation["responses"].values() if response["content"]]
    if place[0] != WEBHOOK:
        return 0
    for content in contents:
        content.clear()
    return len(contents)


def merge_successes(_place: Place, operation: Json) -> int:
    """Merge the objects of 200 and 201 into one type: fields that only one of them has become optional."""
    shapes = [
        response["content"]["application/json"]["schema"]
        for status, response in operation["responses"].items()
        if status[0] == "2" and "application/json" in response["content"]
    ]
    if all(shape == shapes[0] for shape in shapes) or not all("properties" in shape for shape in shapes):
        return 0
    merged = alternatives(shapes)
    for shape in shapes:
        shape.clear()
        shape |= copy.deepcopy(merged)
    return 1


MENDS: tuple[Mend, ...] = (
    require_path_parameters,
    drop_repeated_query_parameters,
    turn_credential_headers_into_needs,
    drop_publishable_key_need,
    type_query_flags,
    type_query_numbers,
    type_query_lists,
    drop_enum_of_null,
    type_whole_numbers,
    allow_any_metadata,
    require_nullable_fields_of_replies,
    add_is_paginated,
    drop_empty_bodies,
    type_events,
    drop_replies_of_events,
    merge_successes,
)


def mend(place: Place, operation: Json) -> dict[str, int]:
    """Correct `operation` in place; return the number of fixes by correction."""
    return {each.__name__: count for each in MENDS if (count := each(place, operation))}


def _walk(schema: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every schema in `schema`, itself first, with the name of the field it belongs to."""
    yield name, schema
    for field, child in schema.get("properties", {}).items():
        yield from _walk(child, field)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _walk(schema[key], name)
    for key in ("anyOf", "oneOf", "allOf"):
        for child in schema.get(key, []):
            yield from _walk(child, name)


def _bodies(operation: Json) -> list[Json]:
    return [content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values()]


def _replies(operation: Json) -> list[Json]:
    return [c["schema"] for response in operation["responses"].values() for c in response["content"].values()]


def _schemas(operation: Json) -> Iterator[tuple[str, Json]]:
    for schema in _bodies(operation) + _replies(operation):
        yield from _walk(schema)


def _types(schema: Json) -> list[str]:
    kinds = schema.get("type", [])
    return kinds if isinstance(kinds, list) else [kinds]


def _require(owner: Json, names: list[str]) -> int:
    required = owner.get("required", [])
    added = [name for name in names if name not in required]
    if added:
        owner["required"] = [*required, *added]
    return len(added)


def _drop(operation: Json, unwanted: Callable[[Json], bool]) -> int:
    kept = [parameter for parameter in operation["parameters"] if not unwanted(parameter)]
    count = len(operation["parameters"]) - len(kept)
    operation["parameters"] = kept
    return count


def _retype_query(operation: Json, wrong: Callable[[Json], bool], right: Json) -> int:
    """Change the type of parameters. Defaults are dropped: they have the old type, and the API applies them anyway."""
    mistyped = [parameter for parameter in operation["parameters"] if parameter["in"] == "query" and wrong(parameter)]
    for parameter in mistyped:
        parameter["schema"] = {**right}
    return len(mistyped)
