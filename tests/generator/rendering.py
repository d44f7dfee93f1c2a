"""Rendering of small descriptions, and import of the result."""

import importlib
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from generator.rendering.render import render
from tests.generator.describing import Json, api, operation, ref, reply

_NUMBERS = itertools.count(1)


@attrs.frozen
class Package:
    """A rendered package with a unique name."""

    folder: Path

    def module(self, path: str = "") -> ModuleType:
        return importlib.import_module(f"{self.folder.name}.{path}".rstrip("."))

    def function(self, name: str) -> Callable[..., Any]:
        return self.module().OPERATIONS[name].function

    def model(self, name: str) -> Any:
        return getattr(self.module("models"), name)

    def text(self, path: str) -> str:
        return (self.folder / path).read_text("utf-8")


def rendered(folder: Path, description: Json) -> Package:
    """Return the package that the description renders, ready for import."""
    package = folder / f"rendered_{next(_NUMBERS)}"
    spec = folder / "openapi.yaml"
    spec.write_text(json.dumps(description, ensure_ascii=False), "utf-8")
    render(spec, package)
    sys.path.append(str(folder))
    return Package(package)


def reading(**schemas: Json) -> Json:
    """Return a description whose only operation answers with the first of the schemas."""
    return api({"/things": {"get": operation(responses=reply(ref(next(iter(schemas)))))}}, **schemas)
