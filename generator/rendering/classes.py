"""Classes: models for replies, `TypedDict`s for objects in requests."""

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
    """The name of the `datetime` variant of the field."""
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
        """Return true if all wire names can be written as attributes of a class."""
        return all(is_identifier(field.wire_name) for field in self.fields)


def model(prop: ModelProperty, types: Types, undefined: Collection[str]) -> Model:
    """Render the model that reads an object; `undefined` are the classes defined later in its module."""
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
