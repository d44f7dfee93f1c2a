"""Lazy imports: modules are imported when one of their names is used."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


def touched(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package; `places` maps each name to its module, or a submodule to
    itself.
    """

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f".{places[name]}", package)
        value = module if places[name] == name else getattr(module, name)
        setattr(modules[package], name, value)
        return value

    return load, lambda: sorted({*vars(modules[package]), *places})
