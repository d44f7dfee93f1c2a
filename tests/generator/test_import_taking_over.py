"""Documents that begin to describe our parts, new requirements, and the work left after an import."""

import pytest

from generator.todo import emulated
from tests.generator.importing import (
    NAMED,
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

TEAM = record(**NAMED)
OLD = document(**{"/teams": {"get": operation(page(TEAM))}})
DRAFT = "/drafts/{draft_id}"


def described(status: Json = STRING, **more: Json) -> Json:
    """Return the document that begins to describe our operation, with another parameter name."""
    shape = record(id=STRING, status=status, **more)
    body = record(status=status)
    post = operation(shape, body, "201", path_parameter("id"), parameter("force"))
    return document(**OLD["paths"], **{"/drafts/{id}": {"post": post}})


@pytest.fixture
def ours(room: Room) -> Room:
    """A room whose description has an operation that no document describes."""
    description = room.take(client=OLD, server=OLD)
    description["paths"][DRAFT] = {
        "post": {
            "x-ours": True,
            "operationId": "publish_draft",
            "x-access": ["client", "server"],
            "tags": ["drafts"],
            "summary": "Publish a draft",
            "parameters": [
                {"name": "draft_id", "in": "path", "required": True, "schema": STRING, "description": "Which draft."},
                {"name": "quiet", "in": "query", "schema": STRING},
            ],
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref("PublishBody")}}},
            "responses": {
                "201": {"description": "Out.", "content": {"application/json": {"schema": ref("Draft")}}},
                "200": {"description": "It was out.", "content": {"application/json": {"schema": ref("Draft")}}},
            },
        }
    }
    status = {"type": "string", "enum": ["out", "kept"], "description": "How it went."}
    schemas(description)["Draft"] = record(id=STRING, status=status, note=STRING) | {"x-ours": True}
    schemas(description)["PublishBody"] = record(status=status) | {"x-ours": True, "description": "Ours."}
    room.rewrite(description)
    return room


def test_our_names_and_words_stay_and_the_facts_are_the_documents(ours: Room):
    before = ours.description
    description = ours.take(client=described(), server=described())
    assert list(description["paths"]) == ["/drafts/{id}", "/teams"]
    post = description["paths"]["/drafts/{id}"]["post"]
    assert "x-ours" not in post
    assert (post["operationId"], post["summary"]) == ("publish_draft", "Publish a draft")
    assert [p["name"] for p in post["parameters"]] == ["id", "quiet", "force"]
    assert post["parameters"][0]["description"] == "Which draft."
    draft = schemas(description)["Draft"]
    assert draft["properties"]["status"] == {"type": "string", "description": "How it went."}
    assert schemas(description)["PublishBody"]["description"] == "Ours."
    assert schemas(description)["Team"] == schemas(before)["Team"]


def test_undocumented_parts_stay_ours_and_are_not_guaranteed(ours: Room):
    description = ours.take(client=described(), server=described())
    draft = schemas(description)["Draft"]
    assert draft["properties"]["note"] == STRING | {"x-ours": True}
    assert draft["required"] == ["id", "status"]
    post = description["paths"]["/drafts/{id}"]["post"]
    assert {p["name"]: p.get("x-ours") for p in post["parameters"]} == {"id": None, "quiet": True, "force": None}
    assert {status: reply.get("x-ours") for status, reply in post["responses"].items()} == {"200": True, "201": None}


def test_each_difference_is_a_line_to_decide(ours: Room):
    ours.take(client=described(), server=described())
    lines = _section(ours, "Decide")
    assert "POST /drafts/{id}: documented now, no longer ours" in lines
    assert any('status: any string now, not only "out", "kept"' in line for line in lines)
    assert any("note: always there → may be missing" in line for line in lines)
    assert any("query.force: added" in line for line in lines)
    assert _section(ours, "Changed") == []


