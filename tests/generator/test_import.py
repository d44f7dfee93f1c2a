"""Merging upstream's documents into the description: access, names, wording, our parts, and unchanged parts."""

from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.generator.importing import (
    NAMED,
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

TEAM = record(**NAMED)
SERVER_TEAM = record(**NAMED, created_at=STRING)
TEAM_PATH = "/teams/{team_id}"


def teams(team: Json) -> Json:
    """Return the document of an audience that may read teams."""
    return document(
        **{
            "/teams": {"get": operation(page(team)), "post": operation(team, record(display_name=STRING), "201")},
            TEAM_PATH: {"get": operation(team, None, "200", path_parameter("team_id"))},
        }
    )


def test_an_operation_of_several_documents_stands_once(room: Room):
    description = room.take(
        client=teams(TEAM), server=teams(TEAM), admin=document(**{"/keys": {"get": operation(TEAM)}})
    )
    assert description["paths"]["/teams"]["get"]["x-access"] == ["client", "server"]
    assert description["paths"]["/keys"]["get"]["x-access"] == ["admin"]
    assert "x-access-names" not in description["paths"]["/teams"]["get"]


def test_where_shapes_differ_the_description_says_which_goes_with_which_access_type(room: Room):
    description = room.take(client=teams(TEAM), server=teams(SERVER_TEAM), admin=teams(SERVER_TEAM))
    get = description["paths"][TEAM_PATH]["get"]
    assert reply_of(description, "get", TEAM_PATH) == {
        "anyOf": [ref("Team"), ref("ServerTeam")],
        "x-access-schema": {
            a: ref(n)["$ref"] for a, n in [("client", "Team"), ("server", "ServerTeam"), ("admin", "ServerTeam")]
        },
    }
    assert get["x-access-names"] == {
        "client": "get_team",
        "server": "get_team_as_server",
        "admin": "get_team_as_server",
    }
    assert "created_at" in schemas(description)["ServerTeam"]["properties"]
    assert "created_at" not in schemas(description)["Team"]["properties"]


def test_a_third_shape_is_the_admins(room: Room):
    description = room.take(client=teams(TEAM), server=teams(SERVER_TEAM), admin=teams(record(**NAMED, secret=STRING)))
    names = description["paths"][TEAM_PATH]["get"]["x-access-names"]
    assert names == {"client": "get_team", "server": "get_team_as_server", "admin": "get_team_as_admin"}
    assert "secret" in schemas(description)["AdminTeam"]["properties"]


def test_a_parameter_that_some_access_types_lack_says_so(room: Room):
    server = document(**{"/teams": {"get": operation(TEAM, None, "200", parameter("user_id"), parameter("deleted"))}})
    client = document(**{"/teams": {"get": operation(TEAM, None, "200", parameter("user_id"))}})
    found = room.take(client=client, server=server)["paths"]["/teams"]["get"]["parameters"]
    assert {p["name"]: p.get("x-access") for p in found} == {"user_id": None, "deleted": ["server"]}


def test_a_parameter_that_differs_between_access_types_allows_what_any_allows(room: Room):
    def things(**words: Any) -> Json:
        listing = operation(TEAM, None, "200", parameter("kind") | words, parameter("other"))
        return document(**{"/things": {"get": listing}})

    one = things(schema={"type": "string", "enum": ["a", "b"]}, required=True)
    other = things(schema={"type": "string", "enum": ["b", "c"]})
    kind, _ = room.take(client=one, server=other)["paths"]["/things"]["get"]["parameters"]
    assert kind == {"name": "kind", "in": "query", "schema": {"type": "string", "enum": ["a", "b", "c"]}}
    kind, _ = room.take(client=one, server=things(schema={"type": "boolean"}))["paths"]["/things"]["get"]["parameters"]
    assert kind["schema"] == {"type": ["string", "boolean"]}


def test_equal_shapes_are_one_component_across_operations_audiences_and_events(room: Room):
    description = room.take(client=teams(TEAM), server=teams(TEAM), webhooks=events(**{"team.created": TEAM}))
    assert sorted(schemas(description)) == ["CreateTeamBody", "Pagination", "Team", "TeamCreatedEvent", "TeamPage"]
    assert schemas(description)["TeamCreatedEvent"]["properties"]["data"] == ref("Team")


def test_equal_means_equal_whatever_the_order_of_fields_and_the_words(room: Room):
    turned = record(display_name=STRING | {"description": "Upstream's"}, id=STRING | {"example": "1"})
    description = room.take(client=teams(TEAM), server=teams(turned))
    assert reply_of(description, "get", TEAM_PATH) == ref("Team")


def test_a_shape_that_may_be_null_is_the_same_component_or_null(room: Room):
    user = record(id=STRING, team=TEAM | {"type": ["object", "null"]})
    description = room.take(server=document(**{"/users": {"get": operation(page(user))}}, **teams(TEAM)["paths"]))
    assert schemas(description)["User"]["properties"]["team"] == {"anyOf": [ref("Team"), {"type": "null"}]}


def test_shapes_are_found_in_lists_choices_and_maps(room: Room):
    nested = record(
        choice={"oneOf": [record(a=STRING), record(b=STRING)]},
        lists={"type": "array", "items": {"type": "array", "items": record(c=STRING)}},
        values={"type": "object", "additionalProperties": record(d=STRING)},
        free={"type": "object"},
    )
    fields = schemas(room.take(server=document(**{"/things": {"get": operation(nested)}})))["Thing"]["properties"]
    assert set(fields["choice"]) == {"$ref"}
    assert set(fields["lists"]["items"]["items"]) == {"$ref"}
    assert set(fields["values"]["additionalProperties"]) == {"$ref"}
    assert fields["free"] == {"type": "object"}


def test_no_words_of_upstream_come_along(room: Room):
    room.take(
        client=teams(record(id=STRING | {"description": "Upstream's", "example": "Upstream's", "title": "Upstream's"}))
    )
    assert "pstream" not in room.spec.read_text()


def test_a_new_operation_has_a_summary_from_its_method_and_path(room: Room):
    assert room.take(client=teams(TEAM))["paths"][TEAM_PATH]["get"]["summary"] == "Get team by team id"


def test_default_ids_take_more_of_the_path_where_they_must(room: Room):
    paths = {path: {"post": operation(TEAM)} for path in ("/a/check-code", "/b/check-code", "/c/send-code")}
    found = room.take(client=document(**paths))["paths"]
    assert [found[path]["post"]["operationId"] for path in paths] == ["a_check_code", "b_check_code", "send_code"]


def test_importing_again_changes_nothing(room: Room):
    room.take(client=teams(TEAM), server=teams(SERVER_TEAM), webhooks=events(**{"team.created": SERVER_TEAM}))
    before = room.spec.read_bytes()
    room.take(client=teams(TEAM), server=teams(SERVER_TEAM), webhooks=events(**{"team.created": SERVER_TEAM}))
    assert room.spec.read_bytes() == before
    assert room.out == "nothing to do\n"


def test_any_subset_changes_nothing_when_nothing_changed(room: Room):
    room.take(client=teams(TEAM), server=teams(SERVER_TEAM), webhooks=events(**{"team.created": SERVER_TEAM}))
    before = room.spec.read_bytes()
    room.take(server=teams(SERVER_TEAM))
    room.take(client=teams(TEAM))
    room.take(webhooks=events(**{"team.created": SERVER_TEAM}))
    assert room.spec.read_bytes() == before


def test_names_changed_by_hand_are_kept(room: Room):
    room.take(client=teams(TEAM), server=teams(SERVER_TEAM))
    for old, new in [
        ("ServerTeam'", "Squad'"),
        ("ServerTeam:", "Squad:"),
        ("operationId: get_team\n", "operationId: read_team\n"),
    ]:
        room.edit(old, new)
    room.edit("get_team_as_server", "read_squad")
    edited = room.description
    description = room.take(client=teams(TEAM), server=teams(SERVER_TEAM))
    assert description["paths"][TEAM_PATH]["get"]["operationId"] == "read_team"
    assert description["paths"][TEAM_PATH]["get"]["x-access-names"]["server"] == "read_squad"
    assert description == edited


def test_a_renamed_shape_keeps_its_name_when_it_changes_and_new_places_join_it(room: Room):
    room.take(server=teams(TEAM))
    for old, new in [("Team'", "Squad'"), ("  Team:", "  Squad:")]:
        room.edit(old, new)
    grown = record(**NAMED, colour=STRING)
    description = room.take(server=document(**teams(grown)["paths"], **{"/first-team": {"get": operation(grown)}}))
    assert reply_of(description, "get", TEAM_PATH) == reply_of(description, "get", "/first-team") == ref("Squad")
    assert "colour" in schemas(description)["Squad"]["properties"]
    assert "Team" not in schemas(description)


def test_a_renamed_path_parameter_keeps_names_and_words(room: Room):
    room.take(client=teams(TEAM))
    room.edit("operationId: get_team\n", "operationId: read_team\n")
    changed = document(**{"/teams/{id}": {"get": operation(TEAM, None, "200", path_parameter("id"))}})
    found = room.take(client=changed)["paths"]
    assert list(found) == ["/teams/{id}"]
    assert found["/teams/{id}"]["get"]["operationId"] == "read_team"


def test_wording_written_by_hand_is_kept(room: Room):
    room.take(client=teams(TEAM))
    description = room.description
    get = description["paths"][TEAM_PATH]["get"]
    get |= {
        "summary": "Our summary",
        "description": "Our words",
        "tags": ["ours"],
        "x-note": "Why",
        "x-idempotent": True,
    }
    get["parameters"][0]["description"] = "Our parameter"
    get["responses"]["200"]["description"] = "Our reply"
    team = schemas(description)["Team"]
    team["description"] = "Our team"
    team["properties"]["id"] |= {"description": "Our id", "format": "password"}
    schemas(description)["TeamPage"]["properties"]["items"]["items"]["description"] = "Our item"
    room.rewrite(description)
    assert room.take(client=teams(TEAM)) == description


def test_our_parts_are_kept_and_take_precedence(room: Room):
    room.take(client=teams(TEAM))
    description = room.description
    ours: Json = {"x-ours": "The documents are wrong."}
    hand_made = operation(record(x=STRING)) | ours | {"operationId": "ours", "x-access": ["client"]}
    del hand_made["parameters"]
    description["paths"]["/hidden"] = {"get": hand_made}
    description["paths"]["/teams"]["post"]["requestBody"] = ours | {
        "content": {"application/json": {"schema": ref("Ours")}}
    }
    description["paths"]["/teams"]["get"]["parameters"] = [ours | {"name": "hidden", "in": "query", "schema": STRING}]
    description["paths"]["/teams"]["get"]["responses"]["200"] = ours | {"description": "Ours"}
    schemas(description)["Ours"] = ours | {"type": "object", "properties": {"a": STRING}}
    schemas(description)["Team"]["properties"]["display_name"] = ours | {"type": ["string", "null"]}
    schemas(description)["Team"]["properties"]["hidden"] = ours | {"type": "boolean"}
    schemas(description)["Team"]["required"] = ["id", "hidden"]
    room.rewrite(description)
    again = room.take(client=teams(TEAM))
    del schemas(description)["CreateTeamBody"], schemas(description)["TeamPage"], schemas(description)["Pagination"]
    assert again == description


def test_our_parts_do_not_affect_the_shape_that_they_replace(room: Room):
    other = record(x=STRING)
    documented = document(
        **teams(TEAM)["paths"],
        **{
            "/a": {"get": operation(other)},
            "/b/{id}": {"get": operation(record(team=other), None, "200", path_parameter("id"))},
        },
    )
    room.take(client=documented)
    description = room.description
    why = "The documents are wrong."
    ours = {"description": "Ours", "content": {"application/json": {"schema": ref("Team")}}, "x-ours": why}
    description["paths"]["/a"]["get"]["responses"]["200"] = ours
    schemas(description)["B"]["properties"]["team"] = ref("Team") | {"x-ours": why}
    room.rewrite(description)
    again = room.take(client=documented)
    assert reply_of(again, "get", "/a") == ref("Team")
    assert schemas(again)["B"]["properties"]["team"] == ref("Team") | {"x-ours": why}
    assert schemas(again)["Team"] == schemas(description)["Team"]


def test_an_operation_of_ours_wins_over_the_documents_whatever_its_parameters_are_called(room: Room):
    room.take(client=teams(TEAM))
    room.edit("  /teams/{team_id}:\n    get:\n", "  /teams/{team_id}:\n    get:\n      x-ours: They are wrong.\n")
    documented = document(**{"/teams/{id}": {"get": operation(SERVER_TEAM, None, "200", path_parameter("id"))}})
    found = room.take(client=documented)["paths"]
    assert list(found) == [TEAM_PATH]
    assert found[TEAM_PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"] == ref("Team")


def test_a_component_of_ours_stays_where_nothing_refers_to_it(room: Room):
    room.take(client=teams(TEAM))
    description = room.description
    schemas(description)["Ours"] = {"x-ours": True, "type": "string"}
    room.rewrite(description)
    assert "Ours" in schemas(room.take(client=teams(TEAM)))


def test_vanished_items_are_removed_unless_ours_or_not_imported(room: Room):
    both = document(**{"/a": {"get": operation(TEAM)}, "/b": {"get": operation(SERVER_TEAM)}})
    room.take(client=both, server=both)
    less = document(**{"/a": {"get": operation(TEAM)}})
    description = room.take(client=less)
    assert description["paths"]["/b"]["get"]["x-access"] == ["server"]
    description = room.take(server=less)
    assert list(description["paths"]) == ["/a"]
    assert len(schemas(description)) == 1


def test_a_shape_that_splits_gets_a_provisional_name_made_from_its_operation(room: Room):
    room.take(client=teams(TEAM))
    split = teams(TEAM)
    split["paths"][TEAM_PATH]["get"] = operation(SERVER_TEAM, None, "200", path_parameter("team_id"))
    description = room.take(client=split)
    assert reply_of(description, "get", TEAM_PATH) == ref("GetTeamResult")
    assert reply_of(description, "post", "/teams", "201") == ref("Team")
    assert "created_at" not in schemas(description)["Team"]["properties"]
    assert f"   - GetTeamResult: GET {TEAM_PATH}, split from Team" in room.out.splitlines()
    assert room.take(client=split) == description
    assert room.out == "nothing to do\n"


def test_the_place_that_did_not_change_keeps_the_name_though_more_places_did(room: Room):
    room.take(client=teams(TEAM))
    split = teams(SERVER_TEAM)
    split["paths"][TEAM_PATH]["get"] = operation(TEAM, None, "200", path_parameter("team_id"))
    description = room.take(client=split)
    assert reply_of(description, "get", TEAM_PATH) == ref("Team")
    assert reply_of(description, "post", "/teams", "201") != ref("Team")
    assert schemas(description)["Team"] == record(**NAMED)


def test_shapes_around_one_that_splits_split_too(room: Room):
    def both(one: Json, other: Json) -> Json:
        holder = {"/a": record(holder=record(team=one)), "/b": record(holder=record(team=other))}
        return document(**{path: {"get": operation(shape)} for path, shape in holder.items()})

    room.take(client=both(TEAM, TEAM))
    description = room.take(client=both(TEAM, SERVER_TEAM))
    a, b = (reply_of(description, "get", path)["$ref"].rpartition("/")[2] for path in ("/a", "/b"))
    assert a != b
    assert "created_at" in str(_resolved(description, b))
    assert "created_at" not in str(_resolved(description, a))


def _resolved(description: Json, name: str) -> Json:
    fields = schemas(description)[name]["properties"].items()
    return {
        key: _resolved(description, field["$ref"].rpartition("/")[2]) if "$ref" in field else field
        for key, field in fields
    }


def test_a_changed_shape_that_equals_another_component_takes_its_name(room: Room):
    other = document(**teams(TEAM)["paths"], **{"/squads": {"get": operation(page(SERVER_TEAM))}})
    room.take(client=other)
    other["paths"][TEAM_PATH]["get"] = operation(SERVER_TEAM, None, "200", path_parameter("team_id"))
    assert reply_of(room.take(client=other), "get", TEAM_PATH) == ref("Squad")


def test_names_that_contradict_each_other_are_refused(room: Room):
    room.take(client=teams(TEAM))
    split = teams(TEAM)
    split["paths"][TEAM_PATH]["get"] = operation(SERVER_TEAM, None, "200", path_parameter("team_id"))
    names = {f"GET {TEAM_PATH} response 200": "Team", "GET /teams response 200.items[]": "Team"}
    room.rewrite(room.description | {"x-names": names})
    before = room.spec.read_bytes()
    assert room.try_import(client=split) == 2
    assert len(room.err.splitlines()) == 1
    assert "Team would name two different shapes" in room.err
    assert "`x-names`" in room.err
    assert room.spec.read_bytes() == before


def test_x_names_decides(room: Room):
    room.take(client=teams(TEAM))
    split = teams(TEAM)
    split["paths"][TEAM_PATH]["get"] = operation(SERVER_TEAM, None, "200", path_parameter("team_id"))
    names = {f"GET {TEAM_PATH} response 200": "TeamDetails", "POST /teams": "found_team"}
    room.rewrite(room.description | {"x-names": names})
    description = room.take(client=split)
    assert reply_of(description, "get", TEAM_PATH) == ref("TeamDetails")
    assert description["paths"]["/teams"]["post"]["operationId"] == "found_team"
    del description["x-names"]
    room.rewrite(description)
    assert room.take(client=split) == description


def test_x_names_decides_for_one_access_type(room: Room):
    room.take(client=teams(TEAM), server=teams(SERVER_TEAM))
    get = f"GET {TEAM_PATH}"
    names = {f"{get} response 200 as server": "Squad", f"{get} as server": "get_squad"}
    room.rewrite(room.description | {"x-names": names})
    description = room.take(client=teams(TEAM), server=teams(SERVER_TEAM))
    chosen = reply_of(description, "get", TEAM_PATH)["x-access-schema"]
    assert chosen == {"client": ref("Team")["$ref"], "server": ref("Squad")["$ref"]}
    names = description["paths"][TEAM_PATH]["get"]["x-access-names"]
    assert names == {"client": "get_team", "server": "get_squad"}


def test_one_operation_id_for_two_operations_stops(room: Room):
    room.take(client=teams(TEAM))
    room.rewrite(room.description | {"x-names": {"POST /teams": "get_team"}})
    assert room.try_import(client=teams(TEAM)) == 2
    assert "POST /teams" in room.err
    assert f"GET {TEAM_PATH}" in room.err
    assert "get_team" in room.err


def test_an_import_of_some_documents_leaves_what_others_use(room: Room):
    room.take(client=teams(record(holder=TEAM)), server=teams(record(holder=TEAM)))
    before = schemas(room.description)
    description = room.take(server=teams(record(holder=SERVER_TEAM)))
    assert {name: schemas(description)[name] for name in before} == before
    chosen = reply_of(description, "get", TEAM_PATH)["x-access-schema"]
    assert chosen == {"client": ref("Team")["$ref"], "server": ref("ServerTeam")["$ref"]}
    assert room.take(server=teams(record(holder=SERVER_TEAM))) == description


def test_events_have_payload_components_with_a_constant_type(room: Room):
    description = room.take(webhooks=events(**{"team.deleted": record(id=STRING)}))
    post = description["webhooks"]["team.deleted"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"] == ref("TeamDeletedEvent")
    payload = schemas(description)["TeamDeletedEvent"]["properties"]
    assert payload["type"] == {"type": "string", "const": "team.deleted"}


def test_error_replies_are_added_once_they_are_described(room: Room):
    room.take(client=teams(TEAM))
    errors = {"Error": {"description": "It failed.", "x-ours": True}}
    room.rewrite(room.description | {"components": room.description["components"] | {"responses": errors}})
    description = room.take(client=teams(TEAM))
    assert description["paths"]["/teams"]["get"]["responses"]["default"] == {"$ref": "#/components/responses/Error"}


FIELD = st.sampled_from(
    [STRING, {"type": "integer"}, {"type": ["string", "null"]}, {"type": "array", "items": STRING}, {}]
)
SHAPES = st.recursive(
    FIELD,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(lambda fields: record(**fields)),
        inner.map(lambda item: {"type": "array", "items": item}),
    ),
    max_leaves=6,
)
PATHS = st.dictionaries(
    st.sampled_from(["/things", "/things/{id}", "/things/me", "/others", "/others/{id}/send"]),
    st.dictionaries(st.sampled_from(["get", "post"]), SHAPES, min_size=1),
    min_size=1,
)


def _document(paths: Json) -> Json:
    return document(
        **{
            path: {
                method: operation(record(value=shape), None, "200", *([path_parameter("id")] if "{" in path else []))
                for method, shape in methods.items()
            }
            for path, methods in paths.items()
        }
    )


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(client=PATHS, server=PATHS)
def test_whatever_is_imported_importing_it_again_changes_nothing(room: Room, client: Json, server: Json):
    room.spec.unlink(missing_ok=True)
    room.take(client=_document(client), server=_document(server))
    before = room.spec.read_bytes()
    room.take(client=_document(client), server=_document(server))
    assert room.spec.read_bytes() == before
    assert yaml.safe_load(before)["paths"].keys() == client.keys() | server.keys()
