"""Reports on components used in several places."""

from generator.comparing.changes import compare
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    content,
    in_many_places,
    operation,
    receiving,
    record,
    ref,
    reply,
    said,
)


def test_a_change_in_a_shared_component_is_reported_once_with_all_operations() -> None:
    old, new = in_many_places(Thing=record(a=STRING)), in_many_places(Thing=record(a=INTEGER))
    (change,) = compare(old, new)
    assert (change.subject, change.place, change.shared) == ("Thing", "a", True)
    assert set(change.operations) == {f"GET /a{number}" for number in range(40)}


def test_a_component_nested_in_shared_ones_is_reported_under_its_own_name() -> None:
    schemas = {"Thing": record(part=ref("Part")), "Part": record(a=STRING)}
    (change,) = compare(in_many_places(2, **schemas), in_many_places(2, **schemas | {"Part": record(a=INTEGER)}))
    assert (change.subject, change.place) == ("Part", "a")


def test_a_component_of_one_operation_is_reported_in_place() -> None:
    old, new = receiving(ref("Part"), Part=record(a=STRING)), receiving(ref("Part"), Part=record(a=INTEGER))
    assert said(old, new) == [("GET /things response 200.field.a", "retyped", True)]


def test_a_component_used_twice_in_one_operation_is_reported_once() -> None:
    def document(part: Json) -> Json:
        return api({"/things": {"get": operation(responses=reply(record(x=ref("Part"), y=ref("Part"))))}}, Part=part)

    (change,) = compare(document(record(a=STRING)), document(record(a=INTEGER)))
    assert (change.subject, change.place, change.operations) == ("Part", "a", ("GET /things",))


def test_components_that_double_at_each_level_are_compared_once() -> None:
    """Fifty levels of two uses each are 2⁵⁰ places."""

    def document(leaf: Json) -> Json:
        levels = {f"L{n}": record(x=ref(f"L{n + 1}"), y=ref(f"L{n + 1}")) for n in range(50)}
        return api({"/things": {"get": operation(responses=reply(ref("L0")))}}, **levels, L50=record(a=leaf))

    (change,) = compare(document(STRING), document(INTEGER))
    assert (change.subject, change.place) == ("L50", "a")


def test_components_inside_one_used_twice_count_as_used_twice() -> None:
    def document(leaf: Json) -> Json:
        paths = {"/things": {"get": operation(responses=reply(record(x=ref("Outer"), y=ref("Outer"))))}}
        return api(paths, Outer=record(inner=ref("Inner")), Inner=record(a=leaf))

    (change,) = compare(document(STRING), document(INTEGER))
    assert (change.subject, change.place) == ("Inner", "a")


def test_a_component_with_words_of_its_own_at_the_place_of_use_is_still_that_component() -> None:
    """Before OpenAPI 3.1 a reference could not have a description, so `allOf` of one is a reference."""

    def document(part: Json) -> Json:
        worded = {"allOf": [ref("Part")], "description": "The part."}
        return api({"/things": {"get": operation(responses=reply(record(x=worded, y=ref("Part"))))}}, Part=part)

    (change,) = compare(document(record(a=STRING)), document(record(a=INTEGER)))
    assert (change.subject, change.place) == ("Part", "a")


def test_a_component_both_sent_and_received_is_judged_for_each() -> None:
    def document(part: Json) -> Json:
        action = operation(requestBody=content(record(x=ref("Part"))), responses=reply(ref("Part")))
        return api({"/a": {"post": action}, "/b": {"post": action | {"operationId": "b"}}}, Part=part)

    changes = compare(document(record(a=STRING)), document(record(("a",), a=STRING)))
    assert [(c.subject, c.fact.direction, c.fact.breaking) for c in changes] == [
        ("Part", "received", False),
        ("Part", "sent", True),
    ]


def test_a_component_renamed_breaks_python_alone() -> None:
    old, new = receiving(ref("Part"), Part=record(a=STRING)), receiving(ref("Piece"), Piece=record(a=STRING))
    (change,) = compare(old, new)
    assert (change.fact.kind, change.fact.breaking, change.fact.affects) == ("component-renamed", True, "python")


def test_a_body_renamed_is_no_change_because_its_fields_are_arguments() -> None:
    old = api({"/a": {"post": operation(requestBody=content(ref("Body")))}}, Body=record(a=STRING))
    new = api({"/a": {"post": operation(requestBody=content(ref("Other")))}}, Other=record(a=STRING))
    assert said(old, new) == []


def test_another_of_the_known_components_is_another_type() -> None:
    schemas = {"A": record(a=STRING), "B": record(a=STRING)}
    (change,) = compare(receiving(ref("A"), **schemas), receiving(ref("B"), **schemas))
    assert (change.fact.kind, change.fact.text, change.fact.affects) == ("retyped", "A → B", "python")
