"""Registries whose entries are imported when they are used."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Generic, TypeVar

import attrs

from .operation import AccessType, Method, Operation

T = TypeVar("T")


@attrs.frozen
class Entry:
    """Facts about an operation that are available without importing it."""

    name: str
    method: Method
    path: str
    """The template: `/users/{user_id}`."""
    tag: str
    access: tuple[AccessType, ...]

    @property
    def function(self) -> Callable[..., Operation[Any]]:
        """The function that makes the operation; using it imports its module."""
        module = import_module(f".operations.{self.tag}", __package__)
        function: Callable[..., Operation[Any]] = getattr(module, self.name)
        return function


def entries(rows: Mapping[str, Iterable[tuple[str, Method, str, tuple[AccessType, ...]]]]) -> dict[str, Entry]:
    """Return the entries by name, from rows of name, method, path and access types by tag."""
    return {row[0]: Entry(row[0], row[1], row[2], tag, row[3]) for tag, some in rows.items() for row in some}


class LazyMapping(Mapping[str, T], Generic[T]):
    """A read-only mapping that loads a value when it is used."""

    def __init__(self, names: Mapping[str, str], load: Callable[[str], T]) -> None:
        self._names = names
        self._load = load

    def __getitem__(self, key: str) -> T:
        return self._load(self._names[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
