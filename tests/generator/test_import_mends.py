"""Corrections of known faults in upstream's documents during an import."""

import pytest

from tests.generator.importing import (
    NUMBER,
    STRING,
    Json,
    Room,
    document,
    events,
    operation,
    page,
    parameter,
    path_parameter,
    record,
    ref,
    reply_of,
    schemas,
)

THING = record(id=STRING)
NULLABLE: Json = {"type": ["string", "null"]}


def parameters(room: Room, method: str, path: str, *declared: Json, body: Json | None = None) -> dict[str, Json]:
    """Return the parameters of an operation after an import, by name."""
    description = room.take(server=document(**{path: {method: operation(THING, body, "200", *declared)}}))
    return {parameter["name"]: parameter for parameter in description["paths"][path][method].get("parameters", [])}


def reply_fields(room: Room, reply: Json) -> Json:
    """Return the component that a reply becomes."""
    description = room.take(
        server=document(**{"/things/{id}": {"get": operation(reply, None, "200", path_parameter("id"))}})
    )
    return schemas(description)["Thing"]


def body_fields(room: Room, body: Json) -> Json:
    """Return the component that a body becomes."""
    description = room.take(server=document(**{"/things": {"post": operation(THING, body)}}))
    return schemas(description)["CreateThingBody"]


def test_path_parameters_are_required(room: Room):
    assert parameters(room, "get", "/things/{id}", parameter("id", "path"))["id"]["required"] is True
    assert "mended require path parameters: 1" in room.out.splitlines()


def test_moving_a_session_needs_no_publishable_key(room: Room):
    path = "/auth/oauth/cross-domain/authorize"
    names = ("x-stack-access-token", "x-stack-publishable-client-key")
    declared = [parameter(name, "header", required=True) for name in names]
    documented = {url: {"post": operation(THING, None, "200", *declared)} for url in (path, "/other")}
    paths = room.take(server=document(**documented))["paths"]
    assert paths[path]["post"]["x-needs"] == ["access_token"]
    assert paths["/other"]["post"]["x-needs"] == ["access_token", "publishable_client_key"]


def test_query_parameters_that_repeat_the_path_or_the_body_are_dropped(room: Room):
    declared = [path_parameter("id"), parameter("id"), parameter("name"), parameter("other")]
    found = parameters(room, "patch", "/things/{id}", *declared, body=record(name=STRING))
    assert {name: p["in"] for name, p in found.items()} == {"id": "path", "other": "query"}


@pytest.mark.parametrize("name", ["x-stack-refresh-token", "X-Hexclave-Refresh-Token"])
def test_headers_of_credentials_become_needs_and_uses(room: Room, name: str):
    declared = [parameter(name, "header", required=True), parameter("X-Stack-Access-Token", "header")]
    declared += [
        parameter("X-Stack-Project-Id", "header", required=True),
        parameter("X-Stack-Secret-Server-Key", "header"),
    ]
    description = room.take(client=document(**{"/things": {"get": operation(THING, None, "200", *declared)}}))
    get = description["paths"]["/things"]["get"]
    assert (get["x-needs"], get["x-uses"]) == (["refresh_token"], ["access_token"])
    assert "parameters" not in get


def test_flags_in_queries_are_booleans(room: Room):
    found = parameters(room, "get", "/things", parameter("desc", schema={"type": "string", "enum": ["true", "false"]}))
    assert found["desc"]["schema"] == {"type": "boolean"}


def test_a_query_that_knows_one_word_alone_stays_text(room: Room):
    only_true = {"type": "string", "enum": ["true"]}
    assert (
        parameters(room, "get", "/things", parameter("unavailable", schema=only_true))["unavailable"]["schema"]
        == only_true
    )


@pytest.mark.parametrize("name", ["limit", "offset", "duration_ms_min", "click_count_max", "from_millis"])
@pytest.mark.parametrize("schema", [STRING, NUMBER])
def test_whole_numbers_in_queries_are_integers(room: Room, name: str, schema: Json):
    assert parameters(room, "get", "/things", parameter(name, schema=schema))[name]["schema"] == {"type": "integer"}


def test_lists_in_queries_are_lists_joined_with_commas(room: Room):
    found = parameters(room, "get", "/things", parameter("user_ids"), parameter("user_id"))
    assert found["user_ids"]["schema"] == {"type": "array", "items": STRING}
    assert (found["user_ids"]["style"], found["user_ids"]["explode"]) == ("form", False)
    assert found["user_id"]["schema"] == STRING


