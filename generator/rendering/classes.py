"""Classes: models for replies, `TypedDict`s for objects in requests."""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import attrs
from openapi_python_client import schema as oai
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.schema.untrusted_string import UntrustedString

from generator.rendering.identifiers import attribute, is_identifier
from generator.rendering.types import Types, quoted

_MOMENT = re.compile(r"(^|_)(at|since|until|start|end)$")


class Unit(NamedTuple):
    """The unit of a number or a text, and its type in Python."""

    suffix: str
    """Of the field that has it as sent."""
    python: str
    reader: str
    """The expression that reads `{}`."""
    words: str


_UNITS: Final = {
    "unix-millis": Unit("_millis", "datetime", "moment({})", "a time in UTC"),
    "unix-seconds": Unit("_seconds", "datetime", "moment({}, seconds=1)", "a time in UTC"),
    "date-time": Unit("_text", "datetime", "read_time({})", "a time in UTC"),
    "date": Unit("_text", "date", "read_date({})", "a date"),
    "milliseconds": Unit("_millis", "timedelta", "duration({}, seconds=0.001)", "a duration"),
    "seconds": Unit("_seconds", "timedelta", "duration({}, seconds=1)", "a duration"),
    "cents": Unit("_cents", "Decimal", "whole({})", "an amount in US dollars"),
    "decimal": Unit("_text", "Decimal", "amount({})", "an amount"),
    "decimals": Unit("_text", "Mapping[str, Decimal]", "amounts({})", "amounts by currency"),
}
"""By `format` in the description. For numbers whose names say the unit, it follows from the name."""
_NUMBERS: Final = re.compile(r"(int|float)( \| None)?")
_UNITS_OF_NAMES: Final = {"millis": "milliseconds", "ms": "milliseconds", "seconds": "seconds", "cents": "cents"}


class View(NamedTuple):
    """A property that returns a field with its unit."""

    name: str
    annotation: str
    expression: str
    words: str


@attrs.frozen
class Field:
    name: str
    wire_name: str
    annotation: str
    description: UntrustedString | None
    view: "View | None"
    """The property that returns it with its unit."""


@attrs.frozen
class Model:
    name: str
    description: UntrustedString | None
    fields: list[Field]

    @property
    def renamed(self) -> list[Field]:
        return [field for field in self.fields if field.name != field.wire_name]


@attrs.frozen
class InputField:
    wire_name: str
    annotation: str
    description: UntrustedString | None


@attrs.frozen
class Input:
    name: str
    description: UntrustedString | None
    fields: list[InputField]

    @property
    def is_class(self) -> bool:
        """Return true if all wire names can be written as attributes of a class."""
        return all(is_identifier(field.wire_name) for field in self.fields)


def model(prop: ModelProperty, types: Types, undefined: Collection[str]) -> Model:
    """Render the model that reads an object; `undefined` are the classes defined later in its module."""
    fields = list(types.fields(prop))
    units = [_unit(prop, field, types) for field in fields]
    wire_names = [field.name.get_untrusted_value() for field in fields]
    names: list[str] = []
    for name, unit in zip(wire_names, units, strict=True):
        says_so = unit is None or name.rpartition("_")[2] in _UNITS_OF_NAMES
        names.append(attribute(name if says_so or unit is None else f"{name}{unit.suffix}", names))
    made = [_field(prop, *row, names, types) for row in zip(fields, units, names, strict=True)]
    made = [attrs.evolve(field, annotation=quoted(field.annotation, undefined)) for field in made]
    return Model(prop.class_info.name, prop.description, made)


def _unit(model: ModelProperty, prop: PropertyProtocol, types: Types) -> Unit | None:
    name, read_type = prop.name.get_untrusted_value(), types.read_type(prop)
    schemas = list(types.schemas(model, prop))
    written = next((each for schema in schemas for each in _formats(schema) if each in _UNITS), None)
    if written is not None:
        return _UNITS["decimals" if read_type.startswith("Mapping") else written]
    stem, _, suffix = name.rpartition("_")
    if not _NUMBERS.fullmatch(read_type) or suffix not in _UNITS_OF_NAMES or not stem:
        return None
    return _UNITS["unix-millis" if suffix == "millis" and _MOMENT.search(stem) else _UNITS_OF_NAMES[suffix]]


def _formats(schema: oai.Schema) -> Iterator[str]:
    for part in (schema, *schema.anyOf, schema.additionalProperties):
        if isinstance(part, oai.Schema) and part.schema_format is not None:
            yield part.schema_format.get_untrusted_value()


def _field(
    model: ModelProperty, prop: PropertyProtocol, unit: Unit | None, name: str, taken: list[str], types: Types
) -> Field:
    annotation = read_type = types.read_type(prop)
    if not prop.required:
        annotation = f"Maybe[{annotation}]"
    view = None
    if unit is not None and (stem := name.rpartition("_")[0]) not in taken:
        can_be_none = not prop.required or "None" in read_type
        kind = f"{unit.python} | None" if can_be_none else unit.python
        view = View(stem, kind, unit.reader.format(f"self.{name}"), unit.words)
    return Field(name, prop.name.get_untrusted_value(), annotation, types.description(model, prop), view)


def input_of(prop: ModelProperty, types: Types, undefined: Collection[str]) -> Input:
    """Render the `TypedDict` for an object in a request; `undefined` are the classes defined later, and itself."""
    fields = []
    for field in types.fields(prop):
        annotation = quoted(types.send_type(field), undefined)
        name, description = field.name.get_untrusted_value(), types.description(prop, field)
        fields.append(InputField(name, annotation if field.required else f"NotRequired[{annotation}]", description))
    return Input(types.inputs[prop.class_info.name], prop.description, fields)


def grouped(read: dict[str, ModelProperty], replies: Collection[str], types: Types) -> dict[str, list[ModelProperty]]:
    """Group the models in `read` by the one that their module is named after.

    A model has its own module, unless only one other model contains it and it is not itself a reply. Models that
    contain each other also share a module, since modules cannot import each other.
    """
    holders: dict[str, set[str]] = {name: set() for name in read}
    for name, holder in read.items():
        for held in types.holds(holder):
            holders[held.class_info.name].add(name)
    reach = {name: set(types.reachable(types.fields(model))) for name, model in read.items()}
    owner: dict[str, str] = {}
    # Here a model comes after those that contain it, except for those that it contains in turn.
    for name in reversed(read):
        if name not in owner:
            circle = {name, *(other for other in reach[name] if name in reach[other])}
            above = {owner[holder] for member in circle for holder in holders[member] - circle}
            first = above.pop() if len(above) == 1 and circle.isdisjoint(replies) else name
            owner |= dict.fromkeys(circle, first)
    groups: dict[str, list[ModelProperty]] = {}
    for name, model in read.items():
        groups.setdefault(owner[name], []).append(model)
    return groups
