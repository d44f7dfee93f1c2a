"""Input is coerced and refused like in the API, with its messages."""

from typing import Any

import pytest
from asking import Asker, code
from hypothesis import given
from hypothesis import strategies as st

from hexclave_emulator.checking.description import description
from hexclave_emulator.checking.rules import EMAIL, REQUIRED, UNDESCRIBED, UUID, at_most
from hexclave_emulator.checking.validation import Validator, query_value

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer", "minimum": 1},
        "flag": {"type": ["boolean", "null"]},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "life": {"type": "integer", "default": 5},
        "list": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "inner": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
        "maybe": {"anyOf": [{"type": "object", "properties": {}}, {"type": "null"}]},
        "either": {
            "anyOf": [
                {"type": "object", "properties": {"p": {"type": "string"}}, "required": ["p"]},
                {"type": "integer"},
            ]
        },
        "free": {},
    },
    "required": ["name"],
}


def check(value: Any, rules: dict[str, Any] | None = None) -> tuple[Any, list[str]]:
    validator = Validator(description(), "server", rules or {})
    return validator.value(SCHEMA, value, "body"), validator.faults


@pytest.mark.parametrize(
    ("given_", "becomes"),
    [
        ({"name": 5}, {"name": "5"}),
        ({"name": "x", "count": "7"}, {"name": "x", "count": 7}),
        ({"name": "x", "flag": "true"}, {"name": "x", "flag": True}),
        ({"name": "x", "flag": None}, {"name": "x", "flag": None}),
        ({"name": "x", "inner": '{"x": 1}'}, {"name": "x", "inner": {"x": 1}}),
        ({"name": "x", "maybe": None}, {"name": "x", "maybe": None}),
        ({"name": "x", "free": [{"any": None}]}, {"name": "x", "free": [{"any": None}]}),
    ],
)
def test_coerces(given_: Any, becomes: dict[str, Any]) -> None:
    """Scalars turn into what the description wants; defaults are filled in."""
    assert check(given_) == ({**becomes, "life": 5}, [])


@pytest.mark.parametrize(
    ("given_", "faults"),
    [
        ({}, ["body.name must be defined"]),
        (None, ["body cannot be null"]),
        ([], ["body must be a `object` type, but the final value was: `[]`."]),
        ("text", ['body must be a `object` type, but the final value was: `"text"`.']),
        ({"name": None}, ["body.name cannot be null"]),
        ({"name": "x", "a": 1, "b": 2}, ["body contains unknown properties: a, b"]),
        (
            {"name": "x", "inner": {"y": 1}},
            ["body.inner.x must be defined", "body.inner contains unknown properties: y"],
        ),
        ({"name": "x", "maybe": {"a": 1}}, ["body.maybe contains unknown properties: a"]),
        ({"name": "x", "count": 0}, ["body.count must be greater than or equal to 1"]),
        ({"name": "x", "count": 1.5}, ["body.count must be an integer"]),
        ({"name": "x", "kind": "c"}, ["body.kind must be one of the following values: a, b"]),
        ({"name": "x", "list": []}, ["body.list field must have at least 1 items"]),
        (
            {"name": "x", "count": "abc"},
            ['body.count must be a `number` type, but the final value was: `NaN` (cast from the value `"abc"`).'],
        ),
    ],
)
def test_refuses(given_: Any, faults: list[str]) -> None:
    """Each fault has the API's message."""
    assert check(given_)[1] == faults


def test_rules_go_beyond_the_description() -> None:
    """They check formats and demand fields. A field that the description does not have must be marked as such."""
    rules = {"body.name": at_most(3) & EMAIL, "body.hidden": UNDESCRIBED & REQUIRED, "body.inner.x": REQUIRED}
    assert check({"name": "long"}, rules)[1] == [
        "body.name must be at most 3 characters",
        "body.name must be a valid email",
        "body.hidden must be defined",
    ]
    assert check({"name": "x", "hidden": [1]}, {"body.hidden": UNDESCRIBED})[0]["hidden"] == [1]
    assert check({"name": "x", "hidden": 1}, {"body.hidden": at_most(3)})[1] == [
        "body contains unknown properties: hidden"
    ]


def test_alternatives_are_reported_one_by_one() -> None:
    """If no alternative matches, each gives its reason."""
    fault = check({"name": "x", "either": {"q": 1}})[1][0]
    assert fault.startswith("body.either is not matched by any of the provided schemas:\n")
    assert "Schema 0:" in fault
    assert "body.either.p must be defined" in fault


@pytest.mark.parametrize(
    ("kind", "text", "value", "fault"),
    [
        ("boolean", "true", True, None),
        ("boolean", "1", False, "query.q must be one of the following values: true, false"),
        ("integer", "12", 12, None),
        ("integer", "1.5", 1.5, "query.q must be an integer"),
        ("array", "a,b", ["a", "b"], None),
        ("array", "", [], None),
        ("string", "", "", None),
    ],
)
def test_query_values(kind: str, text: str, value: object, fault: str | None) -> None:
    """Text on the wire, typed for the handler."""
    faults: list[str] = []
    assert query_value({"type": kind}, text, "query.q", faults) == value
    assert faults == ([fault] if fault else [])


@given(st.text())
def test_formats_never_fail_otherwise_than_by_saying_so(text: str) -> None:
    """A check returns a fault or nothing, whatever the text."""
    for rule in (EMAIL, UUID):
        for each in rule.checks:
            assert each(text) is None or isinstance(each(text), str)


def test_an_endless_address_is_refused_at_once() -> None:
    """The pattern of addresses is never tried on text of unbounded length."""
    assert EMAIL.checks[0]("a" * 10_000_000 + "@") == "must be a valid email"


def test_checks_of_a_list_run_on_sound_items_alone(ask: Asker) -> None:
    """An item of the wrong type is the fault; checks for the right type are not run on it."""
    body = {"id": "read", "contained_permission_ids": [{}]}
    reply = ask.admin("POST", "/project-permission-definitions", body)
    assert (reply.status, code(reply)) == (400, "SCHEMA_ERROR")
    assert "contained_permission_ids[0]" in reply.json()["error"]
