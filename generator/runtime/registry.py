"""What is known of the operations without importing them."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import attrs

from .operation import AccessType, Method, Operation


@attrs.frozen
class Entry:
    """What is known of an operation without importing it."""

    name: str
    method: Method
    path: str
    """The template: `/users/{user_id}`."""
    tag: str
    access: tuple[AccessType, ...]

    @property
    def function(self) -> Callable[..., Operation[Any]]:
        """The function that makes the operation; its module is imported when this is touched."""
        module = import_module(f".operations.{self.tag}", __package__)
        function: Callable[..., Operation[Any]] = getattr(module, self.name)
        return function


def entries(rows: Mapping[str, Iterable[tuple[str, Method, str, tuple[AccessType, ...]]]]) -> dict[str, Entry]:
    """The entries by name, from rows of name, method, path and access types by tag."""
    return {row[0]: Entry(row[0], row[1], row[2], tag, row[3]) for tag, some in rows.items() for row in some}