def test_taking_over_is_done_once(ours: Room):
    description = ours.take(client=described(), server=described())
    assert ours.take(client=described(), server=described()) == description
    assert ours.out == "nothing to do\n"


def test_one_document_takes_over_for_all(ours: Room):
    description = ours.take(server=described())
    post = description["paths"]["/drafts/{id}"]["post"]
    assert post["x-access"] == ["client", "server"]
    assert "x-ours" not in post
    again = ours.take(client=described(), server=described())["paths"]["/drafts/{id}"]["post"]
    assert again["x-access"] == ["client", "server"]


def test_beside_an_operation_of_ours_path_parameters_are_called_as_there(ours: Room):
    description = ours.description
    description["paths"][DRAFT]["get"] = description["paths"][DRAFT]["post"] | {"operationId": "get_draft"}
    ours.rewrite(description)
    description = ours.take(client=described(), server=described())
    assert list(description["paths"]) == [DRAFT, "/teams"]
    post = description["paths"][DRAFT]["post"]
    assert post["parameters"][0]["description"] == "Which draft."
    assert ours.take(client=described(), server=described()) == description


def test_a_field_of_ours_is_taken_over_and_compared(room: Room):
    description = room.take(client=OLD)
    schemas(description)["Team"]["properties"]["size"] = NUMBER | {"x-ours": True, "description": "How many."}
    room.rewrite(description)
    grown = document(**{"/teams": {"get": operation(page(record(**NAMED, size={"type": "integer"})))}})
    size = schemas(room.take(client=grown))["Team"]["properties"]["size"]
    assert size == {"type": "integer", "description": "How many."}
    assert "Team.size: number → integer" in _section(room, "Decide")


def test_corrections_of_the_documents_stay_and_are_listed_with_their_reason(room: Room):
    description = room.take(client=OLD)
    why = "The documents say text."
    schemas(description)["Team"]["properties"]["id"] = {"type": "integer", "x-ours": why}
    room.rewrite(description)
    grown = document(**{"/teams": {"get": operation(page(record(**NAMED, size=NUMBER)))}})
    assert schemas(room.take(client=grown))["Team"]["properties"]["id"] == {"type": "integer", "x-ours": why}
    assert f"Team.id: {why}" in _section(room, "Stays ours")


def test_a_field_that_newer_documents_require_is_optional_and_says_since_when(room: Room):
    room.take(client=OLD)
    newer = document(**{"/teams": {"get": operation(page(record(**NAMED, size=NUMBER)))}})
    team = schemas(room.take("2026-10", client=newer))["Team"]
    assert team["required"] == ["id", "display_name"]
    assert team["properties"]["size"] == NUMBER | {"x-since": "2026-10"}
    assert schemas(room.take("2026-11", client=newer))["Team"] == team


def test_a_field_that_the_documents_stop_requiring_is_always_there_no_longer(room: Room):
    room.take(client=OLD)
    room.take("2026-10", client=document(**{"/teams": {"get": operation(page(record(**NAMED, size=NUMBER)))}}))
    less = record(("id", "display_name"), **NAMED, size=NUMBER)
    team = schemas(room.take(client=document(**{"/teams": {"get": operation(page(less))}})))["Team"]
    assert "x-since" not in team["properties"]["size"]


def test_newly_required_fields_of_a_body_are_required(room: Room):
    room.take(client=document(**{"/teams": {"post": operation(TEAM, record(name=STRING))}}))
    newer = document(**{"/teams": {"post": operation(TEAM, record(name=STRING, size=NUMBER))}})
    assert schemas(room.take(client=newer))["CreateTeamBody"]["required"] == ["name", "size"]


def test_operations_and_parameters_say_since_when_servers_know_them(room: Room):
    room.take(client=OLD)
    newer = document(
        **{"/teams": {"get": operation(page(TEAM), None, "200", parameter("query"))}, "/new": {"get": operation(TEAM)}}
    )
    paths = room.take("2026-10", client=newer)["paths"]
    assert paths["/new"]["get"]["x-since"] == paths["/teams"]["get"]["parameters"][0]["x-since"] == "2026-10"
    assert "x-since" not in paths["/teams"]["get"]


