"""The description in this repository, and upstream's real documents if available."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from generator import description
from generator.description import AUDIENCES, WEBHOOK, bare
from generator.importing import naming, upstream
from generator.importing.standing import operations
from tests.generator.importing import Json, Room

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
UPSTREAM = Path(__file__).parents[3] / "shared" / "upstream"
RELEASES = sorted(path.name for path in UPSTREAM.glob("*"))
needs_upstream = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="upstream's documents are not at hand")


@pytest.fixture(scope="module")
def described() -> Json:
    return description.load(SPEC)


def documents(version: str, *audiences: str) -> dict[str, bytes]:
    return {
        path.stem: path.read_bytes()
        for path in (UPSTREAM / version).glob("*.json")
        if path.stem in audiences or not audiences
    }


def test_the_description_is_valid_openapi(described: Json):
    validate(described)


def test_the_description_is_in_its_canonical_form(described: Json):
    assert description.dump(described) == SPEC.read_text()


def test_every_operation_is_worded(described: Json):
    bare = [
        (place, what)
        for place, operation in operations(described)
        for what in ("operationId", "summary", "tags", "responses")
        if not operation.get(what)
    ]
    assert bare == []


def test_no_two_components_have_the_same_shape(described: Json):
    shapes = Counter(
        repr(_facts(component))
        for component in described["components"]["schemas"].values()
        if component.get("properties")
    )
    assert [shape for shape, count in shapes.items() if count > 1] == []


def test_additions_of_a_release_have_wording(described: Json):
    """After an import: write the wording that its list of work asks for."""
    neutral = [
        naming.text(place)
        for place, operation in operations(described)
        if operation["summary"] == naming.summary(place, operation["operationId"]) and "description" not in operation
    ]
    assert neutral == []


@needs_upstream
def test_documented_operations_are_callable_by_whom_the_documents_say(described: Json):
    views = upstream.read(UPSTREAM / described["info"]["version"])
    for audience in AUDIENCES:
        callable_ = {
            (method, bare(path))
            for (method, path), operation in operations(described)
            if method != WEBHOOK and "x-ours" not in operation and audience in operation["x-access"]
        }
        assert callable_ == {(method, bare(path)) for method, path in views[audience]}


@needs_upstream
@pytest.mark.parametrize("audiences", [(), ("client",), ("server",), ("admin",), ("webhooks",)])
def test_importing_the_same_release_again_changes_nothing(room: Room, described: Json, audiences: tuple[str, ...]):
    release = described["info"]["version"]
    shutil.copy(SPEC, room.spec)
    room.take(release, **documents(release, *audiences))
    assert room.spec.read_bytes() == SPEC.read_bytes()
    assert room.out == "nothing to do\n"


@needs_upstream
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("audience", [*AUDIENCES, "webhooks"])
def test_one_document_of_any_release_can_be_taken_in_alone(room: Room, audience: str, release: str):
    shutil.copy(SPEC, room.spec)
    description = room.take(release, **documents(release, audience))
    assert room.take(release, **documents(release, audience)) == description


@needs_upstream
def test_all_releases_one_after_the_other_from_nothing_need_no_decision(room: Room):
    for release in RELEASES:
        description = room.take(release, **documents(release))
        assert description["info"]["version"] == release
        assert len(description["webhooks"]) == len(json.loads(documents(release)["webhooks"])["webhooks"])


@needs_upstream
def test_going_back_to_april_keeps_what_is_ours(room: Room, described: Json):
    shutil.copy(SPEC, room.spec)
    april = dict(operations(room.take(**documents("2026-04"))))
    ours = {place: operation for place, operation in operations(described) if operation.get("x-ours")}
    assert ours
    undocumented = {place: operation for place, operation in ours.items() if "x-ours" in april[place]}
    assert {place: april[place] for place in undocumented} == undocumented
    assert ours.keys() - undocumented.keys() == {("patch", "/internal/ai-chat/{thread_id}")}
    assert ("get", "/internal/feature-requests") in april


@needs_upstream
def test_no_sentence_of_upstream_is_in_the_description():
    ours = " ".join(SPEC.read_text().split())
    theirs = {text for version in RELEASES for content in documents(version).values() for text in _sentences(content)}
    assert len(theirs) > 100
    assert [text for text in theirs if text in ours] == []


def _sentences(content: bytes) -> set[str]:
    found: set[str] = set()

    def collect(node: object) -> None:
        if isinstance(node, dict):
            found.update(
                " ".join(v.split()) for k, v in node.items() if k in ("description", "summary") and isinstance(v, str)
            )
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(json.loads(content))
    return {text for text in found if len(text.split()) >= 6}


def _facts(node: object, *, fields: bool = False) -> object:
    if isinstance(node, dict):
        return {
            key: sorted(value)
            if key == "required" and isinstance(value, list)
            else _facts(value, fields=key == "properties")
            for key, value in sorted(node.items())
            if fields or not (key in ("description", "default") or key.startswith("x-"))
        }
    return [_facts(item) for item in node] if isinstance(node, list) else node
