"""Release marks: derived from the documents of all releases, kept by imports, rendered."""

import json
from pathlib import Path
from typing import Any

import pytest

from generator import description
from generator.__main__ import main
from generator.description import bare
from generator.importing.standing import operations
from tests.generator.describing import api, content
from tests.generator.describing import operation as described
from tests.generator.describing import parameter as query
from tests.generator.describing import record as shape
from tests.generator.describing import ref as to
from tests.generator.importing import STRING, Json, Room, document, operation, parameter, record, reply_of
from tests.generator.rendering import Package, rendered

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
SHARED = Path(__file__).parents[3] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="upstream's documents are not at hand")

OLD = document(**{"/things": {"get": operation(record(id=STRING)), "post": operation(body=record(name=STRING))}})
NEW = document(
    **{
        "/things": {
            "get": operation(record(id=STRING), None, "200", parameter("limit")),
            "post": operation(body=record(name=STRING, color=STRING)),
        },
        "/parts": {"get": operation(record(id=STRING), None, "200", parameter("limit"))},
    }
)


@pytest.fixture
def room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Room:
    return Room(tmp_path, capsys)


def mark(room: Room, **releases: Json) -> int:
    folder = room.spec.parent / "releases"
    for name, documents in releases.items():
        (folder / name.strip("_").replace("_", "-")).mkdir(parents=True, exist_ok=True)
        (folder / name.strip("_").replace("_", "-") / "client.json").write_text(json.dumps(documents))
    return main(["releases", str(folder), "--spec", str(room.spec)])