def test_the_list_goes_in_the_order_of_work(ours: Room):
    documents = described() | {"paths": described()["paths"] | {"/squads": {"get": operation(page(TEAM))}}}
    documents["paths"]["/teams"]["get"] = operation(page(record(**NAMED, size=NUMBER)))
    ours.take(client=documents, server=documents, webhooks=events(**{"team.made": TEAM}))
    titles = [line.partition(". ")[2] for line in ours.out.splitlines() if line[:1].isdigit()]
    assert [title.partition(":")[0] for title in titles] == [
        "Added and removed",
        "Changed",
        "Decide",
        "Word",
        "Name",
        "Give a method of a resource (`x-methods`)",
        "Tell apart or make one",
        "Events and errors",
        "Emulate",
        "Stays ours",
    ]
    assert "GET /squads: added [client, server]" in _section(ours, "Added and removed")
    assert "GET /squads: summary" in _section(ours, "Word")
    assert "list_squads: GET /squads" in _section(ours, "Name")
    assert "GET /squads: perhaps of `squads`" in _section(ours, "Give a method")
    assert "team.made: a new event; name it in the guide to webhooks" in _section(ours, "Events and errors")
    assert "GET /squads: the emulator does not answer it" in _section(ours, "Emulate")
    assert "fields that no document describes: Draft.note" in _section(ours, "Stays ours")


def test_a_shape_that_we_had_already_is_found_again(ours: Room):
    """Another operation replies with a shape that we described by hand, under our own name."""
    status = {"type": "string", "enum": ["out", "kept"]}
    draft = record(id=STRING, status=status, note=STRING)
    other = document(**OLD["paths"], **{"/latest": {"get": operation(draft)}})
    assert reply_of(ours.take(client=other, server=OLD), "get", "/latest") == ref("Draft")


def test_names_begin_with_the_verb_that_the_path_has(room: Room):
    paths = room.take(client=document(**{"/orders/validate-codes": {"post": operation(TEAM)}}))["paths"]
    assert paths["/orders/validate-codes"]["post"]["operationId"] == "validate_codes"


def test_the_parts_of_an_all_of_are_one_object_and_those_of_a_choice_too(room: Room):
    whole = {"allOf": [record(a=STRING), record((), b=STRING), {"required": ["b"]}]}
    lists = [{"type": "array", "items": {"type": kind}} for kind in ("string", "integer")]
    choice = {
        "oneOf": [
            record(kind={"const": "x", "type": "string"}, a=STRING, values=lists[0]),
            record(kind={"type": "null"}, b=STRING, values=lists[1]),
        ]
    }
    description = room.take(client=document(**{"/things": {"get": operation(record(whole=whole, choice=choice))}}))
    assert schemas(description)["Whole"] == record(("a", "b"), a=STRING, b=STRING)
    found = schemas(description)["Choice"]
    assert found["required"] == ["kind", "values"]
    assert found["properties"]["values"]["items"]["type"] == ["string", "integer"]
    assert found["properties"]["kind"]["type"] == ["string", "null"]
    assert found["properties"].keys() == {"kind", "a", "b", "values"}


def test_the_emulators_source_says_what_it_answers(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("emulator")
    (folder / "teams.py").write_text('@route(\n    "GET", "/teams/{team_id}", access=CLIENT)\ndef get(): ...\n')
    assert emulated(folder) == {("get", "/teams/{}")}
    assert emulated(folder / "missing") is None


def _section(room: Room, title: str) -> list[str]:
    """Return the lines of one section of the list that the last import printed."""
    lines: list[str] = []
    inside = False
    for line in room.out.splitlines():
        if line[:1].isdigit():
            inside = line.partition(". ")[2].startswith(title)
        elif inside and line.startswith("   - "):
            lines.append(line.removeprefix("   - "))
    return lines
