"""Reports on operations and events: names, access, parameters, bodies and replies."""

import pytest

from generator.comparing.changes import compare
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    body,
    choice,
    content,
    one,
    operation,
    parameter,
    receiving,
    record,
    ref,
    reply,
    said,
    texts,
)


def test_an_operation_removed_breaks_and_one_added_does_not() -> None:
    old, new = api({"/a": {"get": operation()}}), api({"/b": {"get": operation()}})
    assert said(old, new) == [("GET /a", "removed", True), ("GET /b", "added", False)]


def test_an_access_type_removed_breaks_those_who_had_it() -> None:
    changes = compare(one(access="client server"), one(access="server admin"))
    assert [(c.fact.kind, c.fact.breaking, c.access) for c in changes] == [
        ("access-added", False, ("admin",)),
        ("access-removed", True, ("client",)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "kind"),
    [
        ({"name": "get_a"}, {"name": "get_b"}, "GET /things", "renamed"),
        ({"tags": ["a"]}, {"tags": ["b"]}, "GET /things", "moved"),
    ],
)
def test_new_names_break_python_alone(old: Json, new: Json, place: str, kind: str) -> None:
    assert said(one(**old), one(**new)) == [(place, kind, True)]
    assert [change.fact.affects for change in compare(one(**old), one(**new))] == ["python"]


def test_a_function_renamed_for_one_access_type_is_reported_only_for_it() -> None:
    names = {"client": "get_thing", "server": "get_thing_as_server", "admin": "get_thing_as_server"}
    changes = compare(one(), one(**{"x-access-names": names}))
    assert [(change.fact.kind, change.access) for change in changes] == [("renamed", ("server", "admin"))]


def test_a_path_parameter_renamed_is_no_other_path() -> None:
    def document(name: str) -> Json:
        return api(
            {f"/a/{{{name}}}": {"get": operation(parameters=[parameter(where="path", name=name, required=True)])}}
        )

    assert said(document("id"), document("a_id")) == [("GET /a/{a_id} path.a_id", "renamed", True)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "breaking"),
    [
        ([], [parameter()], "added", False),
        ([], [parameter(required=True)], "added", True),
        ([parameter()], [], "removed", True),
        ([parameter()], [parameter(required=True)], "became-required", True),
        ([parameter(required=True)], [parameter()], "became-optional", False),
        ([parameter(STRING)], [parameter(INTEGER)], "retyped", True),
        ([parameter(choice("a", "b"))], [parameter(choice("a"))], "values-removed", True),
        ([parameter()], [parameter(deprecated=True)], "deprecated", False),
        ([parameter()], [parameter(explode=False)], "style-changed", True),
    ],
)
def test_parameters_are_judged_as_what_is_sent(old: list[Json], new: list[Json], kind: str, breaking: bool) -> None:
    assert said(one(parameters=old), one(parameters=new)) == [("GET /things query.limit", kind, breaking)]


def test_a_parameter_taken_from_one_access_type_is_removed_for_it_alone() -> None:
    changes = compare(one(parameters=[parameter()]), one(parameters=[parameter(**{"x-access": ["server", "admin"]})]))
    assert [(change.fact.kind, change.access) for change in changes] == [("removed", ("client",))]


def test_a_parameter_of_the_path_counts_for_its_operations() -> None:
    new = api({"/things": {"get": operation(), "parameters": [parameter(required=True)]}})
    assert said(one(), new) == [("GET /things query.limit", "added", True)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "breaking"),
    [
        ({}, {"x-needs": ["refresh_token"]}, "need-added", True),
        ({"x-needs": ["refresh_token"]}, {}, "need-removed", False),
        ({}, {"x-uses": ["access_token"]}, "use-added", False),
        ({"x-uses": ["access_token"]}, {}, "use-removed", False),
        ({"x-uses": ["access_token"]}, {"x-needs": ["access_token"]}, "need-added", True),
        ({}, {"x-idempotent": True}, "idempotent", False),
        ({"x-idempotent": True}, {}, "not-idempotent", False),
        ({}, {"deprecated": True}, "deprecated", False),
        ({"deprecated": True}, {}, "undeprecated", False),
    ],
)
def test_the_headers_and_limits_of_a_call(old: Json, new: Json, kind: str, breaking: bool) -> None:
    assert said(one(**old), one(**new)) == [("GET /things", kind, breaking)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "breaking"),
    [
        ({}, body(record(a=STRING)), "added", False),
        ({}, body(record(("a",), a=STRING)), "added", True),
        ({}, body(record(("a",), a=STRING), required=False), "added", False),
        ({}, body({"type": "array", "items": STRING}), "added", True),
        (body(record(a=STRING)), {}, "removed", True),
        (body(record(a=STRING), required=False), body(record(a=STRING)), "became-required", True),
        (body(record(a=STRING)), body(record(a=STRING), required=False), "became-optional", False),
        (body(record(a=STRING)), body({"type": "object"}), "retyped", True),
        (body(record(a=STRING)), body(record(a=STRING), media="text/plain"), "media-type-changed", True),
    ],
)  # fmt: skip
def test_request_bodies(old: Json, new: Json, kind: str, breaking: bool) -> None:
    assert said(one(**old), one(**new)) == [("GET /things body", kind, breaking)]


