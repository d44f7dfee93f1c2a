"""Reading of API objects by rendered models."""

import copy
import inspect
import json
import pickle
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.generator.describing import INTEGER, STRING, Json, api, choice, nullable, operation, record, ref, reply
from tests.generator.rendering import Package, reading, rendered

TEAM = record(("id", "owner"), id=STRING, owner=nullable(ref("User")))
USER = record(
    ("id", "name", "kind", "age", "team", "created_at_millis"),
    id=STRING,
    name={**nullable(STRING), "description": "Its name."},
    kind=choice("a", "b"),
    age={"type": "number"},
    team=nullable(ref("Team")),
    teams={"type": "array", "items": ref("Team")},
    by_name={"type": "object", "additionalProperties": ref("Team")},
    labels={"type": "array", "items": STRING},
    metadata={},
    free={"type": "object"},
    repeat={"anyOf": [{"type": "array", "items": INTEGER}, choice("never")]},
    created_at_millis=INTEGER,
    ended_at_millis=nullable(INTEGER),
    ends_in_millis=INTEGER,
    refresh_token={"type": "string", "format": "password"},
    pin={"type": "string", "format": "password"},
    **{"class": STRING, "camelCase": STRING, "from_dict": STRING},
)
WHOLE: Json = {
    "id": "u",
    "name": "Ann",
    "kind": "a",
    "age": 1.5,
    "team": {"id": "t", "owner": None},
    "teams": [{"id": "t", "owner": None}],
    "by_name": {"x": {"id": "t", "owner": None}},
    "labels": ["l"],
    "metadata": {"any": [1]},
    "free": {"k": 1},
    "repeat": [1, 2],
    "created_at_millis": 0,
    "ended_at_millis": 1_700_000_000_123,
    "ends_in_millis": 5,
    "refresh_token": "rt-not-to-show",
    "pin": "1234-not-to-show",
    "class": "c",
    "camelCase": "cc",
    "from_dict": "fw",
}
OPEN: Json = {name: value for name, value in WHOLE.items() if name not in ("refresh_token", "pin")}
"""Without its secrets."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return rendered(tmp_path_factory.mktemp("models"), reading(User=USER, Team=TEAM))


@pytest.fixture(scope="module")
def user_model(client: Package) -> Any:
    return client.model("User")


@pytest.fixture(scope="module")
def reading_module(client: Package) -> ModuleType:
    return client.module("reading")


class TestReading:
    def test_every_field_is_read_under_a_python_name(self, client: Package, user_model: Any) -> None:
        user, team = user_model.from_dict(WHOLE), client.model("Team").from_dict({"id": "t", "owner": None})
        assert (user.team, user.teams, user.by_name) == (team, (team,), {"x": team})
        assert (user.labels, user.metadata, user.free, user.repeat) == (("l",), {"any": [1]}, {"k": 1}, (1, 2))
        assert (user.class_, user.camel_case, user.from_dict_) == ("c", "cc", "fw")

    def test_a_missing_or_null_field_is_none_whatever_was_promised(self, user_model: Any) -> None:
        names = [field.name for field in attrs.fields(user_model) if field.name != "additional_properties"]
        for data in ({}, dict.fromkeys(WHOLE)):
            user = user_model.from_dict(data)
            assert [getattr(user, name) for name in names] == [None] * len(names)
            assert user.created_at is None

    def test_null_items_stay_none(self, user_model: Any) -> None:
        user = user_model.from_dict({"teams": [None], "by_name": {"x": None}, "labels": [None]})
        assert (user.teams, user.by_name, user.labels) == ((None,), {"x": None}, (None,))

    def test_an_unknown_enum_value_and_a_wrong_scalar_stay_as_they_are(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE | {"kind": "new", "id": 5, "repeat": "never"})
        assert (user.kind, user.id, user.repeat) == ("new", 5, "never")

    def test_unknown_fields_are_kept_and_cannot_be_changed(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE | {"new": 1, "additional_properties": 2, "_names": 3, "class_": 4})
        assert user.additional_properties == {"new": 1, "additional_properties": 2, "_names": 3, "class_": 4}
        assert user.class_ == "c"
        with pytest.raises(TypeError):
            user.additional_properties["new"] = 2

    @pytest.mark.parametrize("known", [{}, {"id": "t"}, {"id": "t", "owner": None}])
    @pytest.mark.parametrize(
        "unknown", [{"new": 1}, {"additional_properties": 2}, {"new": 1, "additional_properties": 2}]
    )
    def test_unknown_fields_are_distinguished_from_missing_ones(
        self, client: Package, known: Json, unknown: Json
    ) -> None:
        team = client.model("Team").from_dict(known | unknown)
        assert (team.id, team.owner, team.additional_properties) == (known.get("id"), None, unknown)

    def test_reading_does_not_change_its_input(self, user_model: Any) -> None:
        for data in (WHOLE, WHOLE | {"new": {"a": 1}}, {"team": {"id": "t", "owner": {}}}):
            before = copy.deepcopy(data)
            user_model.from_dict(data)
            assert data == before

    def test_a_model_holds_all_of_its_fields_and_nothing_else(self, client: Package) -> None:
        fields = {"id": "t", "owner": None, "additional_properties": {}}
        for data in ({"id": "t"}, {"owner": None, "id": "t"}):
            assert vars(client.model("Team").from_dict(data)) == fields == vars(client.model("Team")("t", None))

    def test_without_unknown_fields_all_models_share_one_empty_mapping(self, user_model: Any) -> None:
        assert user_model.from_dict(WHOLE).additional_properties is user_model.from_dict({}).additional_properties

    def test_a_model_may_hold_itself(self, user_model: Any) -> None:
        nested = user_model.from_dict(WHOLE | {"team": {"id": "t", "owner": WHOLE}})
        assert nested.team.owner == user_model.from_dict(WHOLE)

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ([], "User: a list instead of an object"),
            (None, "User: null instead of an object"),
            ("secret", "User: text instead of an object"),
            ({"team": "secret"}, "User at /team: text instead of an object"),
            ({"team": {"owner": {"teams": {}}}}, "User at /team/owner/teams: an object instead of a list"),
            ({"teams": [{}, 5]}, "User at /teams/1: a number instead of an object"),
            ({"by_name": {"a/b~": True}}, "User at /by_name/a~1b~0: a boolean instead of an object"),
            ({"labels": "secret"}, "User at /labels: text instead of a list"),
        ],
    )
    def test_a_value_other_than_an_object_or_a_list_is_refused_with_its_place(
        self, user_model: Any, reading_module: ModuleType, data: object, message: str
    ) -> None:
        with pytest.raises(reading_module.WireError) as caught:
            user_model.from_dict(data)
        assert str(caught.value) == message
        assert str(pickle.loads(pickle.dumps(caught.value))) == message

    def test_the_original_object_is_available(self, user_model: Any) -> None:
        for data in (WHOLE, WHOLE | {"new": {"a": 1}}, {"id": "u"}):
            promised = dict.fromkeys(["id", "name", "kind", "age", "team", "created_at_millis"])
            assert as_json(user_model.from_dict(data)) == promised | data

    def test_a_secret_is_one_wherever_it_stands(self, tmp_path: Path) -> None:
        secret = {"type": "string", "format": "password"}
        keys = record(
            ("one",),
            one=nullable(secret),
            several={"type": "array", "items": secret},
            by_name={"type": "object", "additionalProperties": secret},
            or_number={"anyOf": [secret, INTEGER]},
            component=ref("Word"),
        )
        client = rendered(tmp_path, reading(Keys=keys, Word=secret))
        data = {"one": "k1", "several": ["k2"], "by_name": {"a": "k3"}, "or_number": "", "component": "k5"}
        found = client.model("Keys").from_dict(data)
        held = [found.one, *found.several, *found.by_name.values(), found.or_number, found.component]
        assert [each.reveal() for each in held] == ["k1", "k2", "k3", "", "k5"]
        assert as_json(found) == data
        assert client.model("Keys").from_dict(found.to_dict(reveal=True)) == found
        assert client.module("strict").check(client.model("Keys"), data) == []
        assert client.model("Keys").from_dict({"or_number": 5}).or_number == 5

    @pytest.mark.parametrize("value", [5, True, ["k"], {"k": 1}])
    def test_a_secret_that_is_no_text_stops_reading_and_is_not_shown(
        self, user_model: Any, reading_module: ModuleType, value: object
    ) -> None:
        with pytest.raises(reading_module.WireError, match=r"User at /pin: .* instead of text"):
            user_model.from_dict({"pin": value})

    def test_json_masks_secrets_unless_asked_to_reveal_them(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE)
        assert user.to_dict()["pin"] == json.loads(user.to_json())["pin"] == str(user.pin) != WHOLE["pin"]
        assert user.to_dict(reveal=True)["pin"] == WHOLE["pin"]


def as_json(model: Any) -> Any:
    return json.loads(model.to_json(reveal=True))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WHOLE, "owner", "new"]), inner, max_size=4)
    ),
    max_leaves=12,
)


class TestAnything:
    @given(JSON)
    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_any_json_is_a_model_or_a_wire_error(self, client: Package, user_model: Any, data: object) -> None:
        deviations = client.module("strict").check(user_model, data)
        try:
            user = user_model.from_dict(data)
        except client.module("reading").WireError:
            assert deviations
        else:
            assert isinstance(repr(user), str)
            assert deviations or as_json(user) == data

    @given(st.floats(allow_nan=False) | st.integers())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_any_number_of_milliseconds_is_a_moment(self, user_model: Any, millis: float) -> None:
        moment = user_model.from_dict({"created_at_millis": millis}).created_at
        assert moment.tzinfo is UTC


class TestMoments:
    def test_milliseconds_are_times_in_utc_too(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE)
        assert user.created_at == datetime(1970, 1, 1, tzinfo=UTC)
        assert user.ended_at == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)

    def test_absurd_times_are_the_first_or_last_moment(self, user_model: Any) -> None:
        last, first = (user_model.from_dict({"created_at_millis": millis}).created_at for millis in (8.64e15, -8.64e15))
        assert (last.year, first.year) == (9999, 1)
        assert user_model.from_dict({"created_at_millis": 8.64e15}).created_at_millis == 8.64e15

    def test_a_duration_is_no_moment(self, user_model: Any) -> None:
        assert user_model.from_dict({"ends_in_millis": 1500}).ends_in == timedelta(seconds=1.5)

    def test_a_field_of_the_name_keeps_it(self, tmp_path: Path) -> None:
        model = rendered(tmp_path, reading(T=record(created_at=STRING, created_at_millis=INTEGER))).model("T")
        assert model.from_dict({"created_at": "noon", "created_at_millis": 1}).created_at == "noon"


class TestValues:
    def test_models_are_immutable(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            user.id = "other"
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            user.created_at = None

    def test_models_are_compared_by_value(self, client: Package, user_model: Any) -> None:
        assert user_model.from_dict(WHOLE) == user_model.from_dict(copy.deepcopy(WHOLE))
        assert user_model.from_dict(WHOLE) != user_model.from_dict(WHOLE | {"id": "v"})
        assert user_model.from_dict({"x": 1}) != user_model.from_dict({"x": 2})
        assert user_model.from_dict({}) != client.model("Team").from_dict({})

    def test_models_are_hashable(self, client: Package, user_model: Any) -> None:
        team = client.model("Team")
        assert len({team.from_dict({"id": "t"}), team.from_dict({"id": "t"}), team.from_dict({"id": "s"})}) == 2
        assert hash(user_model.from_dict(WHOLE)) == hash(user_model.from_dict(WHOLE))

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
    def test_models_survive_copies_and_pickles(self, user_model: Any, again: Any) -> None:
        for data in (OPEN, OPEN | {"new": 1}):
            assert again(user_model.from_dict(data)) == user_model.from_dict(data)

    def test_copies_keep_secrets_and_pickles_do_not(self, user_model: Any) -> None:
        user = user_model.from_dict(WHOLE)
        assert copy.copy(user) == copy.deepcopy(user) == user
        with pytest.raises(ValueError, match="pickled"):
            pickle.loads(pickle.dumps(user)).pin.reveal()

    def test_attrs_can_make_and_change_them(self, client: Package) -> None:
        team = client.model("Team")("t", None)
        assert attrs.evolve(team, id="s") == client.model("Team").from_dict({"id": "s", "owner": None})

    @pytest.mark.parametrize(
        "ask",
        [
            lambda model: model("t", None),
            lambda model: model.from_dict({}).__class__(id="t", owner=None),
            lambda model: attrs.evolve(model.from_dict({"id": "s"}), id="t"),
            lambda model: attrs.make_class("Mine", [], bases=(model,))("t", None),
            lambda model: type(
                "Mine", (model,), {"__init__": lambda self: super(type(self), self).__init__("t", None)}
            )(),
        ],
    )
    def test_whatever_asks_for_what_attrs_adds_first_gets_it(self, tmp_path: Path, ask: Any) -> None:
        model = rendered(tmp_path, reading(Team=TEAM, User=USER)).model("Team")
        assert vars(ask(model)) == {"id": "t", "owner": None, "additional_properties": {}}

    def test_reading_takes_nothing_of_attrs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        client = rendered(tmp_path, reading(Team=TEAM, User=USER))
        client.module("model")
        monkeypatch.setattr(attrs, "frozen", None)
        user = client.model("User").from_dict(OPEN)
        assert user == pickle.loads(pickle.dumps(copy.copy(user)))
        assert repr(user.team) == "Team(id='t')"

    def test_attrs_says_the_fields_of_a_model_that_was_never_used(self, tmp_path: Path) -> None:
        client = rendered(tmp_path, reading(Team=TEAM, User=USER))
        assert attrs.has(client.model("Team"))
        assert client.model("User").__match_args__[:2] == ("id", "name")
        client = rendered(tmp_path, reading(Team=TEAM, User=USER))
        assert list(inspect.signature(client.model("Team")).parameters) == ["id", "owner", "additional_properties"]

    def test_threads_that_ask_at_once_get_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        model = rendered(tmp_path, reading(Team=TEAM, User=USER)).model("Team")
        start, frozen = threading.Barrier(4), attrs.frozen

        def slow(*args: Any, **kwargs: Any) -> Any:
            time.sleep(0.02)
            return frozen(*args, **kwargs)

        def ask(_: int) -> Any:
            start.wait()
            return attrs.fields(model), model("t", None)

        monkeypatch.setattr(attrs, "frozen", slow)
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(ask, range(4)))
        assert all(result == results[0] for result in results)

    def test_reprs_name_what_is_there_but_no_secret(self, user_model: Any) -> None:
        shown = repr(user_model.from_dict(WHOLE | {"new_secret": "value-not-to-show"}))
        assert shown.startswith("User(id='u', name='Ann', kind='a', age=1.5, team=Team(id='t'), ")
        assert "refresh_token=Secret('****w'), pin=Secret('****ow')" in shown
        assert "additional_properties=<new_secret>" in shown
        assert "not-to-show" not in shown


def reached(holds: dict[str, list[str]], first: list[str]) -> set[str]:
    found, waiting = set[str](), list(first)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += holds[name]
    return found


class TestDescriptions:
    def test_all_of_is_merged(self, tmp_path: Path) -> None:
        base = record(("id",), id={**STRING, "description": "The id."}, note=STRING)
        more = {"allOf": [ref("Base"), record(("note",), note=STRING, extra=INTEGER)]}
        paths = {"/a": {"get": operation("a", responses=reply(ref("More")))}}
        client = rendered(tmp_path, api(paths, Base=base, More=more))
        assert client.model("More").from_dict({"id": "i", "note": "n", "extra": 1}).extra == 1
        assert '"""The id."""' in client.text("models/more.py")
        problems = [str(each) for each in client.module("strict").check(client.model("More"), {"id": "i"})]
        assert problems == ["/note: missing"]

    def test_two_hundred_fields(self, tmp_path: Path) -> None:
        names = [f"field_{number}" for number in range(200)]
        model = rendered(tmp_path, reading(Wide=record(tuple(names), **dict.fromkeys(names, STRING)))).model("Wide")
        assert model.from_dict(dict.fromkeys(names, "x")).field_199 == "x"

    def test_a_component_may_be_an_enum_a_list_or_another_component(self, tmp_path: Path) -> None:
        schemas = {
            "Thing": record(
                kind=ref("Kind"),
                tags=ref("Tags"),
                part={"allOf": [ref("Part")]},
                other={**ref("Kind"), "description": "O."},
            ),
            "Kind": choice("x", "y"),
            "Tags": {"type": "array", "items": STRING},
            "Part": record(a=STRING),
        }
        client = rendered(tmp_path, reading(**schemas))
        thing = client.model("Thing").from_dict({"kind": "x", "tags": ["t"], "part": {"a": "b"}, "other": "y"})
        assert (thing.kind, thing.tags, thing.part.a, thing.other) == ("x", ("t",), "b", "y")
        assert sorted(client.module("models").__all__) == ["Part", "Thing"]
        assert '"""O."""' in client.text("models/thing.py")

    def test_models_that_hold_each_other_are_read(self, tmp_path: Path) -> None:
        paths = {f"/{name}": {"get": operation(f"get_{name}", responses=reply(ref(name.upper())))} for name in "abc"}
        schemas = {"A": record(b=ref("B")), "B": record(c=ref("C")), "C": record(a=ref("A"))}
        client = rendered(tmp_path, api(paths, **schemas))
        nested = {"b": {"c": {"a": {}}}}
        assert client.model("A").from_dict(nested).b.c.a == client.model("A").from_dict({})
        adapter = TypeAdapter(client.model("A"))
        assert adapter.validate_python(nested) == client.model("A").from_dict(nested)
        assert adapter.json_schema()["$defs"].keys() == {"A", "B", "C"}

    def test_models_can_be_imported_in_any_order_however_they_hold_each_other(self, tmp_path: Path) -> None:
        chance = random.Random(5)
        # Two that contain each other, each contained in another reply, one of which contains the other.
        graphs = [({"GX": ["GA", "GY"], "GY": ["GB"], "GA": ["GB"], "GB": ["GA"]}, ["GX", "GY"])]
        for number in range(30):
            names = [f"G{number}N{node}" for node in range(6)]
            holds = {name: chance.sample(names, chance.randint(0, 3)) for name in names}
            replies = [name for name in names if chance.random() < 0.3]
            # Components that no reply uses are refused.
            graphs.append((holds, replies + [name for name in names if name not in reached(holds, replies)]))
        schemas, paths = {}, {}
        for holds, replies in graphs:
            for name, held in holds.items():
                schemas[name] = record(x=STRING, **{f"f{number}": ref(other) for number, other in enumerate(held)})
            for name in replies:
                paths[f"/{name}"] = {"get": operation(f"get_{name.lower()}", responses=reply(ref(name)))}
        client = rendered(tmp_path, api(paths, **schemas))
        names = list(client.module("models").__all__)
        assert len(names) == len(schemas)
        for path in (client.folder / "models").glob("g*.py"):
            for loaded in [name for name in sys.modules if name.startswith(client.folder.name)]:
                del sys.modules[loaded]
            client.module(f"models.{path.stem}")
        for name in names:
            fields = schemas[name]["properties"]
            assert client.model(name).from_dict({field: {} for field in fields}).to_dict().keys() == fields.keys()

    def test_events_have_models_by_their_type(self, tmp_path: Path) -> None:
        body = {"required": True, "content": {"application/json": {"schema": ref("Event")}}}
        event = record(("type", "data"), type={"type": "string", "const": 'odd."type'}, data=ref("Part"))
        description = api(webhooks={'odd."type': {"post": {"requestBody": body}}}, Event=event, Part=record(a=STRING))
        events = rendered(tmp_path, description).module("webhooks").EVENTS
        assert list(events) == ['odd."type']
        assert events['odd."type'].from_dict({"type": "x", "data": {"a": "b"}}).data.a == "b"
        with pytest.raises(KeyError):
            events["other"]
