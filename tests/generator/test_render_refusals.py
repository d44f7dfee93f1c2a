"""Descriptions that the generator refuses: each error is one line with its place, and the package is unchanged."""

import copy
import json
from pathlib import Path

import pytest

from generator.description import DescriptionError
from generator.rendering.document import prepare
from generator.rendering.render import render
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    body,
    choice,
    one,
    operation,
    parameter,
    record,
    ref,
    reply,
)
from tests.generator.rendering import reading

AT = "#/paths/~1things/get"
THING = "#/components/schemas/Thing"


def refused(description: Json, tmp_path: Path) -> str:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(json.dumps(description), "utf-8")
    with pytest.raises(DescriptionError) as caught:
        render(spec, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(str(spec))


def thing(schema: Json, **more: Json) -> Json:
    return reading(Thing=record(a=schema), **more)


CASES: list[tuple[str, Json, str]] = [
    ("unknown word", one(callbacks={}), f"{AT}/callbacks: the generator does not know this"),
    ("unknown extension", one(**{"x-acess": []}), f"{AT}/x-acess: the generator does not know this"),
    ("unknown schema word", thing({"not": {}}), f"{THING}/properties/a/not: the generator does not know this"),
    (
        "header parameter",
        one(parameters=[parameter(where="header")]),
        f"{AT}/parameters/0: a parameter is in the path or",
    ),
    (
        "list joined otherwise",
        one(parameters=[parameter({"type": "array", "items": STRING})]),
        f"{AT}/parameters/0: a list in a query is joined with commas",
    ),
    ("keyword as name", one(operationId="import"), f"{AT}: 'import' cannot name a function"),
    ("builtin as name", one(operationId="list"), f"{AT}: 'list' cannot name a function"),
    ("camel case as name", one(operationId="getThing"), f"{AT}: 'getThing' cannot name a function"),
    ("name of a test", one(operationId="test_thing"), f"{AT}: 'test_thing' cannot name a function"),
    (
        "name twice",
        api({"/a": {"get": operation()}, "/b": {"get": operation()}}),
        "#/paths/~1b/get: the name 'get_thing' is taken by #/paths/~1a/get",
    ),
    ("no tag", one(tags=[]), f"{AT}: exactly one tag is needed"),
    (
        "unknown access type",
        one(**{"x-access": ["root"]}),
        f"{AT}/x-access: 'root' is not one of admin, client, server",
    ),
    ("unknown credential", one(**{"x-needs": ["password"]}), f"{AT}/x-needs: 'password' is not one of"),
    ("unknown older operation", one(**{"x-older": "get_part"}), f"{AT}/x-older: no operation is called 'get_part'"),
    (
        "name for half of the access types",
        one(**{"x-access-names": {"client": "get_thing"}}),
        f"{AT}/x-access-names: it must name a function for each of client, server, admin",
    ),
    (
        "access types differ under one name",
        one(parameters=[parameter(**{"x-access": ["server"]})]),
        f"{AT}: it differs between client, server, admin, which share the name 'get_thing'",
    ),
    (
        "access type without a shape",
        one(responses=reply({"anyOf": [STRING], "x-access-schema": {}})),
        f"{AT}: x-access-schema has no schema for client",
    ),
    ("class name", reading(thing=record()), "#/components/schemas/thing: 'thing' cannot be a class name; 'Thing' can"),
    (
        "dangling reference",
        thing(ref("Nothing")),
        f"{THING}/properties/a: '#/components/schemas/Nothing' is not a component",
    ),
    (
        "unused component",
        one() | {"components": {"schemas": {"Thing": record()}}},
        f"{THING}: no operation and no webhook",
    ),
    (
        "required but unknown",
        reading(Thing=record(("b",), a=STRING)),
        f"{THING}/required: 'b' is not among the properties",
    ),
    ("list of nothing", thing({"type": "array"}), f"{THING}/properties/a: a list needs `items`"),
    (
        "mixed enum",
        thing({"enum": ["a", 1.5]}),
        f"{THING}/properties/a: fixed values are printable text or whole numbers",
    ),
    (
        "unprintable enum",
        thing(choice("a\u2028b")),
        f"{THING}/properties/a: fixed values are printable text or whole numbers",
    ),
    (
        "unprintable name",
        reading(Thing={"properties": {"a\nb": STRING}}),
        f"{THING}/properties: 'a\\nb' cannot be a name",
    ),
    (
        "names that are one in Python",
        reading(Thing={"properties": {"a.b": STRING, "a-b": STRING}}),
        f"{THING}/properties/a-b: it has the same Python name as 'a.b'",
    ),
    (
        "inline reply",
        one(responses=reply(record(a=STRING))),
        f"{AT}/responses/200/content/application~1json/schema: a reply",
    ),
    (
        "two results",
        api({"/things": {"get": operation(responses=reply(STRING) | reply(INTEGER, "201"))}}),
        "#: get_thing: success replies have several shapes (str and int); they must have one",
    ),
    (
        "one of two objects",
        thing({"oneOf": [ref("A"), ref("B")]}, A=record(a=STRING), B=record(b=STRING)),
        "#: a: a reply that is one of several objects, lists or secrets cannot be told apart",
    ),
    (
        "strange media type",
        api({"/things": {"get": operation(**body(STRING, media="text/csv"))}}),
        f"{AT}/requestBody/content/text~1csv: the generator does not know this",
    ),
    (
        "half a segment",
        api({"/things/a-{b}": {"get": operation()}}),
        "#/paths/~1things~1a-{b}/get: a segment of a path",
    ),
    ("empty segment", api({"/things//b": {"get": operation()}}), "#/paths/~1things~1~1b/get: a segment of a path"),
    (
        "undeclared parameter",
        api({"/things/{b}": {"get": operation()}}),
        "#: WARNING parsing GET /get_thing/things/{b}",
    ),
    (
        "one request under two paths",
        api({f"/{{{name}}}": {"get": operation(f"get_{name}")} for name in "ab"}),
        "#/paths/~1{b}: same request as /{a}",
    ),
    (
        "payload without a name",
        api(webhooks={"e": {"post": body(record(a=STRING))}}),
        "#/webhooks/e/post/requestBody: the payload",
    ),
    (
        "merged with a text",
        thing({"allOf": [STRING, ref("A")]}, A=record(a=STRING)),
        f"{THING}/properties/a/allOf/0: what is merged has fields",
    ),
    ("no description at all", {"openapi": "3.1.0"}, "#/paths: no operations"),
]


@pytest.mark.parametrize(("description", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused(tmp_path: Path, description: Json, message: str) -> None:
    assert refused(description, tmp_path).startswith(message)


def test_a_warning_of_openapi_python_client_stops_it(tmp_path: Path) -> None:
    inner = record(b=STRING)
    description = thing(record(c=inner), ThingA=record(d=STRING))
    description["paths"]["/others"] = {"get": operation("get_other", responses=reply(ref("ThingA")))}
    assert "duplicate models with name" in refused(description, tmp_path)


def test_a_malformed_description_is_explained(tmp_path: Path) -> None:
    description = one(parameters=[{"in": "query", "schema": STRING}])
    assert "/paths/~1things/get/parameters/0" in refused(description, tmp_path)


def test_preparing_does_not_change_the_description() -> None:
    description = thing(choice("a", "b"))
    before = copy.deepcopy(description)
    prepare(description)
    assert description == before


def test_the_cases_differ_from_what_is_accepted(tmp_path: Path) -> None:
    """So that no case is refused for a reason other than its own."""
    for description in (one(), thing(STRING), one(parameters=[parameter()])):
        prepare(description)
