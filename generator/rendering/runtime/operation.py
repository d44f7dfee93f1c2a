"""An API operation as a value: the request to send and how to read the reply. No I/O."""

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, Union, cast

from .errors import UnsafeUseError
from .secret import Secret
from .value import Value, evolve

# Not one quoted union: signatures write `JsonValue | Unset`, which is evaluated when their module is imported.
JsonValue: TypeAlias = Union[bool, int, float, str, "Sequence[JsonValue]", "Mapping[str, JsonValue]", None]
AccessType: TypeAlias = Literal["client", "server", "admin"]
Credential: TypeAlias = Literal["access_token", "refresh_token", "publishable_client_key"]
Method: TypeAlias = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
MediaType: TypeAlias = Literal["application/json", "application/x-www-form-urlencoded"]
QueryScalar: TypeAlias = bool | int | float | str | date | Secret
QueryValue: TypeAlias = QueryScalar | Sequence[QueryScalar] | None

R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})


# Shared: every call creates an operation, and none of them modifies it.
_ALL_KNOWN: Final[Mapping[str, str]] = {}


class Unset(enum.Enum):
    """The type of `UNSET`, which leaves a field unchanged; `None` clears it."""

    # An enum member stays the same object under pickle and deepcopy, and type checkers narrow on `is UNSET`.
    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    __str__ = __repr__

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET


def given(**values: Any) -> dict[str, Any]:
    """Return the values that are not `UNSET`."""
    return {name: value for name, value in values.items() if value is not UNSET}


class Operation(Value, Generic[T_co]):
    """One call of the API, described but not made. Perform it with `app.call(operation)`.

    Its repr contains only the operation's name. Secrets in query and body are `Secret` objects, and sent as their text.

    Raises:
        UnsafeUseError: a path argument is not a `str`, or it is empty, `.` or `..`, which would reach another resource.
    """

    name: str
    method: Method
    template: str
    path: tuple[str, ...]
    access: tuple[AccessType, ...]
    parse: Callable[[Any], T_co]
    query: Mapping[str, QueryValue]
    body: Any
    """Any JSON value; `UNSET` for no body."""
    media_type: MediaType
    needs: tuple[Credential, ...]
    uses: tuple[Credential, ...]
    since: str | None
    """The release that introduced it: `2026-09`, or `after 2026-04`; `None` if all servers have it."""
    older: str | None
    """The name of the equivalent operation on older servers."""
    arguments_since: Mapping[str, str]
    """The release that introduced each argument newer than the operation, by the API's name.

    `order_by=last_active_at` stands for a value that is newer than its argument.
    """
    idempotent: bool
    """True if it can be repeated safely; determined by the method unless the description says otherwise."""

    def __init__(
        self,
        name: str,
        method: Method,
        template: str,
        path: tuple[str, ...],
        access: tuple[AccessType, ...],
        parse: Callable[[Any], T_co],
        query: Mapping[str, QueryValue] | None = None,
        body: Any = UNSET,
        media_type: MediaType = "application/json",
        needs: tuple[Credential, ...] = (),
        uses: tuple[Credential, ...] = (),
        since: str | None = None,
        older: str | None = None,
        arguments_since: Mapping[str, str] = _ALL_KNOWN,
        *,
        idempotent: bool | None = None,
    ) -> None:
        fields = self.__dict__
        fields["name"] = name
        fields["method"] = method
        fields["template"] = template
        fields["path"] = path
        fields["access"] = access
        fields["parse"] = parse
        fields["query"] = {} if query is None else query
        fields["body"] = body
        fields["media_type"] = media_type
        fields["needs"] = needs
        fields["uses"] = uses
        fields["since"] = since
        fields["older"] = older
        fields["arguments_since"] = arguments_since
        fields["idempotent"] = method in _IDEMPOTENT if idempotent is None else idempotent
        for segment in path:
            if segment.__class__ is not str or segment in _UNSAFE_SEGMENTS:
                self._judge_path()

    def _judge_path(self) -> None:
        for index, segment in enumerate(self.path):
            argument = self.template.strip("/").split("/")[index].strip("{}")
            if not isinstance(segment, str):
                raise UnsafeUseError(f"{self.name}: {argument} must be a str, not {type(segment).__name__}")
            if segment in _UNSAFE_SEGMENTS:
                problem = f"must not be {str(segment)!r}; it would reach another resource"
                raise UnsafeUseError(f"{self.name}: {argument} {problem}")

    @property
    def url(self) -> str:
        """Return path and query, percent-encoded, relative to the API's base: `/users/a%2Fb?limit=5`.

        Raises:
            UnsafeUseError: a value cannot be sent, such as a `datetime` without a timezone.
        """
        try:
            path = "/".join(self.path)
            # What joins the segments is all that may need quoting; almost every path is like that.
            if len(path.encode().translate(None, _PLAIN_IN_PATHS)) >= len(self.path):
                from urllib.parse import quote  # slow to load

                path = "/".join([quote(segment, safe="$@:") for segment in self.path])
            return f"/{path}?{query}" if self.query and (query := encode_query(self.query)) else f"/{path}"
        except UnicodeEncodeError:
            path = query = ""  # Raised outside, and without these: all hold the text.
        raise UnsafeUseError(f"{self.name}: an argument holds half of a surrogate pair, which is no character")

    def mapped(self, take: Callable[[T_co], R]) -> "Operation[R]":
        """Return this operation with `take` applied to its result."""
        parse = self.parse
        return cast("Operation[R]", evolve(self, parse=lambda data: take(parse(data))))

    def silenced(self) -> "Operation[None]":
        """Return this operation without its result."""
        return cast("Operation[None]", evolve(self, parse=_nothing))

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.template}>"


def _nothing(_: object) -> None:
    """Ignore the reply."""


_UNSAFE_SEGMENTS: Final = frozenset({"", ".", ".."})
_NUMBERS: Final = (int, float)
_PLAIN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PLAIN_IN_PATHS: Final = _PLAIN + b"$@:"


def encode_query(query: Mapping[str, QueryValue]) -> str:
    """Return the query string in the API's format: `true`/`false`, ISO 8601 dates, lists joined with commas, `None`
    left out.

    Raises:
        UnsafeUseError: a `datetime` has no timezone, or an item of a list contains a comma.
    """
    parts = []
    for name, value in query.items():
        if value is not None:
            part = f"{name}={(text := _query_text(name, value))}"
            # Only the separator may need quoting.
            if len(part.encode().translate(None, _PLAIN)) != 1:
                from urllib.parse import quote

                part = f"{quote(name, safe='')}={quote(text, safe='')}"
            parts.append(part)
    return "&".join(parts)


def _query_text(name: str, value: QueryValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _NUMBERS):
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UnsafeUseError(f"{name} needs a timezone; `datetime.now(UTC)` has one")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence):
        texts = [_query_text(name, item) for item in value]
        if any("," in text for text in texts):
            raise UnsafeUseError(f"{name}: an item must not contain a comma; the API would take it for several")
        return ",".join(texts)
    return str(value)
