"""The classes: models for what is read, `TypedDict`s for the objects inside what is sent."""

from collections.abc import Collection

import attrs
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.schema.untrusted_string import UntrustedString

from generator.rendering.identifiers import attribute, is_identifier
from generator.rendering.types import Types, quoted

_MILLIS = "_at_millis"


@attrs.frozen
class Field:
    name: str
    wire_name: str
    annotation: str
    description: UntrustedString | None
    moment: str | None
    """The name of the same as a `datetime`."""
    moment_type: str


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
        """Whether all wire names can be written as attributes of a class."""
        return all(is_identifier(field.wire_name) for field in self.fields)


def model(prop: ModelProperty, types: Types, undefined: Collection[str]) -> Model:
    """The model that reads an object; `undefined` are the classes that its module defines later."""
    names: list[str] = []
    for field in types.fields(prop):
        names.append(attribute(field.name.get_untrusted_value(), names))
    fields = [_field(prop, field, name, names, types) for field, name in zip(types.fields(prop), names, strict=True)]
    fields = [attrs.evolve(field, annotation=quoted(field.annotation, undefined)) for field in fields]
    return Model(prop.class_info.name, prop.description, fields)


def _field(model: ModelProperty, prop: PropertyProtocol, name: str, taken: list[str], types: Types) -> Field:
    annotation = read_type = types.read_type(prop)
    if not prop.required:
        annotation = f"Maybe[{annotation}]"
    moment = name.removesuffix("_millis")
    has_moment = name.endswith(_MILLIS) and read_type in ("int", "int | None") and moment not in taken
    return Field(
        name=name,
        wire_name=prop.name.get_untrusted_value(),
        annotation=annotation,
        description=types.description(model, prop),
        moment=moment if has_moment else None,
        moment_type="datetime" if annotation == "int" else "datetime | None",
    )


def input_of(prop: ModelProperty, types: Types, undefined: Collection[str]) -> Input:
    """The `TypedDict` for an object inside what is sent; `undefined` are those that are defined later, and itself."""
    fields = []
    for field in types.fields(prop):
        annotation = quoted(types.send_type(field), undefined)
        name, description = field.name.get_untrusted_value(), types.description(prop, field)
        fields.append(InputField(name, annotation if field.required else f"NotRequired[{annotation}]", description))
    return Input(types.inputs[prop.class_info.name], prop.description, fields)


def grouped(read: dict[str, ModelProperty], replies: Collection[str], types: Types) -> dict[str, list[ModelProperty]]:
    """The models in `read` by the one that gives their module its name.

    A model has a module of its own, unless only one other holds it and it is no reply by itself. Models that hold each
    other share one too, since modules cannot import each other.
    """
    holders: dict[str, set[str]] = {name: set() for name in read}
    for name, holder in read.items():
        for held in types.holds(holder):
            holders[held.class_info.name].add(name)
    reach = {name: set(types.reachable(types.fields(model))) for name, model in read.items()}
    owner: dict[str, str] = {}
    # Whoever holds a model comes before it here, but for those that it holds in turn.
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
