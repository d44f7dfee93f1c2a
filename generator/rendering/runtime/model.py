"""The base of all models for replies: construction from JSON, comparison and repr."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    NamedTuple,
    Self,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from .declaring import frozen as frozen
from .reading import UNIONS, WireError, kind, reader
from .secret import Secret

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

_ADDITIONAL: Final = "additional_properties"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class UnknownFields(Mapping[str, Any]):
    """Fields of an object that its model does not define, by wire name. Its repr omits the values."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"<{', '.join(self._fields) or 'none'}>"


NOTHING_ELSE: Final = UnknownFields({})


class WireField(NamedTuple):
    """A field of a model as described."""

    name: str
    key: str
    """Its name in JSON."""
    shape: Any
    """Its type."""
    optional: bool
    """True if it may be omitted."""


class Layout(NamedTuple):
    """The JSON layout of a model, derived from its annotations."""

    fields: tuple[WireField, ...]
    names: Mapping[str, str]
    """Field names by JSON name."""
    blank: dict[str, Any]
    """True for a model without defined fields."""
    size: int
    """The number of attributes of an object with defined fields only; -1 if a field has another name in JSON."""
    readers: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    """The fields that need converting: Python and JSON names."""

    def attributes(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes for an object, before conversion."""
        attributes, rest = self.blank.copy(), {}
        for key, value in data.items():
            if key in self.names:
                attributes[self.names[key]] = value
            else:
                rest[key] = value
        if rest:
            attributes[_ADDITIONAL] = UnknownFields(rest)
        return attributes


@frozen(kw_only=True)
class Model:
    """An object returned by the API: immutable, compared by value.

    A field that is always sent has a type without `None`, but is `None` if a reply omits it.
    """

    additional_properties: Mapping[str, Any] = NOTHING_ELSE
    """Fields unknown to this version, by wire name."""

    _wire_names: ClassVar[Mapping[str, str]] = {}
    _layout: ClassVar[Layout | None] = None
    _read: ClassVar[Callable[[Any], Any]]

    def __init_subclass__(cls) -> None:
        cls._read = staticmethod(_reading(cls))

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Create the model from a decoded JSON object with the API's names, such as one from `to_dict()` or a reply.

        As lenient as with replies: no field is required. A masked secret stays masked.

        Raises:
            WireError: `data` is not an object, or a value inside it is not an object or list as required.
        """
        model: Self = cls._read(data)
        return model

    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """Return the object as the API sends it: its names and formats, including fields unknown to this version.

        Optional fields that are `None` are omitted. Secrets are masked, unless `reveal` is true.
        `json.dumps(…, default=Model.to_dict)` also writes nested models.

        Raises:
            TypeError: `json.dumps` found a value that is neither JSON nor a model.
        """
        if not isinstance(self, Model):
            raise TypeError(f"Object of type {type(self).__name__} is not JSON serializable")
        values = [(field, getattr(self, field.name)) for field in self.layout().fields]
        kept = {field.key: _plain(value, reveal) for field, value in values if value is not None or not field.optional}
        return {**kept, **_plain(self.additional_properties, reveal)}

    def to_json(self, *, reveal: bool = False) -> str:
        """Return `to_dict()` as JSON text."""
        from json import dumps

        return dumps(self.to_dict(reveal=reveal))

    @classmethod
    def layout(cls) -> Layout:
        """Return the described fields."""
        if cls._layout is None:
            cls._layout = _lay_out(get_type_hints(cls, include_extras=True), cls._wire_names)
        return cls._layout

    # Defined once here rather than by attrs for each class, which takes half of a model's import time.
    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        # JSON data can change, so it has no part in the hash; equal models have equal hashes all the same.
        return hash((self.__class__, *(_fixed(self.__dict__[field.name]) for field in self.layout().fields)))

    def __repr__(self) -> str:
        values = [(field, self.__dict__[field.name]) for field in self.layout().fields]
        shown = [f"{field.name}={value!r}" for field, value in values if value is not None]
        if self.additional_properties:
            shown.append(f"additional_properties={self.additional_properties!r}")
        return f"{self.__class__.__name__}({', '.join(shown)})"

    def _repr_html_(self) -> str:
        from .notebooks import model_table

        return model_table(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from .validating import model_schema

        return model_schema(cls, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: "CoreSchema", handler: "GetJsonSchemaHandler") -> "JsonSchemaValue":
        from .validating import described

        return described(cls, handler(schema), handler)


def _reading(model: type[Model]) -> Callable[[Any], Any]:
    """Return the function that converts objects to the model; a closure, since most of the time for a page is spent
    here.
    """
    blank: dict[str, Any] = {}
    readers: tuple[tuple[str, str, Callable[[Any], Any]], ...] = ()
    size = 0
    layout: Layout | None = None

    def read(data: Any) -> Any:
        nonlocal blank, readers, size, layout
        if data.__class__ is not dict:
            raise WireError(model.__name__, "", f"{kind(data)} instead of an object")
        if layout is None:
            # The layout is set last: a thread that sees it also sees the rest.
            found = model.layout()
            blank, readers, size, layout = found.blank, found.readers, found.size, found
        # Merged so that the keys are the interned ones of the class, which makes attribute access faster than keys from
        # JSON.
        attributes = blank | data
        if len(attributes) != size or attributes[_ADDITIONAL] is not NOTHING_ELSE:
            attributes = layout.attributes(data)
        if readers:
            key = ""
            try:
                for name, key, read_value in readers:  # noqa: B007 - the error names the key
                    if (value := attributes[name]) is not None:
                        attributes[name] = read_value(value)
            except WireError as error:
                raise error.inside(model.__name__, key) from None
        # Bypasses `__init__`, which would take most of the reading time.
        made = _new(model)
        _set_attributes(made, attributes)
        return made

    return read


_new: Final = object.__new__
_set_attributes: Final = vars(Model)["__dict__"].__set__


@overload
def moment(count: float, *, seconds: float = 0.001) -> datetime: ...
@overload
def moment(count: float | None, *, seconds: float = 0.001) -> datetime | None: ...
def moment(count: float | None, *, seconds: float = 0.001) -> datetime | None:
    """Convert milliseconds since 1970 to a UTC time; out-of-range values give the first or last `datetime`.

    `seconds` is the length of what is counted, if not milliseconds.
    """
    if count is None:
        return None
    try:
        return _EPOCH + count * timedelta(seconds=seconds)
    except OverflowError:
        return _LAST if count > 0 else _FIRST


def _lay_out(hints: Mapping[str, Any], wire_names: Mapping[str, str]) -> Layout:
    names = [name for name in hints if not name.startswith("_") and name != _ADDITIONAL]
    fields = tuple(_field(name, wire_names.get(name, name), hints[name]) for name in names)
    return Layout(
        fields,
        names={field.key: field.name for field in fields},
        blank={**dict.fromkeys(names), _ADDITIONAL: NOTHING_ELSE},
        size=-1 if wire_names else len(names) + 1,
        readers=tuple((field.name, field.key, read) for field in fields if (read := reader(field.shape))),
    )


def _field(name: str, key: str, shape: Any) -> WireField:
    options = get_args(shape) if get_origin(shape) in UNIONS else ()
    optional = next((each for each in options if type(each) is not type and get_origin(each) is Annotated), None)
    return WireField(name, key, shape if optional is None else get_args(optional)[0], optional is not None)


def _plain(value: Any, reveal: bool) -> Any:
    if value.__class__ in _SCALARS:
        return value
    if isinstance(value, Model):
        return value.to_dict(reveal=reveal)
    if isinstance(value, Secret):
        return value.reveal() if reveal else str(value)
    if isinstance(value, Mapping):
        return {key: _plain(item, reveal) for key, item in value.items()}
    return [_plain(item, reveal) for item in value] if isinstance(value, tuple | list) else value


def _fixed(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_fixed(item) for item in value])
    return None if isinstance(value, Mapping | list) else value


_SCALARS: Final = (str, int, bool, float, type(None))
