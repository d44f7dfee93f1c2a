"""Methods of resources, rendered from `x-methods` of operations."""

import asyncio
import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.description import DescriptionError
from generator.rendering import methods
from tests.generator.describing import INTEGER, STRING, Json, api, body, operation, parameter, record, ref, reply
from tests.generator.rendering import Package, rendered

ID = parameter(name="thing_id", where="path", required=True)
THING = record(("id",), id=STRING)
PAGE = record(("items",), items={"type": "array", "items": ref("Thing")}, pagination=record(next_cursor=STRING))


def described(methods: list[Any], **parts: Any) -> Json:
    change = body(record(name=STRING, owner_id=STRING, expires_in_millis=INTEGER, seen_at_millis=INTEGER))
    paths = {
        "/things": {
            "get": operation(
                "list_things",
                parameters=[parameter(name="cursor"), parameter(INTEGER), parameter(name="query")],
                responses=reply(ref("ThingPage")),
                **{"x-methods": ["things.list"]},
            )
        },
        "/things/{thing_id}": {
            "patch": operation(
                "change_thing", parameters=[ID], responses=reply(ref("Thing")), **change, **{"x-methods": methods}
            )
            | parts
        },
    }
    return api(paths, Thing=THING, ThingPage=PAGE)


class Recorder:
    """Performs nothing; records the operation."""

    def __init__(self) -> None:
        self.made: Any = None
        self.absent: tuple[str, ...] = ()

    def call(self, made: Any) -> str:
        self.made = made
        return "done"

    def find(self, made: Any, *absent: str) -> None:
        self.made, self.absent = made, absent

    def pages(self, page: Callable[[Any], Any], cursor: Any = None) -> str:
        self.made, self.cursor = page("next"), cursor
        return "pages"


class AsyncRecorder(Recorder):
    async def call(self, made: Any) -> str:  # type: ignore[override]
        return super().call(made)

    async def find(self, made: Any, *absent: str) -> None:  # type: ignore[override]
        super().find(made, *absent)


def things(folder: Path, *methods: Any, **parts: Any) -> Any:
    return rendered(folder, described(list(methods), **parts)).module("resources.things")


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: each.annotation for name, each in inspect.signature(function).parameters.items() if name != "self"}


def test_a_method_passes_its_operation_to_the_performer_in_both_modes(tmp_path: Path) -> None:
    module = things(tmp_path, "things.change")
    performer, awaiting = Recorder(), AsyncRecorder()
    assert module.Things(performer).change("a", name="b") == "done"
    assert asyncio.run(module.AsyncThings(awaiting).change("a", name="b")) == "done"
    for each in (performer, awaiting):
        assert (each.made.name, each.made.path, each.made.body) == ("change_thing", ("things", "a"), {"name": "b"})
    assert inspect.iscoroutinefunction(module.AsyncThings.change)
    assert inspect.signature(module.AsyncThings.change).return_annotation.__name__ == "Thing"


def test_a_list_begins_at_the_cursor_and_goes_on_by_itself(tmp_path: Path) -> None:
    module = things(tmp_path, "things.change")
    assert list(parameters(module.Things.list)) == ["cursor", "limit", "query"]
    performer = Recorder()
    assert module.Things(performer).list(query="x", cursor="c") == "pages"
    assert performer.cursor == "c"
    assert performer.made.query == {"cursor": "next", "limit": 100, "query": "x"}


def test_a_list_asks_for_a_page_only_where_every_server_has_pages(tmp_path: Path) -> None:
    description = described([])
    description["paths"]["/things"]["get"]["parameters"][1]["x-since"] = "2026-09"
    module = rendered(tmp_path, description).module("resources.things")
    performer = Recorder()
    module.Things(performer).list()
    assert performer.made.query == {"cursor": "next"}
    module.Things(performer).list(limit=5)
    assert performer.made.query == {"cursor": "next", "limit": 5}


def test_fixed_renamed_and_promoted_arguments(tmp_path: Path) -> None:
    options = {
        "method": "things.rename",
        "with": {"owner_id": "me"},
        "positional": ["thing_id", "name"],
        "required": ["name"],
        "only": ["thing_id", "name"],
        "rename": {"name": "new_name"},
    }
    module = things(tmp_path, options)
    assert parameters(module.Things.rename) == {"thing_id": str, "new_name": str}
    performer = Recorder()
    module.Things(performer).rename("a", "b")
    assert performer.made.body == {"owner_id": "me", "name": "b"}


