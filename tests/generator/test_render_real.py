"""The package in the repository: it is what `spec/openapi.yaml` renders, it is small, and all of it works."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import hexclave_api
from generator.rendering.render import check
from hexclave_api.registry import Entry

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec" / "openapi.yaml"
ENTRIES = list(hexclave_api.OPERATIONS.values())


def test_it_is_what_the_description_renders() -> None:
    assert check(SPEC, ROOT / "generated" / "hexclave_api") == []


def test_nothing_else_is_generated() -> None:
    assert [path.name for path in (ROOT / "generated").iterdir() if path.name != "__pycache__"] == ["hexclave_api"]


def test_all_of_it_is_under_thirty_thousand_lines() -> None:
    files = [path for path in (ROOT / "generated").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.read_bytes().count(b"\n") for path in files) < 30_000


def test_every_operation_and_event_of_the_description_is_there_once() -> None:
    description = yaml.load(SPEC.read_text("utf-8"), Loader=yaml.CSafeLoader)
    described = {
        (method.upper(), path, access)
        for path, item in description["paths"].items()
        for method, operation in item.items()
        for access in operation["x-access"]
    }
    listed = [(entry.method, entry.path, access) for entry in ENTRIES for access in entry.access]
    assert len(listed) == len(set(listed))
    assert set(listed) == described
    assert set(hexclave_api.webhooks.EVENTS) == set(description["webhooks"])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_function_makes_the_operation_that_the_table_lists(entry: Entry) -> None:
    required = [each for each in inspect.signature(entry.function).parameters.values() if each.default is each.empty]
    positional = ["x" for each in required if each.kind is each.POSITIONAL_OR_KEYWORD]
    call = entry.function(*positional, **{each.name: "x" for each in required if each.kind is each.KEYWORD_ONLY})
    assert (call.name, call.method, call.template, call.access) == (entry.name, entry.method, entry.path, entry.access)
    assert [piece for piece in call.path if piece != "x"] == [
        piece for piece in entry.path.split("/") if piece and not piece.startswith("{")
    ]
    assert inspect.getdoc(entry.function)


@pytest.mark.parametrize("name", hexclave_api.models.__all__)
def test_every_model_reads_an_empty_and_an_unknown_object(name: str) -> None:
    model = getattr(hexclave_api.models, name)
    assert model.from_wire({}) == model.from_wire({})
    assert model.from_wire({"from a later server": 1}).additional_properties == {"from a later server": 1}


def test_the_operations_of_a_tag_load_neither_table_nor_registry() -> None:
    code = (
        "import sys, hexclave_api.operations.teams; print(*(name for name in sys.modules if 'hexclave_api.' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("hexclave_api.") for name in done.stdout.split() if ".models." not in name}
    rooms = {"declaring", "error_text", "errors", "lazy", "model", "models", "operation", "operations", "reading"}
    assert loaded == rooms | {"operations.teams"}


def test_no_repr_shows_a_token_or_a_password() -> None:
    """The names say what is secret; whoever describes a field of such a name otherwise should say so here."""
    for name in hexclave_api.models.__all__:
        for field in getattr(hexclave_api.models, name).layout().fields:
            if field.shape in (str, str | None) and field.key.endswith(("token", "secret", "password")):
                assert field.secret, f"{name}.{field.name}"
