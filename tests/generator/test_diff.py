"""`python -m generator diff`: reports, exit status, and invalid descriptions."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from generator import description
from generator.__main__ import main
from generator.comparing.changes import compare
from generator.validation import refuse_invalid
from tests.generator.describing import (
    INTEGER,
    STRING,
    Json,
    api,
    in_many_places,
    nullable,
    one,
    operation,
    parameter,
    receiving,
    record,
    ref,
    reply,
)

SHARED = Path(__file__).parents[3] / "shared" / "upstream"


def write(path: Path, document: Json) -> str:
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    old = one(responses=reply(record(a=STRING, b=STRING)), parameters=[parameter(INTEGER)])
    new = one(responses=reply(record(a=STRING)), parameters=[parameter({**INTEGER, "default": 5})])
    return write(tmp_path / "old.yaml", old), write(tmp_path / "new.yaml", new)


REPORT = {
    "type": "object",
    "required": ["breaking", "other", "changes"],
    "additionalProperties": False,
    "properties": {
        "breaking": {"type": "integer", "minimum": 0},
        "other": {"type": "integer", "minimum": 0},
        "changes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    "subject",
                    "place",
                    "kind",
                    "text",
                    "breaking",
                    "affects",
                    "direction",
                    "access",
                    "operations",
                ],
                "additionalProperties": False,
                "properties": {
                    "subject": {"type": "string", "minLength": 1},
                    "place": {"type": "string"},
                    "kind": {"type": "string", "pattern": "^[a-z-]+$"},
                    "text": {"type": "string", "minLength": 1},
                    "breaking": {"type": "boolean"},
                    "affects": {"enum": ["wire", "python"]},
                    "direction": {"enum": ["sent", "received"]},
                    "access": {"type": "array", "items": {"enum": ["client", "server", "admin"]}},
                    "operations": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                },
            },
        },
    },
}


def test_text_marks_every_line(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *two]) == 0
    assert capsys.readouterr().out == (
        "1 breaking, 1 other changes\n\nGET /things\n"
        "  ok        query.limit: default none → 5\n"
        "  BREAKING  response 200.b: removed\n"
    )


def test_markdown_marks_every_line(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *two, "--format", "markdown"]) == 0
    assert capsys.readouterr().out == (
        "1 breaking, 1 other changes\n\n### GET /things\n\n"
        "- `query.limit`: default none → 5\n"
        "- **breaking** `response 200.b`: removed\n"
    )


def test_json_follows_its_schema(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *two, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(REPORT).validate(report)
    assert (report["breaking"], report["other"], len(report["changes"])) == (1, 1, 2)


def test_a_component_lists_its_operations_and_says_who_sees_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No list is truncated, and no operation is broken across lines."""
    old, new = in_many_places(Thing=record(a=STRING)), in_many_places(Thing=record(a=STRING, b=STRING))
    main(["diff", write(tmp_path / "old", old), write(tmp_path / "new", new)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "Thing, as received"
    operations = " ".join(line.strip() for line in lines[3:-1]).removeprefix("in ").split(", ")
    assert sorted(operations) == sorted(f"GET /a{number}" for number in range(40))
    assert not any(line.endswith("GET") for line in lines)
    assert lines[-1] == "  ok        b: added: string, may be missing"


@pytest.mark.parametrize(("swapped", "status"), [(False, 1), (True, 0)])
def test_fail_on_breaking_decides_the_exit_status(two: tuple[str, str], swapped: bool, status: int) -> None:
    assert main(["diff", *(two[::-1] if swapped else two), "--fail-on", "breaking"]) == status


def test_equal_descriptions_say_so(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", two[0], two[0], "--fail-on", "breaking"]) == 0
    assert capsys.readouterr().out == "no changes\n"


def test_the_description_of_this_repository_can_be_compared() -> None:
    path = Path(__file__).parents[2] / "spec" / "openapi.yaml"
    document = description.load(path)
    refuse_invalid(path, document)
    assert compare(document, document) == []


def broken(change: Callable[[Json], object]) -> Json:
    document = receiving(ref("Part"), Part=record(a=STRING))
    change(document)
    return document


def broken_operation(**parts: Any) -> Json:
    return broken(lambda document: document["paths"]["/things"]["get"].update(parts))


def broken_part(part: Json) -> Json:
    return receiving(ref("Part"), Part=part)


@pytest.mark.parametrize(
    ("document", "pointer", "problem"),
    [
        ([], "", "a mapping"),
        ({"swagger": "2.0"}, "#", "openapi"),
        (broken(lambda document: document["paths"]["/things"].update(get=5)), "#/paths/~1things/get", "5"),
        (broken_operation(**{"x-access": None}), "#/paths/~1things/get", "x-access"),
        (broken_operation(**{"x-access": ["root"]}), "#/paths/~1things/get", "x-access"),
        (broken_operation(parameters=[{"name": 1}]), "#/paths/~1things/get/parameters/0/name: ", "1 is not"),
        (broken_operation(operationId=None), "#/paths/~1things/get/operationId", "None"),
        (broken(lambda d: d["paths"]["/things"]["get"].pop("operationId")), "#/paths/~1things/get", "operationId"),
        (broken(lambda d: d["paths"].update({"/a/{x}": {}, "/a/{y}": {}})), "#/paths/~1a~1{y}", "/a/{x}"),
        (broken(lambda d: d["paths"].update({"/b": ref("Part")})), "#/paths/~1b", "written here"),
        (broken(lambda d: d["webhooks"].update({"made": {"post": {}}})), "#/webhooks/made", "requestBody"),
        (receiving(ref("Part")), "/schema/properties/field", "#/components/schemas/Part"),
        (receiving({"$ref": "other.yaml#/A"}), "/schema/properties/field", "other.yaml"),
        (broken_part({"type": "strin"}), "#/components/schemas/Part/type", "strin"),
        (broken_part({"properties": 5}), "#/components/schemas/Part/properties", "5"),
        (broken_part(ref("Part")), "#/components/schemas/Part", "defined as itself"),
        (broken_part({"allOf": [ref("Part")]}), "#/components/schemas/Part", "defined as itself"),
        (broken_part(nullable(ref("Part"))), "#/components/schemas/Part", "defined as itself"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("side", [0, 1])
def test_bad_input_gets_one_line_with_file_and_pointer(
    document: Any, pointer: str, problem: str, side: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = write(tmp_path / "good.yaml", one()), write(tmp_path / "bad.yaml", document)
    assert main(["diff", *((bad, good) if side == 0 else (good, bad))]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"{bad}" in err
    assert pointer in err
    assert problem in err


@pytest.mark.parametrize("text", ["a: [", "{", "a: 1\na: 2\n", "\x00"])
def test_an_invalid_document_gets_one_line(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text)
    assert main(["diff", str(bad), write(tmp_path / "good.yaml", one())]) == 2
    assert capsys.readouterr().err.startswith(str(bad))


def test_a_file_that_is_not_there_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(tmp_path / "none.yaml"), write(tmp_path / "good.yaml", one())]) == 2
    assert "none.yaml" in capsys.readouterr().err


def folder(path: Path, schema: Json) -> str:
    path.mkdir()
    paths = {"/things": {"get": {"parameters": [], "responses": reply(record(("a",), a=schema))}}}
    for audience in ("client", "server"):
        document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths}
        (path / f"{audience}.json").write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_two_folders_are_compared_as_what_would_be_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = folder(tmp_path / "old", STRING), folder(tmp_path / "new", {"type": "boolean"})
    assert main(["diff", old, new, "--fail-on", "breaking"]) == 1
    assert "BREAKING  response 200.a: string → boolean" in capsys.readouterr().out
    assert main(["diff", old, old, "--fail-on", "breaking"]) == 0


@pytest.mark.parametrize("folder_first", [True, False])
def test_a_folder_takes_its_names_from_the_description_beside_it(
    folder_first: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {"/things": {"get": operation("chosen_name", "client server", responses=reply(ref("ChosenName")))}}
    described = write(tmp_path / "api.yaml", api(paths, ChosenName=record(("a",), a=STRING)))
    documents = folder(tmp_path / "documents", STRING)
    main(["diff", *((documents, described) if folder_first else (described, documents))])
    assert capsys.readouterr().out == "no changes\n"


def test_a_folder_without_documents_gets_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(tmp_path), str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(str(tmp_path))


RELEASES = sorted(path.name for path in SHARED.glob("*"))


@pytest.mark.parametrize(("old", "new"), list(pairwise(RELEASES)))
def test_two_releases_are_compared_without_a_decision(old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Additions and removals are those in the documents, and null in a reply is expected because they declare it."""
    assert main(["diff", str(SHARED / old), str(SHARED / new), "--format", "json"]) == 0
    changes = json.loads(capsys.readouterr().out)["changes"]
    whole = [(change["kind"], change["subject"]) for change in changes if not change["place"]]
    before, after = (_listed(SHARED / release) for release in (old, new))
    assert {subject for kind, subject in whole if kind == "removed"} == before - after
    assert {subject for kind, subject in whole if kind == "added"} == after - before


def _listed(release: Path) -> set[str]:
    """Return the operations and events in a folder of documents."""
    return {
        f"{method.upper()} {path}" if section == "paths" else f"webhook {path}"
        for file in release.glob("*.json")
        for section, items in json.loads(file.read_text()).items()
        if section in ("paths", "webhooks")
        for path, item in items.items()
        for method in item
    }
