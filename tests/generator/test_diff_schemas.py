"""The rules for when a changed schema breaks senders or receivers."""

import pytest

from generator.comparing.changes import compare
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    choice,
    nullable,
    receiving,
    record,
    ref,
    said,
    sending,
    texts,
)

SCHEMA_RULES = {
    # old, new, kind, breaking in requests, breaking in replies
    "another type": (STRING, INTEGER, "retyped", True, True),
    "a wider number": (INTEGER, {"type": "number"}, "retyped", False, True),
    "a narrower number": ({"type": "number"}, INTEGER, "retyped", True, False),
    "anything instead of a string": (STRING, {}, "retyped", False, True),
    "a string instead of anything": ({}, STRING, "retyped", True, False),
    "an object with fields instead of any object": ({"type": "object"}, record(a=STRING), "retyped", True, True),
    "any object instead of one with fields": (record(a=STRING), {"type": "object"}, "retyped", False, True),
    "an enum value added": (choice("a"), choice("a", "b"), "values-added", False, False),
    "an enum value removed": (choice("a", "b"), choice("a"), "values-removed", True, False),
    "a string became an enum": (STRING, choice("a"), "enum-added", True, False),
    "an enum became a string": (choice("a"), STRING, "enum-removed", False, False),
    "a constant changed": ({"const": "a"}, {"const": "a", "deprecated": True}, "deprecated", False, False),
    "no longer deprecated": ({**STRING, "deprecated": True}, STRING, "undeprecated", False, False),
    "a default where a component is used": (
        {"anyOf": [STRING], "default": "a"},
        {"anyOf": [STRING], "default": "b"},
        "default-changed",
        False,
        False,
    ),
    "nothing is allowed any more": ({}, False, "limit-added", True, True),
    "another default": ({**INTEGER, "default": 1}, {**INTEGER, "default": 2}, "default-changed", False, False),
    "a bound added": (INTEGER, {**INTEGER, "maximum": 5}, "limit-added", True, False),
    "a bound removed": ({**INTEGER, "maximum": 5}, INTEGER, "limit-removed", False, False),
    "an upper bound lowered": ({**INTEGER, "maximum": 5}, {**INTEGER, "maximum": 4}, "limit-changed", True, False),
    "an upper bound raised": ({**INTEGER, "maximum": 4}, {**INTEGER, "maximum": 5}, "limit-changed", False, False),
    "a lower bound raised": ({**STRING, "minLength": 1}, {**STRING, "minLength": 2}, "limit-changed", True, False),
    "a lower bound lowered": ({**STRING, "minLength": 2}, {**STRING, "minLength": 1}, "limit-changed", False, False),
    "another pattern": ({**STRING, "pattern": "a"}, {**STRING, "pattern": "b"}, "limit-changed", True, False),
    "text became a date": (STRING, {**STRING, "format": "date-time"}, "limit-added", True, True),
    "a date became text": ({**STRING, "format": "date-time"}, STRING, "limit-removed", True, True),
    "a format without a type of its own": (STRING, {**STRING, "format": "uri"}, "limit-added", True, False),
    "a keyword that no rule knows": (STRING, {**STRING, "not": {"const": "a"}}, "limit-added", True, True),
    "items of another type": (
        {"type": "array", "items": STRING},
        {"type": "array", "items": INTEGER},
        "retyped",
        True,
        True,
    ),
    "values of another type": (
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "additionalProperties": INTEGER},
        "retyped",
        True,
        True,
    ),
    "an option added": ({"type": "string"}, {"type": ["string", "integer"]}, "option-added", False, True),
    "an option removed": ({"type": ["string", "integer"]}, {"type": "string"}, "option-removed", True, False),
    "a nested field removed": (record(a=STRING, b=STRING), record(a=STRING), "removed", True, True),
    "an optional nested field added": (record(a=STRING), record(a=STRING, b=STRING), "added", False, False),
    "a required nested field added": (record(a=STRING), record(("b",), a=STRING, b=STRING), "added", True, False),
    "a field became required": (record(a=STRING), record(("a",), a=STRING), "became-required", True, False),
    "a field became optional": (record(("a",), a=STRING), record(a=STRING), "became-optional", False, True),
}


@pytest.mark.parametrize("rule", SCHEMA_RULES)
@pytest.mark.parametrize("side", ["sent", "received"])
def test_a_schema_rule_judges_each_direction_by_itself(rule: str, side: str) -> None:
    """Each rule gives one line, whose verdict depends on the direction."""
    old, new, kind, breaks_sent, breaks_received = SCHEMA_RULES[rule]
    if side == "sent":
        changes, verdict = compare(sending(old), sending(new)), breaks_sent
    else:
        changes, verdict = compare(receiving(old), receiving(new)), breaks_received
    assert [(change.fact.kind, change.fact.breaking) for change in changes] == [(kind, verdict)]
    assert all(change.place.split(" ")[-1].startswith(("body.field", "200.field")) for change in changes)


