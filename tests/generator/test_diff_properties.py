"""Properties that hold for any two descriptions."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.comparing.changes import Change, compare
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    choice,
    content,
    nullable,
    operation,
    parameter,
    record,
    ref,
    reply,
)

NAMES = st.sampled_from(["a", "b", "c", "odd name"])
SCALARS: st.SearchStrategy[Json] = st.sampled_from(
    [
        *(STRING, INTEGER, {"type": "number"}, {"type": "boolean"}, {}, {"type": "object"}),
        *({"type": ["string", "null"]}, {"type": ["string", "integer"]}, choice("a", "b"), choice("b", "c")),
        *({**STRING, "maxLength": 3}, {**STRING, "format": "date-time"}, {**STRING, "deprecated": True}),
        {**INTEGER, "default": 3},
    ]
)
REFERENCES = st.sampled_from([ref("A"), ref("B"), ref("C")])


def records(fields: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.dictionaries(NAMES, fields, min_size=1, max_size=3).flatmap(
        lambda found: st.sets(st.sampled_from(sorted(found))).map(lambda needed: record(tuple(sorted(needed)), **found))
    )


SCHEMAS = st.recursive(
    SCALARS | REFERENCES,
    lambda inner: st.one_of(
        inner.map(lambda schema: {"type": "array", "items": schema}),
        inner.map(lambda schema: {"type": "object", "additionalProperties": schema}),
        inner.map(nullable),
        records(inner),
    ),
    max_leaves=6,
)
ACCESS = st.sets(st.sampled_from(["client", "server", "admin"]), min_size=1).map(lambda found: " ".join(sorted(found)))


@st.composite
def operations(draw: st.DrawFn, name: str) -> Json:
    parameters = [
        parameter(draw(SCALARS), name=found, required=draw(st.booleans())) for found in draw(st.sets(NAMES, max_size=2))
    ]
    parts: Json = {"parameters": parameters, "responses": draw(st.sampled_from(["200", "201"]).flatmap(replies))}
    if draw(st.booleans()):
        parts["requestBody"] = {"required": draw(st.booleans()), **content(draw(SCHEMAS))}
    for word in ("x-needs", "x-uses"):
        if credentials := draw(st.sets(st.sampled_from(["access_token", "refresh_token"]), max_size=1)):
            parts[word] = sorted(credentials)
    return operation(name, draw(ACCESS), **parts)


def replies(status: str) -> st.SearchStrategy[Json]:
    return SCHEMAS.map(lambda schema: reply(schema, status))


@st.composite
def descriptions(draw: st.DrawFn) -> Json:
    paths = {
        path: {"get": draw(operations(f"get_{path[1:]}"))}
        for path in draw(st.sets(st.sampled_from(["/a", "/b", "/c"]), max_size=3))
    }
    webhooks = {
        event: {"post": {"operationId": event, "requestBody": content(draw(SCHEMAS)), "responses": reply()}}
        for event in draw(st.sets(st.sampled_from(["made", "gone"])))
    }
    return api(paths, webhooks=webhooks, **{name: draw(records(SCHEMAS)) for name in "ABC"})


def backwards(node: Any) -> Any:
    """Return the same document with the keys of every mapping in reverse order."""
    if isinstance(node, dict):
        return {key: backwards(node[key]) for key in reversed(node)}
    return [backwards(item) for item in node] if isinstance(node, list) else node


OPPOSITES = {
    one_way: other
    for pair in (
        ("added", "removed"),
        ("access-added", "access-removed"),
        ("became-required", "became-optional"),
        ("became-nullable", "no-longer-nullable"),
        ("values-added", "values-removed"),
        ("enum-added", "enum-removed"),
        ("limit-added", "limit-removed"),
        ("option-added", "option-removed"),
        ("need-added", "need-removed"),
        ("use-added", "use-removed"),
        ("deprecated", "undeprecated"),
        ("content-added", "content-removed"),
    )
    for one_way, other in (pair, pair[::-1])
}


property_test = settings(max_examples=50, deadline=None)


@property_test
@given(descriptions())
def test_a_description_does_not_differ_from_itself_in_any_order(document: Json) -> None:
    assert compare(document, backwards(document)) == []


@property_test
@given(descriptions(), descriptions())
def test_the_order_of_the_documents_does_not_matter(old: Json, new: Json) -> None:
    assert compare(old, new) == compare(backwards(old), backwards(new))


@property_test
@given(descriptions(), descriptions())
def test_swapping_the_sides_turns_what_was_added_into_what_was_removed(old: Json, new: Json) -> None:
    def kinds(changes: list[Change]) -> set[tuple[str, str, str]]:
        return {
            (operation, change.fact.direction, change.fact.kind)
            for change in changes
            for operation in change.operations
        }

    swapped = {(operation, way, OPPOSITES.get(kind, kind)) for operation, way, kind in kinds(compare(new, old))}
    assert kinds(compare(old, new)) == swapped


@property_test
@given(descriptions())
def test_renaming_components_changes_names_alone(document: Json) -> None:
    renamed = json.loads(json.dumps(document).replace("schemas/A", "schemas/Renamed").replace('"A":', '"Renamed":'))
    changes = compare(document, renamed)
    assert {(c.fact.kind, c.fact.affects) for c in changes} <= {("component-renamed", "python")}