def test_a_body_added_says_what_it_holds() -> None:
    (text,) = texts(one(), one(**body(record(("b",), b=STRING, c=STRING, a=STRING))))
    assert text == "added: a, b (required), c"


def test_adding_a_media_type_is_not_breaking_and_removing_one_breaks_its_senders() -> None:
    both = body(record(a=STRING))
    both["requestBody"]["content"] |= content(record(a=STRING), "application/x-www-form-urlencoded")["content"]
    assert said(one(**body(record(a=STRING))), one(**both)) == [("GET /things body", "media-type-added", False)]
    assert said(one(**both), one(**body(record(a=STRING)))) == [("GET /things body", "media-type-removed", True)]


@pytest.mark.parametrize(
    ("old", "new", "place", "kind", "breaking"),
    [
        (reply(STRING, "200"), reply(STRING, "201"), "response", "status-changed", False),
        (reply(STRING), reply(STRING) | reply(STRING, "202"), "response 202", "added", True),
        (reply(STRING) | reply(STRING, "202"), reply(STRING), "response 202", "removed", False),
        (reply(STRING), reply(), "response 200", "content-removed", True),
        (reply(), reply(STRING), "response 200", "content-added", False),
    ],
)
def test_replies(old: Json, new: Json, place: str, kind: str, breaking: bool) -> None:
    assert said(one(responses=old), one(responses=new)) == [(f"GET /things {place}", kind, breaking)]


def test_a_reply_of_another_media_type_breaks_its_readers() -> None:
    text = {"200": {"description": "Success", **content(STRING, "text/plain")}}
    found = said(one(responses=text), one(responses=reply(STRING)))
    assert found == [("GET /things response 200", "media-type-changed", True)]


def test_a_reply_whose_status_changed_is_still_compared() -> None:
    found = said(one(responses=reply(STRING, "200")), one(responses=reply(INTEGER, "201")))
    assert ("GET /things response 201", "retyped", True) in found


def test_error_replies_and_wording_are_left_out() -> None:
    errors = reply(STRING) | {"default": {"description": "An error", **content(record(a=STRING))}}
    new = one(responses=errors, summary="Other words", description="and more", **{"x-note": "why"})
    assert said(one(responses=reply(STRING)), new) == []


def test_events_are_what_is_received() -> None:
    def event(schema: Json) -> Json:
        return {"post": {"operationId": "made", "requestBody": content(schema), "responses": reply()}}

    old = api(webhooks={"thing.made": event(record(("a",), a=STRING)), "thing.gone": event(STRING)})
    new = api(webhooks={"thing.made": event(record(a=STRING, b=STRING)), "thing.new": event(STRING)})
    assert said(old, new) == [
        ("webhook thing.gone", "removed", True),
        ("webhook thing.made body.a", "became-optional", True),
        ("webhook thing.made body.b", "added", False),
        ("webhook thing.new", "added", False),
    ]


def test_each_access_type_is_compared_with_its_own_shape() -> None:
    """A field that only the server's shape loses is reported for the access types with that shape."""

    def document(server: Json) -> Json:
        schema = {
            "anyOf": [ref("Thing"), ref("ServerThing")],
            "x-access-schema": {
                access: f"#/components/schemas/{name}"
                for access, name in (("client", "Thing"), ("server", "ServerThing"), ("admin", "ServerThing"))
            },
        }
        paths = {"/things": {"get": operation(responses=reply(schema))}}
        return api(paths, Thing=record(a=STRING), ServerThing=server)

    changes = compare(document(record(a=STRING, b=STRING)), document(record(a=STRING)))
    assert [(c.subject, c.place, c.access) for c in changes] == [("GET /things", "response 200.b", ("server", "admin"))]


def test_a_change_that_every_access_type_sees_names_none() -> None:
    assert [change.access for change in compare(receiving(STRING), receiving(INTEGER))] == [()]


def test_shapes_that_differ_by_access_but_change_alike_give_one_line() -> None:
    def document(**extra: Json) -> Json:
        chosen = {"client": "#/components/schemas/A", "server": "#/components/schemas/B"}
        schema = {"anyOf": [ref("A"), ref("B")], "x-access-schema": chosen}
        paths = {"/things": {"get": operation(access="client server", responses=reply(schema))}}
        return api(paths, A=record(a=STRING, **extra), B=record(a=STRING, b=STRING, **extra))

    assert said(document(c=STRING), document()) == [("GET /things response 200.c", "removed", True)]


def test_references_to_parameters_bodies_and_replies_are_followed() -> None:
    paths = {
        "/things": {
            "post": operation(
                parameters=[{"$ref": "#/components/parameters/limit"}],
                requestBody={"$ref": "#/components/requestBodies/thing"},
                responses={"200": {"$ref": "#/components/responses/thing"}},
            )
        }
    }

    def document(schema: Json) -> Json:
        description = api(paths)
        description["components"] |= {
            "parameters": {"limit": parameter(schema)},
            "requestBodies": {"thing": content(record(a=schema))},
            "responses": {"thing": {"description": "Success", **content(record(a=schema))}},
        }
        return description

    assert [place for place, _, _ in said(document(STRING), document(INTEGER))] == [
        "POST /things body.a",
        "POST /things query.limit",
        "POST /things response 200.a",
    ]
