"""Python types and expressions for the properties parsed by openapi-python-client."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import attrs
from openapi_python_client import schema as oai
from openapi_python_client import strings
from openapi_python_client.parser.properties import AnyProperty, LiteralEnumProperty, ModelProperty
from openapi_python_client.parser.properties.boolean import BooleanProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.date import DateProperty
from openapi_python_client.parser.properties.datetime import DateTimeProperty
from openapi_python_client.parser.properties.float import FloatProperty
from openapi_python_client.parser.properties.int import IntProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.none import NoneProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.string import StringProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.properties.uuid import UuidProperty
from openapi_python_client.schema.untrusted_string import UntrustedString

from generator.description import DescriptionError

_SCALARS: Mapping[type, str] = {
    StringProperty: "str",
    DateProperty: "str",
    DateTimeProperty: "str",
    BooleanProperty: "bool",
    IntProperty: "int",
    FloatProperty: "float",
    NoneProperty: "None",
}

SECRET: Final = "SecretText"  # noqa: S105 - the annotation of what is sent


def literal(value: object) -> str:
    """Python code for a text, a number or a boolean."""
    return f'"{strings.in_double_quote_literal(value)}"' if isinstance(value, str) else repr(value)


@attrs.frozen
class Types:
    models: Mapping[str, ModelProperty]
    """Everything that openapi-python-client made a class of, by name."""
    inputs: Mapping[str, str] = attrs.field(factory=dict)
    """The name of the request `TypedDict`, by model name."""

    def model(self, prop: ModelProperty) -> ModelProperty:
        """Return the object of `prop`, with its fields."""
        # References are copies taken before the fields were read.
        return self.models.get(prop.class_info.name, prop)

    def fields(self, prop: ModelProperty) -> list[PropertyProtocol]:
        """Return its fields, those that are always present first."""
        model = self.model(prop)
        return [*(model.required_properties or ()), *(model.optional_properties or ())]

    def values(self, prop: ModelProperty) -> PropertyProtocol | None:
        """Return the type of the values of an object without fields; `None` for anything."""
        others = self.model(prop).additional_properties
        return None if isinstance(others, AnyProperty) else others

    def nested(self, prop: PropertyProtocol) -> Iterator[ModelProperty]:
        """Return the objects with fields in `prop`, but not those nested in them."""
        match prop:
            case ModelProperty() if self.fields(prop):
                yield self.model(prop)
            case ModelProperty():
                if values := self.values(prop):
                    yield from self.nested(values)
            case ListProperty():
                yield from self.nested(prop.inner_property)
            case UnionProperty():
                for option in prop.inner_properties:
                    yield from self.nested(option)

    def reachable(self, props: Iterable[PropertyProtocol]) -> dict[str, ModelProperty]:
        """Return the objects with fields in `props`, including nested ones, each after those that it contains."""
        found: dict[str, ModelProperty] = {}
        seen: set[str] = set()

        def visit(model: ModelProperty) -> None:
            name = model.class_info.name
            if name not in seen:
                seen.add(name)
                for held in self.holds(model):
                    visit(held)
                found[name] = model

        for prop in props:
            for model in self.nested(prop):
                visit(model)
        return found

    def schemas(self, model: ModelProperty, prop: PropertyProtocol) -> Iterator[oai.Schema]:
        """Return the schemas of a field as written in the description, including those merged through `allOf`."""
        waiting: list[oai.Schema | oai.Reference] = [model.data]
        for schema in waiting:
            if isinstance(schema, oai.Reference):
                schema = self.models[schema.ref.get_untrusted_value().rpartition("/")[2]].data
            waiting.extend(schema.allOf)
            if isinstance(field := (schema.properties or {}).get(prop.name), oai.Schema):
                yield field

    def description(self, model: ModelProperty, prop: PropertyProtocol) -> UntrustedString | None:
        """Return the description of a field where it is used, not of the object it refers to."""
        descriptions = [schema.description for schema in self.schemas(model, prop)]
        return next(filter(None, descriptions), None)

    def holds(self, model: ModelProperty) -> list[ModelProperty]:
        """Return the objects with fields among the fields of `model`."""
        return [held for field in self.fields(model) for held in self.nested(field)]

    def secrets(self, prop: PropertyProtocol) -> list[str]:
        """Return the names of the secrets in the objects of `prop`."""
        held = self.reachable([prop]).values()
        fields = [field for model in held for field in self.fields(model) if SECRET in self.send_options(field)]
        return sorted({field.name.get_untrusted_value() for field in fields})

    def read_type(self, prop: PropertyProtocol) -> str:
        """Return the annotation for reading."""
        match prop:
            case ConstProperty() | LiteralEnumProperty():
                kind, values = _values(prop)
                # Unknown texts are kept; numbers and booleans have their plain type.
                return f"Known[{values}]" if kind is str else kind.__name__
            case ListProperty():
                return f"tuple[{self.read_type(prop.inner_property)}, ...]"
            case ModelProperty() if self.fields(prop):
                return prop.class_info.name
            case ModelProperty():
                held = self.values(prop)
                return f"Mapping[str, {self.read_type(held) if held else 'Any'}]"
            case UnionProperty():
                self._refuse_ambiguity(prop)
                return union(map(self.read_type, prop.inner_properties))
            case AnyProperty():
                return "Any"
            case UuidProperty():
                return "Secret"
        return _scalar(prop)

    def _refuse_ambiguity(self, prop: UnionProperty) -> None:
        structured = [
            each for each in prop.inner_properties if isinstance(each, ModelProperty | ListProperty | UuidProperty)
        ]
        if len(structured) > 1:
            raise DescriptionError(
                f"#: {prop.name.get_untrusted_value()}: a reply that is one of several objects, lists or secrets"
                " cannot be told apart; describe one object with all their fields, or {} for anything"
            )

    def send_type(self, prop: PropertyProtocol) -> str:
        """Return the annotation for sending."""
        match prop:
            case ConstProperty() | LiteralEnumProperty():
                return _values(prop)[1]
            case ListProperty():
                return f"Sequence[{self.send_type(prop.inner_property)}]"
            case ModelProperty() if self.fields(prop):
                return self.inputs[prop.class_info.name]
            case ModelProperty():
                held = self.values(prop)
                return f"Mapping[str, {self.send_type(held) if held else 'JsonValue'}]"
            case UnionProperty():
                return union(map(self.send_type, prop.inner_properties))
            case AnyProperty():
                return "JsonValue"
            case UuidProperty():
                return SECRET
        return _scalar(prop)

    def send_options(self, prop: PropertyProtocol) -> list[str]:
        """Return the annotations in the union that is sent."""
        options = prop.inner_properties if isinstance(prop, UnionProperty) else [prop]
        return [self.send_type(option) for option in options]

    def query_type(self, prop: PropertyProtocol) -> str:
        """Return the annotation for sending in a query."""
        match prop:
            case DateTimeProperty():
                return "datetime"
            case DateProperty():
                return "date"
        return self.send_type(prop)


def quoted(annotation: str, undefined: Collection[str]) -> str:
    """Return `annotation`, quoted if it names a class that is not defined yet."""
    names = set(re.findall(r"\w+", annotation))
    return literal(annotation) if names.intersection(undefined) else annotation


def _values(prop: ConstProperty | LiteralEnumProperty) -> tuple[type, str]:
    values = [prop.value.raw_value] if isinstance(prop, ConstProperty) else sorted(prop.values)
    return type(values[0]), f"Literal[{', '.join(map(literal, values))}]"


def union(options: Iterable[str]) -> str:
    """Return the union of annotations."""
    return " | ".join(sorted(dict.fromkeys(options), key=lambda option: option == "None"))


def _scalar(prop: PropertyProtocol) -> str:
    if (name := _SCALARS.get(type(prop))) is None:
        raise DescriptionError(f"#: {prop.name.get_untrusted_value()}: {type(prop).__name__} is not rendered")
    return name
