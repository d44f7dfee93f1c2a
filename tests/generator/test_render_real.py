"""The package in the repository: it matches `spec/openapi.yaml`, it is small, and all of it works."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import hexclave.resources
import hexclave_api
from generator.rendering.render import check
from hexclave_api import resources
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


ENDPOINT = re.compile(r"\b(?:GET|PUT|POST|PATCH|DELETE) /[\w{}/.-]*[\w}]")
MARKED = {
    f"{verb.upper()} {path}": operation
    for path, item in yaml.load(SPEC.read_text("utf-8"), Loader=yaml.CSafeLoader)["paths"].items()
    for verb, operation in item.items()
    if operation.keys() & {"x-since", "x-unpublished"}
}


def _rendered() -> Iterator[tuple[str, str]]:
    """Return the docstrings of all functions of operations and methods of resources."""
    for entry in ENTRIES:
        yield entry.name, inspect.getdoc(entry.function) or ""
    for module in pkgutil.iter_modules(resources.__path__):
        for kind in vars(importlib.import_module(f"{resources.__name__}.{module.name}")).values():
            if inspect.isclass(kind) and kind.__module__.startswith(resources.__name__):
                for name, method in inspect.getmembers(kind, inspect.isfunction):
                    yield f"{kind.__name__}.{name}", inspect.getdoc(method) or ""


def test_docstrings_name_servers_that_lack_something_and_undocumented_parts() -> None:
    said = 0
    for name, words in _rendered():
        place = re.search(r"^(?:GET|PUT|POST|PATCH|DELETE) \S+(?=\.(?:\s|$))", words, re.MULTILINE)
        operation = MARKED.get(place[0], {}) if place else {}
        flat = " ".join(words.split())
        assert ("Not in the published API documents" in flat) == bool(operation.get("x-unpublished")), name
        if "x-since" in operation:
            assert "newer servers only." in flat or f"release {operation['x-since'][-7:]}" in flat, name
        said += bool(operation)
    assert said > 300


def test_flows_say_so_too() -> None:
    """They may make several requests; notes on any of them are included."""
    said = 0
    for name in hexclave.resources.__all__:
        for method in vars(getattr(hexclave.resources, name)).values():
            words = " ".join((inspect.getdoc(method) or "").split()) if inspect.isfunction(method) else ""
            marked = [MARKED[place] for place in ENDPOINT.findall(words) if place in MARKED]
            unpublished = any(operation.get("x-unpublished") for operation in marked)
            assert ("Not in the published API documents" in words) == unpublished, method
            for operation in marked:
                said += 1
                if "x-since" in operation:
                    newer = f"release {operation['x-since'][-7:]}"
                    assert "newer servers only." in words or newer in words, method
    assert said > 100


@pytest.mark.parametrize("name", hexclave_api.models.__all__)
def test_every_model_reads_an_empty_and_an_unknown_object(name: str) -> None:
    model = getattr(hexclave_api.models, name)
    assert model.from_dict({}) == model.from_dict({})
    assert model.from_dict({"from a later server": 1}).additional_properties == {"from a later server": 1}


def test_the_operations_of_a_tag_load_neither_table_nor_registry() -> None:
    code = (
        "import sys, hexclave_api.operations.teams; print(*(name for name in sys.modules if 'hexclave_api.' in name))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("hexclave_api.") for name in done.stdout.split() if ".models." not in name}
    rooms = {"declaring", "error_text", "errors", "lazy", "model", "models", "operation", "operations", "reading"}
    assert loaded == rooms | {"operations.teams", "secret", "value"}