@pytest.mark.parametrize(
    ("old", "new", "kind", "breaking"),
    [
        (STRING, nullable(STRING), "became-nullable", False),
        (nullable(STRING), STRING, "no-longer-nullable", True),
        (STRING, {"type": ["string", "null"]}, "became-nullable", False),
    ],
)
def test_a_request_field_may_begin_to_accept_null_but_not_stop(old: Json, new: Json, kind: str, breaking: bool) -> None:
    assert said(sending(old), sending(new)) == [("POST /things body.field", kind, breaking)]


def test_a_value_that_may_be_missing_is_reported_once() -> None:
    """Missing and null are both `None`, so only losing the guarantee of a value breaks a reader."""
    states = {
        "always": record(("a",), a=STRING),
        "null": record(("a",), a=nullable(STRING)),
        "missing": record(a=STRING),
        "both": record(a=nullable(STRING)),
    }
    verdicts = {
        (was, now): [change.fact.breaking for change in compare(receiving(states[was]), receiving(states[now]))]
        for was in states
        for now in states
    }
    assert {pair for pair, found in verdicts.items() if found == [True]} == {
        ("always", "null"),
        ("always", "missing"),
        ("always", "both"),
    }
    assert all(found == [] for (was, now), found in verdicts.items() if was == now)
    assert all(len(found) == 1 for (was, now), found in verdicts.items() if was != now)


def test_two_spellings_of_one_schema_are_equal() -> None:
    """Null as a type, an option or an enum value; a constant as an enum of one; parts merged by `allOf`."""
    spellings = [
        ({"type": ["string", "null"]}, nullable(STRING)),
        ({"const": "a"}, choice("a")),
        ({"type": ["string", "null"], "enum": ["a", None]}, nullable(choice("a"))),
        ({"allOf": [record(("a",), a=STRING), record(b=INTEGER)]}, record(("a",), a=STRING, b=INTEGER)),
        ({"type": "integer", "title": "Count", "x-note": "ours"}, {"type": "integer", "description": "How many."}),
        (True, {}),
        ({"anyOf": [record(a=STRING), record(b=STRING)]}, {"oneOf": [record(b=STRING), record(a=STRING)]}),
    ]
    for one_way, other in spellings:
        assert said(receiving(one_way), receiving(other)) == []


def test_options_are_compared_with_those_they_resemble() -> None:
    old, new = {"type": ["integer", "boolean"]}, {"type": ["string", "boolean", "number"]}
    assert texts(receiving(old), receiving(new)) == ["can also be string now", "integer → number"]


def test_options_are_known_by_their_components() -> None:
    schemas = {"A": record(a=STRING), "B": record(b=STRING)}
    old = receiving({"anyOf": [ref("A"), ref("B")]}, **schemas)
    changed = receiving({"anyOf": [ref("B"), ref("A")]}, A=record(a=INTEGER), B=record(b=INTEGER))
    assert texts(old, changed) == ["string → integer"] * 2


def test_a_default_belongs_to_the_place_that_uses_a_component() -> None:
    def document(default: str) -> Json:
        return receiving({**ref("Part"), "default": default}, Part={**STRING, "default": "own"})

    assert texts(document("a"), document("b")) == ['default "a" → "b"']


def test_schemas_that_contain_themselves_come_to_an_end() -> None:
    """Both sides recurse, with equal or different periods."""

    def tree(value: Json) -> Json:
        return record(value=value, left=nullable(ref("Tree")), others={"type": "array", "items": ref("Tree")})

    old = receiving(ref("Tree"), Tree=tree(STRING))
    assert said(old, receiving(ref("Tree"), Tree=tree(INTEGER))) == [
        ("GET /things response 200.field.value", "retyped", True)
    ]
    chain = record(next=record(next=ref("Chain"), value=STRING), value=STRING)
    assert said(receiving(ref("Chain"), Chain=chain), receiving(chain, Chain=chain)) == []


def test_a_field_whose_name_is_no_word_is_quoted_in_its_place() -> None:
    (place, _, _), *_ = said(receiving(record(**{"a.b c": STRING})), receiving(record(**{"a.b c": INTEGER})))
    assert place == 'GET /things response 200.field["a.b c"]'
