"""Conversion of replies to values. Conversion is lenient: only a value other than a required object or list is an
error.
"""

import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self, TypeAlias, TypeVar, Union, get_args, get_origin

from .secret import Secret, read_secret

T = TypeVar("T")

Known: TypeAlias = T | str
"""`Known[Literal["a", "b"]]`: one of these in this version; later servers may send others."""

OPTIONAL: Final = "optional"

# The mark is inside, to distinguish `Maybe[str | None]`, a field that may also be null.
Maybe: TypeAlias = Annotated[T, OPTIONAL] | None
"""The field may be omitted from a reply; it is then `None`."""

UNIONS: Final = (Union, types.UnionType)
_JSON_NAMES: Final = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}


class WireError(ValueError):
    """A reply has the wrong shape: something other than a required object or list.

    The message has the location and the kind of value, never the value itself.
    """

    def __init__(self, subject: str, pointer: str, problem: str) -> None:
        super().__init__(subject, pointer, problem)
        self.subject = subject
        """The type read: the name of a model, `object` or `list`."""
        self.pointer = pointer
        """JSON pointer into the reply; empty for the whole reply."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.subject}{self.pointer and f' at {self.pointer}'}: {self.problem}"

    def inside(self, subject: str, key: str | int) -> Self:
        """Return the same error as seen from the container, which has the faulty value under `key`."""
        return type(self)(subject, f"/{escaped(str(key))}{self.pointer}", self.problem)


def kind(value: object) -> str:
    """Return the JSON type of `value`: `an object`, `a list`, `text`, `a number`, `a boolean` or `null`."""
    return _JSON_NAMES.get(type(value), "a number")


def escaped(key: str) -> str:
    """Return `key` as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def nothing(_: object) -> None:
    """Return `None`: the reply has no useful content."""


def as_it_is(value: Any) -> Any:
    """Return `value` unchanged."""
    return value


def json_object(value: Any) -> Mapping[str, Any]:
    """Return `value`, which must be an object.

    Raises:
        WireError: it is not an object.
    """
    if value.__class__ is not dict:
        raise WireError("object", "", f"{kind(value)} instead of an object")
    return value


def reader(shape: Any) -> Callable[[Any], Any] | None:
    """Return the function that converts non-null values of this type; `None` if they are returned unchanged."""
    if type(shape) is type:
        return _read_secret if shape is Secret else getattr(shape, "_read", None)
    origin, args = get_origin(shape), get_args(shape)
    if origin is Annotated:
        return reader(args[0])
    if origin in UNIONS:
        return _union_reader(args)
    if origin is tuple:
        return _list_reader(reader(args[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        found = reader(args[1])
        return _record_reader(found) if found else None
    return None


def _structure(shape: Any) -> type:
    """Return the type that `json.loads` produces for `shape`."""
    if get_origin(shape) is tuple:
        return list
    return str if shape is Secret else dict


def read(shape: Any) -> Callable[[Any], Any]:
    """Convert a whole reply of this type."""
    return reader(shape) or as_it_is


def _read_secret(value: Any) -> Secret:
    if value.__class__ is str:
        return read_secret(value)
    if isinstance(value, Secret):
        return value
    problem = f"{kind(value)} instead of text"
    del value
    raise WireError("secret", "", problem)


def _union_reader(options: tuple[Any, ...]) -> Callable[[Any], Any] | None:
    # The generator renders no union with two options that need converting.
    for option in options:
        if (found := reader(option)) is not None:
            alone = len(options) - (type(None) in options) == 1
            return found if alone else _reader_of_some(found, _structure(option))
    return None


def _reader_of_some(read_one: Callable[[Any], Any], structure: type) -> Callable[[Any], Any]:
    return lambda value: read_one(value) if value.__class__ is structure else value


def _list_reader(read_one: Callable[[Any], Any] | None) -> Callable[[Any], tuple[Any, ...]]:
    def read_list(value: Any) -> tuple[Any, ...]:
        if value.__class__ is not list:
            raise WireError("list", "", f"{kind(value)} instead of a list")
        if read_one is None:
            return tuple(value)
        items: list[Any] = []
        try:
            for item in value:
                items.append(None if item is None else read_one(item))  # noqa: PERF401 - its length says which item fails
        except WireError as error:
            raise error.inside("list", len(items)) from None
        return tuple(items)

    return read_list


def _record_reader(read_one: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    def read_record(value: Any) -> dict[str, Any]:
        items: dict[str, Any] = {}
        for name, item in json_object(value).items():
            try:
                items[name] = None if item is None else read_one(item)
            except WireError as error:
                raise error.inside("object", name) from None
        return items

    return read_record
