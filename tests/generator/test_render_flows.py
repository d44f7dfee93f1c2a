"""Flows, written once: classes for both modes, with notes from the description about their endpoints."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from generator.description import DescriptionError
from generator.rendering.render import render_facade
from tests.generator.describing import STRING, api, operation, parameter, record, ref, reply

ID = parameter(name="thing_id", where="path", required=True)
HEAD = '''
from collections.abc import Mapping
from hexclave._flows.base import Flows
from hexclave_api.secret import SecretText

class ThingFlows(Flows):
    """All things."""

    resource = "things"
    access = ("server", "admin")
'''


def facade(folder: Path, *flows: str, head: str = HEAD, **marks: Any) -> dict[str, ast.Module]:
    get = operation("get_thing", parameters=[ID], responses=reply(ref("Thing")), **{"x-methods": ["things.get"]})
    description = api({"/things/{thing_id}": {"get": get | marks}}, Thing=record(("id",), id=STRING))
    (folder / "openapi.yaml").write_text(json.dumps(description), "utf-8")
    (folder / "flows").mkdir(exist_ok=True)
    body = "".join("\n" + "".join(f"    {line}\n" for line in flow.splitlines()) for flow in flows)
    (folder / "flows" / "things.py").write_text(head + body, "utf-8")
    render_facade(folder / "openapi.yaml", folder / "flows", folder / "out")
    return {path.name: ast.parse(path.read_text("utf-8")) for path in (folder / "out").glob("*.py")}


def methods(module: ast.Module, name: str) -> dict[str, Any]:
    (found,) = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name]
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def flow(result: str, arguments: str = "", words: str = "Look at it.") -> str:
    given = f"self, {arguments}" if arguments else "self"
    return f'def look({given}) -> {result}:\n    """{words}"""\n    raise NotImplementedError'


@pytest.mark.parametrize(
    ("result", "blocking", "awaiting", "is_coroutine"),
    [
        ("Steps[int]", "int", "int", True),
        ("Steps['int | None']", "'int | None'", "'int | None'", True),
        ("Operation[int]", "int", "int", True),
        ("Pages[int]", "Page[int]", "AsyncPages[int]", False),
        ("Many[str, int]", "Outcomes[str, int]", "AsyncOutcomes[str, int]", False),
    ],
)
def test_a_flow_becomes_a_method_in_both_modes(
    tmp_path: Path, result: str, blocking: str, awaiting: str, is_coroutine: bool
) -> None:
    module = facade(tmp_path, flow(result, "thing: str, *, deep: bool = False"))["things.py"]
    first, second = methods(module, "ServerThings")["look"], methods(module, "AsyncServerThings")["look"]
    assert (ast.unparse(first.returns), ast.unparse(second.returns)) == (blocking, awaiting)
    assert isinstance(first, ast.FunctionDef)
    assert isinstance(second, ast.AsyncFunctionDef) is is_coroutine
    for each in (first, second):
        assert ast.unparse(each.args) == "self, thing: str, *, deep: bool=False"
        assert ast.get_docstring(each) == "Look at it."
        assert "look(thing, deep=deep)" in ast.unparse(each.body[-1])


def test_only_the_access_types_of_a_flow_have_it(tmp_path: Path) -> None:
    files = facade(tmp_path, flow("Steps[int]"))
    text = ast.unparse(files["by_access.py"])
    client, server = text.partition("class ServerResources")[0], text.partition("class ServerResources")[2]
    assert "resources.Things" in client
    assert "resources.ServerThings" in server


def test_secrets_are_hidden_before_anything_else(tmp_path: Path) -> None:
    look = methods(facade(tmp_path, flow("Steps[int]", "key: SecretText"))["things.py"], "ServerThings")["look"]
    assert ast.unparse(look.body[1]) == "key = hidden(key)"


def test_notes_on_an_endpoint_appear_on_the_flow(tmp_path: Path) -> None:
    words = "Look at it. GET /things/{thing_id}."
    plain = facade(tmp_path, flow("Steps[int]", words=words))["things.py"]
    assert ast.get_docstring(methods(plain, "ServerThings")["look"]) == words
    marked = facade(tmp_path, flow("Steps[int]", words=words), **{"x-since": "2026-09"})["things.py"]
    for name in ("ServerThings", "AsyncServerThings"):
        doc = ast.get_docstring(methods(marked, name)["look"])
        assert doc == f"{words}\n\nNeeds a server of release 2026-09 or newer."


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (flow("int"), "look needs a docstring and must return one of Steps, Operation, Pages, Many"),
        ("def look(self) -> Steps[int]:\n    raise NotImplementedError", "look needs a docstring"),
    ],
)
def test_an_invalid_flow_stops_the_rendering(tmp_path: Path, written: str, problem: str) -> None:
    with pytest.raises(DescriptionError, match=problem) as caught:
        facade(tmp_path, written)
    assert "things.py:" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_class_without_access_types_stops_the_rendering(tmp_path: Path) -> None:
    with pytest.raises(DescriptionError, match="ThingFlows needs `access`, a tuple"):
        facade(tmp_path, flow("Steps[int]"), head=HEAD.replace('    access = ("server", "admin")\n', ""))


def test_two_classes_for_one_resource_and_access_type_stop_the_rendering(tmp_path: Path) -> None:
    second = HEAD.replace("ThingFlows", "OtherFlows")
    with pytest.raises(DescriptionError, match="things for server is declared more than once: ThingFlows, OtherFlows"):
        facade(tmp_path, head=HEAD + second)
