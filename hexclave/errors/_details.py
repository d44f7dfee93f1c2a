"""Error details as typed attributes, parsed from the mapping that the server sent."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypedDict, TypeVar, cast, overload

from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave_api.errors import HexclaveError
    from hexclave_api.operation import JsonValue

T = TypeVar("T")


class RestrictedReason(TypedDict):
    """The reason a user is restricted: `type` is `anonymous`, `email_not_verified` or `restricted_by_administrator`."""

    type: str


class Detail(Generic[T]):
    """Descriptor of a detail. Its value on an error is `None` if the server sent none or one of another type."""

    def __init__(self, kind: type[T], key: str) -> None:
        self.kind = kind
        self.key = key
        self._read = _READERS[kind]

    def __set_name__(self, owner: "type[HexclaveError]", name: str) -> None:
        self.key = self.key or name
        owner._detail_names = (*owner._detail_names, name)  # noqa: SLF001 -- the two are one mechanism

    @overload
    def __get__(self, error: None, owner: object) -> Self: ...
    @overload
    def __get__(self, error: "HexclaveError", owner: object) -> T | None: ...
    def __get__(self, error: "HexclaveError | None", owner: object) -> Self | T | None:
        if error is None:
            return self
        value: T | None = self._read(error.details.get(self.key))
        return value


def detail(kind: type[T], key: str = "") -> T | None:
    """Declare a detail of this type; `key` is its name in the API if it differs."""
    return cast(T, Detail(kind, key))  # Annotations show every tool the type of an error's attribute.


def _as_int(value: "JsonValue") -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_datetime(value: "JsonValue") -> datetime | None:
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        return None
    return None


def _all_of(kind: type[T], value: "JsonValue") -> list[T] | None:
    if not isinstance(value, list):
        return None
    items = [item for item in value if isinstance(item, kind)]
    return items if len(items) == len(value) else None


def _as_restricted_reason(value: "JsonValue") -> RestrictedReason | None:
    if isinstance(value, Mapping) and isinstance(kind := value.get("type"), str):
        return {"type": kind}
    return None


_READERS: Final[dict[Any, Callable[[Any], Any]]] = {
    str: lambda value: value if isinstance(value, str) else None,
    Secret: lambda value: value if isinstance(value, Secret) else None,
    bool: lambda value: value if isinstance(value, bool) else None,
    int: _as_int,
    datetime: _as_datetime,
    list[str]: partial(_all_of, str),
    list[dict[str, object]]: partial(_all_of, dict),
    RestrictedReason: _as_restricted_reason,
}
