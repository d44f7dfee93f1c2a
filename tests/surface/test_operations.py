"""Every operation of the API can be called: by name, by request, and as a function with a usable signature."""

import inspect
import json
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest
import yaml

from hexclave_api import OPERATIONS, operation
from hexclave_api.model import Model
from hexclave_api.operation import UNSET, AccessType, Operation
from hexclave_api.registry import Entry

ROOT = Path(__file__).parents[2]
DESCRIPTION = yaml.load((ROOT / "spec/openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
DOCUMENTS = ROOT.parent / "shared/upstream" / DESCRIPTION["info"]["version"]
METHODS = ("get", "put", "post", "delete", "head", "patch")

each_entry = pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in OPERATIONS.items()])


def found(method: str, path: str, access: str) -> list[Entry]:
    """Return the entries for a request; names of path parameters do not matter."""
    return [
        entry
        for entry in OPERATIONS.values()
        if (entry.method, _bare(entry.path)) == (method.upper(), _bare(path)) and access in entry.access
    ]


def _bare(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="upstream's documents are not part of the repository")
@pytest.mark.parametrize("access", typing.get_args(AccessType))
def test_each_operation_of_the_documents_is_exactly_one_function(access: str) -> None:
    paths = json.loads((DOCUMENTS / f"{access}.json").read_text(encoding="utf-8"))["paths"]
    documented = [(method, path) for path, item in paths.items() for method in METHODS if method in item]
    assert documented
    assert [(method, path) for method, path in documented if len(found(method, path, access)) != 1] == []


def test_each_operation_of_the_description_is_exactly_one_function_for_each_access_type() -> None:
    described = [
        (method, path, access)
        for path, item in DESCRIPTION["paths"].items()
        for method in METHODS
        if method in item
        for access in item[method]["x-access"]
    ]
    assert [request for request in described if len(found(*request)) != 1] == []
    assert len(described) == sum(len(entry.access) for entry in OPERATIONS.values())


@each_entry
def test_an_entry_says_what_its_function_makes(entry: Entry) -> None:
    made = _made(entry)
    assert (made.name, made.method, made.template, made.access) == (entry.name, entry.method, entry.path, entry.access)
    assert entry.function.__name__ == entry.name
    assert entry.function.__module__ == f"hexclave_api.operations.{entry.tag}"
    assert set(entry.access) <= set(typing.get_args(AccessType))


@each_entry
def test_path_parameters_are_positional_and_in_order_and_all_else_is_keyword_only(entry: Entry) -> None:
    parameters = list(inspect.signature(entry.function).parameters.values())
    in_path = re.findall(r"\{([^}]*)\}", entry.path)
    positional = [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    assert [parameter.name.rstrip("_") for parameter in positional] == in_path
    assert {parameter.kind for parameter in parameters[len(positional) :]} <= {inspect.Parameter.KEYWORD_ONLY}
    assert {parameter.default for parameter in parameters} <= {UNSET, inspect.Parameter.empty}


@each_entry
def test_everything_has_a_type_that_resolves(entry: Entry) -> None:
    # `JsonValue` is recursive, with names from its own module.
    hints = typing.get_type_hints(entry.function, localns=vars(operation))
    assert hints.keys() == {*inspect.signature(entry.function).parameters, "return"}
    assert typing.get_origin(hints["return"]) is Operation
    assert Any not in hints.values()


@each_entry
def test_a_reply_is_read_as_what_the_signature_promises(entry: Entry) -> None:
    (promised,) = typing.get_args(inspect.get_annotations(entry.function)["return"])
    parse = _made(entry).parse
    if inspect.isclass(promised) and issubclass(promised, Model):
        assert parse == promised.from_dict
    else:
        assert parse([]) == () if typing.get_origin(promised) is tuple else parse({}) in ({}, None)


@each_entry
def test_the_docstring_names_the_endpoint(entry: Entry) -> None:
    text = " ".join((inspect.getdoc(entry.function) or "").split())
    assert f" {entry.method} {entry.path}. Access: {', '.join(entry.access)}." in text


def _made(entry: Entry) -> Operation[Any]:
    """Return the operation with only its required arguments."""
    parameters = inspect.signature(entry.function).parameters.values()
    needed = [parameter for parameter in parameters if parameter.default is inspect.Parameter.empty]
    made: Operation[Any] = entry.function(**{parameter.name: "x" for parameter in needed})
    return made


def test_listing_all_operations_imports_neither_models_nor_functions() -> None:
    code = """if True:
        import sys
        from hexclave_api import OPERATIONS, operation
        assert len({(entry.method, entry.path, entry.access) for entry in OPERATIONS.values()}) == len(OPERATIONS)
        parts = [name.split(".") for name in sys.modules if name.startswith("hexclave_api.")]
        print([part for part in parts if part[1] in ("models", "operations") and len(part) > 2])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