def test_an_enum_of_null_beside_a_nullable_string_is_dropped(room: Room):
    assert body_fields(room, record(name=NULLABLE | {"enum": [None]}))["properties"]["name"] == NULLABLE


def test_other_enums_stay(room: Room):
    choice = {"type": ["string", "null"], "enum": ["a", None]}
    assert body_fields(room, record(name=choice))["properties"]["name"] == choice


def test_moments_durations_and_counts_are_integers(room: Room):
    fields = record(
        at_millis=NUMBER,
        created_at=NUMBER,
        chunk_count=NUMBER,
        end_millis={"type": ["number", "null"]},
        latitude=NUMBER,
    )
    found = reply_fields(room, fields)["properties"]
    assert [found[name]["type"] for name in ("at_millis", "created_at", "chunk_count")] == ["integer"] * 3
    assert found["end_millis"]["type"] == ["integer", "null"]
    assert found["latitude"] == NUMBER


@pytest.mark.parametrize("declared", [{"type": "object"}, {"type": ["object", "null"]}])
def test_metadata_is_any_json_and_always_in_replies(room: Room, declared: Json):
    thing = reply_fields(room, record((), id=STRING, client_metadata=declared))
    assert thing["properties"]["client_metadata"] == {}
    assert thing["required"] == ["client_metadata"]


def test_nullable_fields_are_always_in_replies_also_deep_inside(room: Room):
    inner = record((), name=NULLABLE, other=STRING)
    description = room.take(server=document(**{"/things": {"get": operation(page(record(inner=inner)))}}))
    assert schemas(description)["Inner"]["required"] == ["name"]


def test_nullable_fields_of_bodies_stay_optional(room: Room):
    assert "required" not in body_fields(room, record((), name=NULLABLE))


def test_list_replies_say_whether_they_are_paginated(room: Room):
    described = schemas(room.take(server=document(**{"/things": {"get": operation(page(THING))}})))["ThingPage"]
    assert described["properties"]["is_paginated"] == {"type": "boolean"}
    assert described["required"] == ["items", "is_paginated"]


def test_lists_that_always_have_pages_do_not_say_so(room: Room):
    always = page(THING) | {"required": ["items", "pagination"]}
    described = schemas(room.take(server=document(**{"/things": {"get": operation(always)}})))["ThingPage"]
    assert "is_paginated" not in described["properties"]


@pytest.mark.parametrize("empty", [{"type": "object"}, {"type": "object", "properties": {}}])
def test_bodies_without_fields_are_no_bodies(room: Room, empty: Json):
    description = room.take(server=document(**{"/things": {"post": operation(THING, empty)}}))
    assert "requestBody" not in description["paths"]["/things"]["post"]


def test_the_type_of_an_event_is_its_name(room: Room):
    described = schemas(room.take(webhooks=events(**{"thing.made": THING})))["ThingMadeEvent"]
    assert described["properties"]["type"] == {"type": "string", "const": "thing.made"}


def test_the_reply_to_an_event_is_ignored(room: Room):
    document_of_events = events(**{"thing.made": THING})
    document_of_events["webhooks"]["thing.made"]["post"]["responses"] = operation({})["responses"]
    post = room.take(webhooks=document_of_events)["webhooks"]["thing.made"]["post"]
    assert list(post["responses"]["200"]) == ["description"]


def test_two_successes_with_different_fields_are_one_type(room: Room):
    poll = operation(record(status=STRING))
    poll["responses"] |= operation(record(status=STRING, token=STRING), None, "201")["responses"]
    description = room.take(client=document(**{"/things/poll": {"post": poll}}))
    assert (
        reply_of(description, "post", "/things/poll")
        == reply_of(description, "post", "/things/poll", "201")
        == ref("PollResult")
    )
    assert schemas(description)["PollResult"]["required"] == ["status"]
    assert list(schemas(description)["PollResult"]["properties"]) == ["status", "token"]


def test_a_document_without_faults_needs_no_mend(room: Room):
    room.take(server=document(**{"/things/{id}": {"get": operation(THING, None, "200", path_parameter("id"))}}))
    assert "mended" not in room.out
