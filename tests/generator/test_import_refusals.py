"""Invalid input: one line with the file and the place, exit status 2, nothing written."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.__main__ import main
from tests.generator.importing import STRING, Json, Room, document, operation, page, parameter, path_parameter, record

JSON_TYPE = "application/json"
THING = record(id=STRING)
GOOD = document(**{"/things": {"get": operation(THING)}})
AT = "#/paths/~1things/get"


def with_schema(schema: Any) -> Json:
    """Return a document with one reply of this schema."""
    return document(**{"/things": {"get": operation({"type": "object", "properties": {"field": schema}})}})


FIELD = f"{AT}/responses/200/content/application~1json/schema/properties/field"


@pytest.mark.parametrize(
    ("upstream", "where", "what"),
    [
        (b"not json", "", "not JSON"),
        (b"", "", "not JSON"),
        (b"\xff\xfe", "", "not JSON"),
        (b'{"openapi": "3.1.0", "openapi": "3.1.0"}', "", "duplicate key 'openapi'"),
        (b'{"openapi": NaN}', "", "NaN"),
        (b"[" * 100_000, "", "nested too deeply"),
        (b"[]", "#", "expected a mapping"),
        ({}, "#/openapi", "not an OpenAPI 3 document"),
        ({"swagger": "2.0", "paths": {}}, "#/openapi", "not an OpenAPI 3 document"),
        ({"openapi": 3.1, "paths": {}}, "#/openapi", "not an OpenAPI 3 document"),
        ({"openapi": "3.1.0"}, "#/paths", "expected a mapping"),
        (document(things={}), "#/paths/things", "not a path"),
        (document(**{"/things": []}), "#/paths/~1things", "expected a mapping"),
        (document(**{"/things": {"fetch": operation(THING)}}), "#/paths/~1things/fetch", "not an HTTP method"),
        (document(**{"/things": {"get": None}}), AT, "expected a mapping"),
        (document(**{"/things": {"get": operation(THING) | {"callbacks": {}}}}), f"{AT}/callbacks", "not understood"),
        (document(**{"/things": {"get": operation(THING) | {"responses": {}}}}), f"{AT}/responses", "without a reply"),
        (document(**{"/things": {"get": operation(THING, None, "ok")}}), f"{AT}/responses/ok", "not an HTTP status"),
        (document(**{"/things": {"get": operation(THING) | {"parameters": [{}]}}}), f"{AT}/parameters/0", "`name`"),
        (
            document(**{"/things/{id}": {"get": operation(THING)}}),
            "#/paths/~1things~1{id}/get/parameters",
            "other parameters",
        ),
        (
            document(**{"/a/{x}": {"get": operation(THING, None, "200", path_parameter("x"))}, "/a/{y}": {}}),
            "#/paths/~1a~1{y}",
            "conflicts with /a/{x}",
        ),
        (
            document(**{"/things": {"get": operation(THING, None, "200", parameter("X-Unknown", "header"))}}),
            f"{AT}/parameters/0",
            "a header that does not belong to authentication",
        ),
        (with_schema({"type": "text"}), f"{FIELD}/type", "unknown type"),
        (with_schema({"type": []}), f"{FIELD}/type", "unknown type"),
        (with_schema({"type": "string", "if": {}}), f"{FIELD}/if", "not understood"),
        (with_schema({"$ref": "#/components/schemas/Nowhere"}), f"{FIELD}/$ref", "refers to nothing"),
        (with_schema({"$ref": "https://example.com/schema.json"}), f"{FIELD}/$ref", "into this document"),
        (with_schema({"$ref": FIELD.removesuffix("/properties/field")}), f"{FIELD}/$ref", "contains itself"),
        (with_schema({"type": "object", "required": ["other"]}), f"{FIELD}/required", "a field that is not there"),
        (with_schema({"type": "object", "required": "id"}), f"{FIELD}/required", "expected a list"),
        (with_schema([]), FIELD, "expected a mapping"),
        (with_schema({"allOf": [record(a=STRING), STRING]}), f"{FIELD}/allOf", "only objects with fields"),
        (
            with_schema({"allOf": [record(a=STRING), record(a=THING)]}),
            f"{FIELD}/allOf",
            "a has conflicting definitions",
        ),
        (with_schema({"oneOf": [record(a=STRING), THING, STRING]}), f"{FIELD}/oneOf", "objects and something else"),
        (GOOD | {"webhooks": {"x": {}}}, "#/webhooks", "webhooks belong in webhooks.json"),
        (
            document(**{"/things": {"get": operation(THING) | {"responses": {"200": {"content": {JSON_TYPE: {}}}}}}}),
            f"{AT}/responses/200/content/application~1json",
            "a media type without a `schema`",
        ),
    ],
)
def test_unknown_constructs_are_refused_by_file_and_pointer(room: Room, upstream: Json | bytes, where: str, what: str):
    room.take(client=GOOD)
    before = room.spec.read_bytes()
    assert room.try_import(client=GOOD, server=upstream) == 2
    assert len(room.err.splitlines()) == 1
    assert f"server.json{where}: " in room.err
    assert what in room.err
    assert room.spec.read_bytes() == before


def test_paths_of_two_documents_may_not_differ_in_parameter_names_alone(room: Room):
    one, other = (
        document(**{f"/a/{{{name}}}": {"get": operation(THING, None, "200", path_parameter(name))}}) for name in "xy"
    )
    assert room.try_import(client=one, server=other) == 2
    assert "server.json#/paths/~1a~1{y}: conflicts with /a/{x}" in room.err
    assert not room.spec.exists()


def test_a_default_id_that_one_of_ours_has_gets_a_number(room: Room):
    room.take(client=GOOD)
    room.edit("  /things:", "  /ours:")
    room.edit("get:\n", "get:\n      x-ours: true\n")
    assert room.take(client=GOOD)["paths"]["/things"]["get"]["operationId"] == "get_thing_2"


def test_a_reply_that_differs_in_more_than_fields_is_refused(room: Room):
    one, other = (
        document(**{"/things": {"get": operation(schema)}}) for schema in (THING, {"type": "array", "items": STRING})
    )
    assert room.try_import(client=one, server=other) == 2
    assert "GET /things response 200 differs between client and server" in room.err


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_folder_without_documents_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str):
    (tmp_path / "empty").mkdir()
    assert main(["import", str(tmp_path / folder), "--spec", str(tmp_path / "openapi.yaml")]) == 2
    assert "client.json server.json admin.json webhooks.json" in capsys.readouterr().err


def test_a_single_merged_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "openapi.json").write_text(json.dumps(GOOD))
    assert main(["import", str(tmp_path), "--spec", str(tmp_path / "openapi.yaml")]) == 2
    assert "openapi.json does not say which access type may call what" in capsys.readouterr().err


def test_a_media_type_without_a_schema_in_the_description_is_refused(room: Room):
    room.take(client=GOOD)
    description = room.description
    description["paths"]["/things"]["get"]["responses"]["200"]["content"] = {JSON_TYPE: {}}
    room.rewrite(description)
    assert room.try_import(client=GOOD) == 2
    assert f"{AT}/responses/200/content/application~1json: a media type needs a `schema`" in room.err


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("# A comment\n", ":1: an import would lose this comment"),
        ("paths: {}  # why\n", ": an import would lose this comment"),
        ("x: [\n", "not YAML"),
        ("paths: {}\npaths: {}\n", "duplicate key 'paths'"),
        ("- a\n", "expected a mapping"),
        ("? [a]\n: b\n", "a key that is not text"),
    ],
)
def test_a_description_that_an_import_would_damage_is_refused(room: Room, text: str, what: str):
    room.spec.write_text(text)
    assert room.try_import(client=GOOD) == 2
    assert len(room.err.splitlines()) == 1
    assert what in room.err
    assert room.spec.read_text() == text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("x-access", []),
        ("x-access", ["owner"]),
        ("x-access-names", {"owner": "get"}),
        ("x-needs", ["password"]),
        ("x-idempotent", "yes"),
        ("x-since", "2026"),
        ("x-since-values", {"name": "soon"}),
        ("x-unpublished", False),
        ("x-older", ["get"]),
        ("x-ours", False),
        ("x-ours", ""),
        ("x-since", "last week"),
        ("x-note", 1),
    ],
)
def test_extensions_of_another_form_are_refused(room: Room, key: str, value: Any):
    room.take(client=GOOD)
    description = room.description
    description["paths"]["/things"]["get"][key] = value
    room.rewrite(description)
    assert room.try_import(client=GOOD) == 2
    assert f"openapi.yaml{AT}/{key}: " in room.err
    assert "expected" in room.err


def test_a_hash_in_a_text_is_no_comment(room: Room):
    room.take(client=GOOD)
    description = room.description
    description["paths"]["/things"]["get"]["description"] = "First\n# not a comment\nhttps://example.com/#here"
    room.rewrite(description)
    assert room.take(client=GOOD) == description


def test_a_reference_to_nothing_in_the_description_is_refused(room: Room):
    room.take(client=GOOD)
    room.edit("schemas/Thing'", "schemas/Ghost'")
    room.edit("get:\n", "get:\n      x-ours: true\n")
    assert room.try_import(client=GOOD) == 2
    assert "refers to nothing in this document: #/components/schemas/Ghost" in room.err


@pytest.mark.parametrize("where", ["properties", "items"])
def test_a_schema_that_is_true_or_false_is_refused(room: Room, where: str):
    description = room.take(client=GOOD)
    inner = (
        {"type": "object", "properties": {"id": True}} if where == "properties" else {"type": "array", "items": True}
    )
    description["components"]["schemas"]["Odd"] = inner
    room.rewrite(description)
    assert room.try_import(client=GOOD) == 2
    assert "a schema is to be an object here" in room.err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def _places(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(place for key, child in inner for place in _places(child, (*way, key)))]


WHOLE = document(
    **{
        "/things": {"get": operation(page(THING)), "post": operation(THING, record(name=STRING), "201")},
        "/things/{id}": {"get": operation(THING, None, "200", path_parameter("id"), parameter("limit"))},
    }
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(_places(WHOLE)[1:]), value=JSON)
def test_any_damage_to_a_document_is_taken_or_refused_in_one_line(room: Room, place: tuple[Any, ...], value: Any):
    damaged = copy.deepcopy(WHOLE)
    node: Any = damaged
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    room.spec.unlink(missing_ok=True)
    status = room.try_import(client=json.dumps(damaged).encode())
    assert status in (0, 2)
    assert room.spec.exists() is (status == 0)
    assert len(room.err.splitlines()) == (1 if status else 0)


SERVERS = record(id=STRING, secret=STRING)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=JSON)
def test_any_damage_to_the_description_is_taken_or_refused_in_one_line(room: Room, data: st.DataObject, value: Any):
    server = document(**{"/things": {"get": operation(page(SERVERS), None, "200", parameter("secret"))}})
    room.spec.unlink(missing_ok=True)
    description = room.take(client=WHOLE, server=server)
    node: Any = description
    *way, last = data.draw(st.sampled_from(_places(description)[1:]))
    for key in way:
        node = node[key]
    node[last] = value
    room.rewrite(description)
    before = room.spec.read_bytes()
    status = room.try_import(client=WHOLE)
    assert status in (0, 2)
    assert status == 0 or room.spec.read_bytes() == before
    assert len(room.err.splitlines()) == (1 if status else 0)
