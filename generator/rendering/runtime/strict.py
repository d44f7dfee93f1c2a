"""Strict reading of replies: any deviation from the description is an error. For tests of the description and of
servers.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from inspect import get_annotations
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

import attrs

from .model import Model
from .operation import Operation
from .reading import UNIONS, escaped, kind, reader
from .secret import Secret

T = TypeVar("T")

_SCALARS: Final[Mapping[type, tuple[type, ...]]] = {
    str: (str,),
    Secret: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
}
_NAMES: Final[Mapping[object, str]] = {
    str: "text",
    Secret: "text",
    bool: "a boolean",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


@attrs.frozen
class Deviation:
    """A place where data deviates from the description. Says what is there, never its value."""

    pointer: str
    """JSON pointer; empty for the whole reply."""
    problem: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.problem}"


class DeviationError(ValueError):
    """A reply deviates from the description; `deviations` lists every place."""

    def __init__(self, subject: str, deviations: tuple[Deviation, ...]) -> None:
        super().__init__(subject, deviations)
        self.subject = subject
        self.deviations = deviations

    def __str__(self) -> str:
        return f"{self.subject}: " + "; ".join(map(str, self.deviations))


def parse(operation: Operation[T], data: Any, *, release: str | None = None) -> T:
    """Return the result of `operation` from its decoded reply, if the reply matches the description exactly.

    Args:
        release: the server's release, such as `2026-10`: fields guaranteed since then may not be missing.

    Raises:
        DeviationError: it does not match.
        KeyError: the description has no operation of this name.
    """
    if deviations := check(result_type(operation.name), data, release=release):
        raise DeviationError(operation.name, tuple(deviations))
    return operation.parse(data)


def check(shape: Any, data: Any, *, release: str | None = None) -> list[Deviation]:
    """Return every place where decoded JSON deviates from `shape`: a model class, or the type of a model's field."""
    return list(_Walk(release).walk(shape, data, ""))


@cache
def _schemas() -> Mapping[str, Any]:
    text = files(__name__.rpartition(".")[0]).joinpath("description.json").read_text("utf-8")
    schemas: Mapping[str, Any] = json.loads(text)["components"]["schemas"]
    return schemas


@cache
def result_type(name: str) -> Any:
    operations = import_module(f"{__package__}.operations").OPERATIONS
    return get_args(get_annotations(operations[name].function)["return"])[0]


@attrs.frozen
class _Walk:
    release: str | None

    def walk(self, shape: Any, data: Any, at: str) -> Iterator[Deviation]:
        origin, args = get_origin(shape), get_args(shape)
        if shape is Any:
            return
        if origin is Annotated:
            yield from self.walk(args[0], data, at)
        elif isinstance(shape, type) and issubclass(shape, Model):
            yield from self.walk_model(shape, data, at)
        elif origin is Literal:
            if data not in args:
                yield Deviation(at, "not one of the known values")
        elif origin in UNIONS:
            yield from self.walk_union(args, data, at)
        elif origin is tuple:
            yield from self.walk_list(args[0], data, at)
        elif origin is not None and issubclass(origin, Mapping):
            yield from self.walk_record(args[1], data, at)
        elif type(data) not in _SCALARS.get(shape, (type(None),)):
            yield Deviation(at, f"{kind(data)} instead of {_NAMES[shape]}")

    def walk_union(self, options: tuple[Any, ...], data: Any, at: str) -> Iterator[Deviation]:
        # `Known[Literal[…]]` is a union with str, which would accept any text.
        if any(get_origin(option) is Literal for option in options):
            options = tuple(option for option in options if option is not str)
        if data is None and type(None) in options:
            return
        options = tuple(option for option in options if option is not type(None))
        structured = isinstance(data, dict | list)
        alike = [each for each in options if (each is not Secret and reader(each) is not None) == structured]
        yield from min((list(self.walk(option, data, at)) for option in alike or options), key=len)

    def walk_model(self, model: type[Model], data: Any, at: str) -> Iterator[Deviation]:
        if type(data) is not dict:
            yield Deviation(at, f"{kind(data)} instead of an object")
            return
        layout = model.layout()
        for field in layout.fields:
            if field.key in data:
                yield from self.walk(field.shape, data[field.key], f"{at}/{escaped(field.key)}")
            elif not field.optional or self._is_due(model, field.key):
                yield Deviation(f"{at}/{escaped(field.key)}", "missing")
        for key in data:
            if key not in layout.names:
                yield Deviation(f"{at}/{escaped(key)}", "not in the description")

    def _is_due(self, model: type[Model], key: str) -> bool:
        if self.release is None:
            return False
        since = _schemas().get(model.__name__, {}).get("properties", {}).get(key, {}).get("x-since")
        return since is not None and since <= self.release

    def walk_list(self, shape: Any, data: Any, at: str) -> Iterator[Deviation]:
        if type(data) is not list:
            yield Deviation(at, f"{kind(data)} instead of a list")
            return
        for index, item in enumerate(data):
            yield from self.walk(shape, item, f"{at}/{index}")

    def walk_record(self, shape: Any, data: Any, at: str) -> Iterator[Deviation]:
        if type(data) is not dict:
            yield Deviation(at, f"{kind(data)} instead of an object")
            return
        for name, value in data.items():
            yield from self.walk(shape, value, f"{at}/{escaped(name)}")
