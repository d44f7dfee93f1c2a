"""The description in this repository, and upstream's real documents where they are at hand."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from generator import description
from generator.description import WEBHOOK
from generator.importing.standing import operations
from tests.generator.importing import Json, Room

SPEC = Path(__file__).parents[2] / "spec" / "openapi.yaml"
UPSTREAM = Path(__file__).parents[3] / "shared" / "upstream"
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


def test_documented_operations_are_callable_by_whom_the_documents_say(described: Json):
    counts = Counter(
        access
        for (method, _), operation in operations(described)
        if method != WEBHOOK and not operation.get("x-ours")
        for access in operation["x-access"]
    )
    assert counts == {"client": 72, "server": 103, "admin": 112}


@needs_upstream
@pytest.mark.parametrize("audiences", [(), ("server",), ("webhooks",)])
def test_importing_september_again_changes_nothing(room: Room, audiences: tuple[str, ...]):
    shutil.copy(SPEC, room.spec)
    room.take(**documents("2026-09", *audiences))
    assert room.spec.read_bytes() == SPEC.read_bytes()


@needs_upstream
def test_april_and_then_september_from_nothing_need_no_decision(room: Room):
    room.take(**documents("2026-04"))
    assert len(room.take(**documents("2026-09"))["webhooks"]) == 10


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
    theirs = {
        text
        for version in ("2026-04", "2026-09")
        for content in documents(version).values()
        for text in _sentences(content)
    }
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