def test_times_are_never_bare_numbers(tmp_path: Path) -> None:
    resource = (module := things(tmp_path, "things.change")).Things(performer := Recorder())
    assert list(parameters(module.Things.change)) == ["thing_id", "name", "owner_id", "expires_in", "seen_at"]
    resource.change("a", expires_in=timedelta(seconds=2), seen_at=datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC))
    assert performer.made.body == {"expires_in_millis": 2000, "seen_at_millis": 3000}
    with pytest.raises(ValueError, match=r"expires_in must be a timedelta, not int.*timedelta\(seconds=…\)"):
        resource.change("a", expires_in=3600)
    with pytest.raises(ValueError, match="seen_at must be a datetime with a timezone, not float"):
        resource.change("a", seen_at=3.5)
    with pytest.raises(ValueError, match="seen_at needs a timezone"):
        resource.change("a", seen_at=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake to be refused


def test_optional_objects_are_found_or_none(tmp_path: Path) -> None:
    module = things(tmp_path, {"method": "things.find", "absent": ["THING_NOT_FOUND"]})
    performer = Recorder()
    assert module.Things(performer).find("a") is None
    assert performer.absent == ("THING_NOT_FOUND",)
    assert str(inspect.signature(module.Things.find).return_annotation).endswith("Thing | None")


def test_a_field_or_nothing_of_the_reply(tmp_path: Path) -> None:
    module = things(
        tmp_path,
        {"method": "things.identify", "returns": "id"},
        {"method": "things.touch", "returns": "nothing"},
    )
    performer = Recorder()
    module.Things(performer).identify("a")
    assert performer.made.parse({"id": "x"}) == "x"
    module.Things(performer).touch("a")
    assert performer.made.parse({"id": "x"}) is None


def test_access_types_that_differ_have_classes_of_their_own(tmp_path: Path) -> None:
    module = things(
        tmp_path,
        {"method": "things.change", "access": ["client"], "with": {"thing_id": "me"}},
        {"method": "things.change", "access": ["server", "admin"]},
    )
    assert "thing_id" not in parameters(module.Things.change)
    assert "thing_id" in parameters(module.ServerThings.change)
    assert not hasattr(module, "AdminThings")


def test_a_docstring_speaks_of_the_method(tmp_path: Path) -> None:
    options = {"method": "things.change", "summary": "Change it", "raises": {"ThingNotFound": "there is none."}}
    doc = inspect.getdoc(things(tmp_path, options).AsyncThings.change)
    assert doc.startswith("Change it.\n")
    assert "Raises:\n    ThingNotFound: there is none." in doc
    assert doc.endswith("PATCH /things/{thing_id}.")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("change", "'change' is not of the form resource.method"),
        ({"method": "things.change", "wiht": {}}, "unknown option wiht"),
        ({"method": "things.change", "with": {"colour": "red"}}, "change_thing has no argument 'colour'"),
        ({"method": "things.change", "returns": "colour"}, "Thing has no field 'colour'"),
        ({"method": "things.list"}, "client already has things.list"),
    ],
)
def test_an_invalid_method_stops_the_rendering(tmp_path: Path, options: Any, problem: str) -> None:
    with pytest.raises(DescriptionError, match=problem) as caught:
        things(tmp_path, options)
    assert "/paths/~1things~1{thing_id}/patch/x-methods/0" in str(caught.value)


def test_a_package_without_methods_has_no_resources(tmp_path: Path) -> None:
    package: Package = rendered(
        tmp_path, api({"/things": {"get": operation(responses=reply(ref("Thing")))}}, Thing=THING)
    )
    assert [path.name for path in (package.folder / "resources").iterdir() if path.suffix == ".py"] == ["__init__.py"]


def test_the_guide_of_the_description_explains_every_option() -> None:
    guide = (Path(__file__).parents[2] / "spec" / "README.md").read_text("utf-8").partition("## Methods")[2]
    rows = {name for line in guide.splitlines() if line.startswith("|") for name in re.findall(r"`(\w+): ", line)}
    assert rows >= methods.METHOD_OPTIONS
