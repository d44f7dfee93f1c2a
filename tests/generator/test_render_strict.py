"""Strict reading, which reports every deviation from the description and never a value."""

import pickle

import pytest

from tests.generator.describing import INTEGER, STRING, Json, api, choice, nullable, operation, record, ref, reply
from tests.generator.rendering import Package, rendered

PART = record(
    ("id", "kind", "count", "owner"),
    id=STRING,
    kind=choice("a", "b"),
    count=INTEGER,
    owner=nullable(ref("Part")),
    note=STRING,
    hint=nullable(STRING),
    ratio={"type": "number"},
    on={"type": "boolean"},
    parts={"type": "array", "items": ref("Part")},
    by_name={"type": "object", "additionalProperties": ref("Part")},
    either={"anyOf": [{"type": "array", "items": INTEGER}, choice("never")]},
    free={"type": "object"},
    anything={},
    newer={**STRING, "x-since": "2026-10"},
    **{"a/b~": STRING},
)
GOOD: Json = {"id": "i", "kind": "a", "count": 1, "owner": None}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Package:
    paths = {
        "/part": {"get": operation("get_part", responses=reply(ref("Part")))},
        "/parts": {"get": operation("list_parts", responses=reply({"type": "array", "items": ref("Part")}))},
        "/nothing": {"get": operation("get_nothing")},
        "/text": {"get": operation("get_text", responses=reply(STRING))},
        "/free": {"get": operation("get_free", responses=reply({"type": "object"}))},
    }
    return rendered(tmp_path_factory.mktemp("strict"), api(paths, Part=PART))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"note": "n", "hint": None, "ratio": 1, "on": False, "a/b~": ""},
        {"owner": GOOD, "parts": [GOOD, GOOD], "by_name": {"x": GOOD}},
        {"either": "never", "free": {"x": [None]}, "anything": None},
        {"either": [1, 2], "free": {}, "anything": {"x": 1}},
    ],
)
def test_described_data_passes(client: Package, more: Json) -> None:
    data = GOOD | more
    assert client.module("strict").check(client.model("Part"), data) == []
    part = client.function("get_part")()
    assert client.module("strict").parse(part, data) == part.parse(data)


@pytest.mark.parametrize(
    ("more", "deviation"),
    [
        ({"id": None}, "/id: null instead of text"),
        ({"note": None}, "/note: null instead of text"),
        ({"id": 5}, "/id: a number instead of text"),
        ({"count": 1.5}, "/count: a number instead of a whole number"),
        ({"count": True}, "/count: a boolean instead of a whole number"),
        ({"ratio": "1"}, "/ratio: text instead of a number"),
        ({"on": 0}, "/on: a number instead of a boolean"),
        ({"kind": "c"}, "/kind: not one of the known values"),
        ({"owner": GOOD | {"kind": "secret"}}, "/owner/kind: not one of the known values"),
        ({"new": "secret"}, "/new: not in the description"),
        ({"a/b~": 1}, "/a~1b~0: a number instead of text"),
        ({"parts": {}}, "/parts: an object instead of a list"),
        ({"parts": [GOOD, None]}, "/parts/1: null instead of an object"),
        ({"by_name": {"x": []}}, "/by_name/x: a list instead of an object"),
        ({"either": "always"}, "/either: not one of the known values"),
        ({"either": [1, "secret"]}, "/either/1: text instead of a whole number"),
        ({"free": "secret"}, "/free: text instead of an object"),
    ],
)
def test_each_deviation_is_reported_with_its_place(client: Package, more: Json, deviation: str) -> None:
    assert list(map(str, client.module("strict").check(client.model("Part"), GOOD | more))) == [deviation]


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_field_is_reported(client: Package, key: str) -> None:
    data = {name: value for name, value in GOOD.items() if name != key}
    assert list(map(str, client.module("strict").check(client.model("Part"), data))) == [f"/{key}: missing"]


def test_all_deviations_are_reported_together(client: Package) -> None:
    strict = client.module("strict")
    with pytest.raises(strict.DeviationError) as caught:
        strict.parse(client.function("list_parts")(), [GOOD, GOOD | {"id": 1, "secret-name": "secret-value"}])
    assert str(caught.value) == "list_parts: /1/id: a number instead of text; /1/secret-name: not in the description"
    assert pickle.loads(pickle.dumps(caught.value)).deviations == caught.value.deviations


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("get_nothing", None, {}),
        ("get_text", "x", None),
        ("get_free", {"a": 1}, []),
        ("get_part", GOOD, []),
        ("list_parts", [], {}),
    ],
)
def test_replies_of_every_kind_are_judged(client: Package, name: str, good: object, bad: object) -> None:
    strict, call = client.module("strict"), client.function(name)()
    assert strict.parse(call, good) == call.parse(good)
    with pytest.raises(strict.DeviationError, match=f"{name}: /: "):
        strict.parse(call, bad)


@pytest.mark.parametrize(("release", "problems"), [(None, []), ("2026-09", []), ("2026-10", ["/newer: missing"])])
def test_a_field_that_came_later_is_missed_since_its_release(
    client: Package, release: str | None, problems: list[str]
) -> None:
    strict = client.module("strict")
    assert [str(each) for each in strict.check(client.model("Part"), GOOD, release=release)] == problems
    assert strict.check(client.model("Part"), {**GOOD, "newer": "n"}, release=release) == []
    if problems:
        with pytest.raises(strict.DeviationError):
            strict.parse(client.function("get_part")(), GOOD, release=release)
