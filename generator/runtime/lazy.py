"""What is imported when it is touched."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from sys import modules
from typing import Any, Generic, TypeVar

T = TypeVar("T")


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


class LazyMapping(Mapping[str, T], Generic[T]):
    """A read-only mapping that loads a value when it is touched."""

    def __init__(self, names: Mapping[str, str], load: Callable[[str], T]) -> None:
        self._names = names
        self._load = load

    def __getitem__(self, key: str) -> T:
        return self._load(self._names[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
