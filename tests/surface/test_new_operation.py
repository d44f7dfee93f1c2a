"""Everything generated for a new operation: one entry in a copy of the description is enough."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
OPERATION = {
    "operationId": "get_gadget",
    "summary": "Returns a gadget",
    "tags": ["gadgets"],
    "x-access": ["client", "server", "admin"],
    "x-methods": ["gadgets.get", {"method": "gadgets.find", "absent": ["GADGET_NOT_FOUND"], "access": ["server"]}],
    "parameters": [{"name": "gadget_id", "in": "path", "required": True, "schema": {"type": "string"}}],
    "responses": {
        "200": {
            "description": "Success",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Gadget"}}},
        }
    },
}
PROGRAM = """
import inspect, json
import hexclave, hexclave_api, hexclave.resources
from docs.site.reference import reference
from hexclave.errors import HexclaveError
from hexclave.testing import emulator
from tests.surface.described import entries
from tests.surface.javascript_page import page
from tests.surface.public import surface
from tests.surface.test_described import test_a_rendered_method_sends_the_described_request as sends_as_described

def shown(app, name):
    method = getattr(app.gadgets, name, None)
    return method and [inspect.iscoroutinefunction(method), str(inspect.signature(method)), inspect.getdoc(method)]

apps = {
    name: getattr(hexclave, f"Hexclave{name}App".replace("HexclaveAsync", "AsyncHexclave"))("project-1", key)
    for mode in ("", "Async")
    for name, key in ((f"{mode}Client", "pck_x"), (f"{mode}Server", "ssk_x"), (f"{mode}Admin", "sak_x"))
}
with emulator(stub=True) as running:
    try:
        answer = repr(running.server_app().gadgets.get("g1"))
    except HexclaveError as error:
        answer = f"{error.status} {error.message}"
gadgets = [entry for entry in entries() if entry.method.startswith("gadgets.")]
for entry in gadgets:
    sends_as_described(entry)
print(json.dumps({
    "requests": [f"{entry.access}: {entry.method}" for entry in gadgets],
    "javascript": [line for line in page().splitlines() if "gadgets" in line],
    "function": str(inspect.signature(hexclave_api.OPERATIONS["get_gadget"].function)),
    "get": {name: shown(app, "get") for name, app in apps.items()},
    "find": {name: shown(app, "find") for name, app in apps.items()},
    "model": "Gadget" in hexclave.models.__all__,
    "pages": [page.path for page in reference() if "GET /gadgets/{gadget_id}" in page.text],
    "surface": [line for line in surface().splitlines() if "gadgets" in line],
    "emulator": answer,
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    copy = tmp_path_factory.mktemp("copy")
    for name in ("spec", "generator", "generated", "hexclave", "emulator", "docs", "tests/surface"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "tests/playing.py"):
        shutil.copy(ROOT / name, copy / name)
    spec = copy / "spec" / "openapi.yaml"
    description = yaml.load(spec.read_text("utf-8"), Loader=yaml.CSafeLoader)
    description["paths"]["/gadgets/{gadget_id}"] = {"get": OPERATION}
    description["components"]["schemas"]["Gadget"] = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }
    spec.write_text(yaml.dump(description, Dumper=yaml.CSafeDumper, sort_keys=False), "utf-8")
    path = os.pathsep.join(str(copy / each) for each in (".", "generated", "emulator"))
    for command in (["-m", "generator", "render"], ["-c", PROGRAM]):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_function_and_the_model_are_there(found: Any) -> None:
    assert found["function"].startswith("(gadget_id: str)")
    assert "Gadget" in found["function"]
    assert found["model"]


def test_every_app_has_the_method(found: Any) -> None:
    assert len(found["get"]) == 6
    for app, (is_coroutine, signature, words) in found["get"].items():
        assert is_coroutine is app.startswith("Async")
        assert signature.startswith("(gadget_id: str) -> ")
        assert signature.endswith("Gadget")
        assert words.startswith("Returns a gadget.")
        assert words.endswith("GET /gadgets/{gadget_id}.")


def test_a_method_for_one_access_type_is_there_alone(found: Any) -> None:
    assert {app for app, method in found["find"].items() if method} == {"Server", "AsyncServer"}
    assert found["find"]["Server"][1].endswith("Gadget | None")


def test_the_reference_and_the_snapshot_of_the_surface_have_it(found: Any) -> None:
    assert any("gadgets" in path for path in found["pages"])
    assert found["surface"] == [
        "app.gadgets.find(gadget_id)  # server",
        "app.gadgets.get(gadget_id)  # client, server, admin",
    ]


def test_its_requests_are_checked_and_the_javascript_page_lists_it(found: Any) -> None:
    assert found["requests"] == [
        "client: gadgets.get",
        "server: gadgets.get",
        "admin: gadgets.get",
        "server: gadgets.find",
    ]
    assert found["javascript"] == ["| `gadgets` | `find`<br>`get` |"]


def test_the_stub_of_the_emulator_answers(found: Any) -> None:
    assert found["emulator"] == "Gadget(id='example')"