class TestMarking:
    def test_items_missing_from_the_first_release_are_marked_with_the_one_that_introduced_them(self, room: Room):
        room.take(client=NEW)
        assert mark(room, _2026_04=OLD, _2026_09=NEW) == 0
        things, parts = room.description["paths"]["/things"], room.description["paths"]["/parts"]
        assert "x-since" not in things["get"]
        assert things["get"]["parameters"][0]["x-since"] == "2026-09"
        assert parts["get"]["x-since"] == "2026-09"
        assert "x-since" not in parts["get"]["parameters"][0]  # as old as its operation
        body = things["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        fields = room.description["components"]["schemas"][body]["properties"]
        assert {name: field.get("x-since") for name, field in fields.items()} == {"name": None, "color": "2026-09"}

    def test_an_import_keeps_the_marks(self, room: Room):
        room.take(client=NEW)
        mark(room, _2026_04=OLD, _2026_09=NEW)
        marked = room.description
        assert room.take(client=NEW) == marked

    def test_marking_again_changes_nothing(self, room: Room, capsys: pytest.CaptureFixture[str]):
        room.take(client=NEW)
        mark(room, _2026_04=OLD, _2026_09=NEW)
        assert mark(room) == 0
        assert capsys.readouterr().out.endswith("nothing changed\n")

    def test_a_mark_that_the_documents_contradict_goes(self, room: Room):
        marked = room.take(client=NEW)
        marked["paths"]["/things"]["get"] |= {"x-since": "2026-09", "x-unpublished": True}
        room.rewrite(marked)
        mark(room, _2026_04=OLD, _2026_09=NEW)
        assert not room.description["paths"]["/things"]["get"].keys() & {"x-since", "x-unpublished"}

    def test_undocumented_items_are_unpublished_and_keep_their_own_mark(self, room: Room):
        marked = room.take(client=NEW)
        marked["paths"]["/parts"]["get"] |= {"x-ours": True, "x-since": "after 2026-04"}
        room.rewrite(marked)
        mark(room, _2026_04=OLD, _2026_09=OLD)
        parts = room.description["paths"]["/parts"]["get"]
        assert (parts["x-since"], parts["x-unpublished"]) == ("after 2026-04", True)

    def test_a_folder_without_releases_is_refused(self, room: Room, capsys: pytest.CaptureFixture[str]):
        room.take(client=NEW)
        assert main(["releases", str(room.spec.parent / "nowhere"), "--spec", str(room.spec)]) == 2
        assert "a folder for each release" in capsys.readouterr().err
        assert reply_of(room.description, "get", "/parts")


class TestRendering:
    @pytest.fixture(scope="class")
    @classmethod
    def package(cls, tmp_path_factory: pytest.TempPathFactory) -> Package:
        moved: Any = {"x-since": "2026-09", "x-older": "get_old", "description": "Moved."}
        body = {"required": True, **content(to("Body"))}
        parameters = [
            query(name="limit", **{"x-since": "2026-09"}),
            query(name="order_by", **{"x-since-values": {"last_active_at": "2026-09"}}),
        ]
        paths = {
            "/new": {"get": described("get_new", **moved), "post": described("make_new", requestBody=body)},
            "/old": {"get": described("get_old", parameters=parameters, **{"x-unpublished": True})},
            "/own": {"get": described("get_own", **{"x-unpublished": True, "x-since": "after 2026-04"})},
        }
        newer = shape(("name",), name=STRING, color=STRING | {"x-since": "after 2026-04", "description": "A name."})
        return rendered(tmp_path_factory.mktemp("releases"), api(paths, Body=newer))

    def test_an_operation_knows_since_when_it_exists_and_what_older_servers_have(self, package: Package):
        new, old = package.function("get_new")(), package.function("get_old")()
        assert (new.since, new.older) == ("2026-09", "get_old")
        assert (old.since, old.older) == (None, None)

    def test_an_operation_knows_which_of_its_arguments_are_newer(self, package: Package):
        assert package.function("get_old")().arguments_since == {
            "limit": "2026-09",
            "order_by=last_active_at": "2026-09",
        }
        assert package.function("make_new")(name="x").arguments_since == {"color": "after 2026-04"}
        assert package.function("get_new")().arguments_since == {}

    def test_readers_are_informed(self, package: Package):
        words = {
            name: " ".join((package.function(name).__doc__ or "").split())
            for name in ("get_new", "get_old", "get_own", "make_new")
        }
        assert "Needs a server of release 2026-09 or newer. Older servers have `get_old` instead." in words["get_new"]
        assert words["get_old"].endswith("Not in the published API documents.")
        assert "limit: Needs a server of release 2026-09 or newer." in words["get_old"]
        assert "`last_active_at` needs a server of release 2026-09 or newer." in words["get_old"]
        assert "Not in the published API documents; newer servers only." in words["get_own"]
        assert "color: A name. Needs a server newer than release 2026-04." in words["make_new"]


class TestTheDescription:
    @pytest.fixture(scope="class")
    @classmethod
    def here(cls) -> Json:
        return description.load(SPEC)

    @needs_shared
    def test_its_marks_are_those_of_the_documents(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        copy = tmp_path / "openapi.yaml"
        copy.write_bytes(SPEC.read_bytes())
        assert main(["releases", str(SHARED / "upstream"), "--spec", str(copy)]) == 0
        assert capsys.readouterr().out == "nothing changed\n"

    @needs_shared
    def test_every_route_that_an_old_server_lacks_is_marked(self, here: Json):
        lines = (SHARED / "facts" / "routes-missing-in-april.md").read_text("utf-8").splitlines()
        missing = {tuple(line[3:].rstrip("`").split()) for line in lines if line.startswith("- `")}
        newer = {(m.upper(), bare(path)): each["x-since"] for (m, path), each in operations(here) if "x-since" in each}
        assert len(missing) > 50
        listed = {(method, bare(path)) for method, path in missing}
        assert listed <= newer.keys()
        # The list was created before 2026-10, so it lacks the items of that release.
        assert {newer[operation] for operation in newer.keys() - listed} <= {"2026-10"}

    def test_words_do_not_repeat_marks(self, here: Json):
        told = [
            place
            for place, each in operations(here)
            if "newer servers" in each.get("description", "").lower() and "x-since" in each
        ]
        assert told == []
