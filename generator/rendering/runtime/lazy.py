"""What is imported when it is touched."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules
from typing import Any


def touched(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package: `places` says in which module a name is, or that it is one itself."""

    def load(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(f".{places[name]}", package)
        value = module if places[name] == name else getattr(module, name)
        setattr(modules[package], name, value)
        return value

    return load, lambda: sorted({*vars(modules[package]), *places})
