"""Functions that return operations: their arguments, the requests they make, and how replies are read."""

from collections.abc import Iterator, Sequence

import attrs
from openapi_python_client.parser.bodies import BodyType
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.const import ConstProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.protocol import PropertyProtocol
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.parser.responses import JSON_SOURCE, NONE_SOURCE, Response
from openapi_python_client.schema.untrusted_string import UntrustedString

from generator.description import DescriptionError
from generator.rendering.document import Call
from generator.rendering.identifiers import argument, is_identifier
from generator.rendering.types import SECRET, Types, literal, union


@attrs.frozen
class Argument:
    name: str
    annotation: str
    required: bool
    description: UntrustedString | None


@attrs.frozen
class Part:
    """An entry of a query or a body."""

    wire_name: str
    value: str
    """The argument with its value, or the fixed value."""

    @property
    def is_keyword(self) -> bool:
        """Return true if the wire name can be the name of a keyword argument."""
        return is_identifier(self.wire_name)


@attrs.frozen
class Function:
    call: Call
    summary: UntrustedString
    description: UntrustedString
    positional: list[Argument]
    keyword: list[Argument]
    path: list[str]
    """Python expressions, one per segment."""
    query: list[Part]
    body: list[Part] | str | None
    """Its fields, or the argument that is the whole body."""
    form: bool
    returns: str
    parse: str
    """The expression that reads a reply."""

    @property
    def arguments(self) -> list[Argument]:
        return [*self.positional, *self.keyword]


def function(call: Call, endpoint: Endpoint, types: Types) -> Function:
    """Render the function of one operation.

    Raises:
        DescriptionError: it cannot be rendered as described.
    """
    return _Builder(call, endpoint, types).function()


def sent(endpoint: Endpoint, types: Types) -> list[PropertyProtocol]:
    """The arguments as sent: parameters, and the fields of the body rather than the body itself."""
    return [*endpoint.path_parameters, *endpoint.query_parameters, *_body_properties(endpoint, types)]


@attrs.frozen
class _Field:
    """A field of a body, or a parameter."""

    wire_name: str
    options: list[str]
    required: bool
    fixed: str | None
    description: UntrustedString | None
    secrets: list[str] = attrs.field(factory=list)
    """The names of the secrets inside it."""


class _Builder:
    def __init__(self, call: Call, endpoint: Endpoint, types: Types) -> None:
        self._call = call
        self._endpoint = endpoint
        self._types = types
        self._taken: list[str] = []

    def function(self) -> Function:
        parameters = {str(prop.name.get_untrusted_value()): prop for prop in self._endpoint.path_parameters}
        positional = {name: self._argument(self._path_field(prop), "path") for name, prop in parameters.items()}
        keyword: list[Argument] = []
        query = list(
            self._parts([self._query_field(prop) for prop in self._endpoint.query_parameters], "query", keyword)
        )
        body = self._body(keyword)
        returns, parse = self._reply()
        return Function(
            call=self._call,
            summary=self._endpoint.summary,
            description=self._endpoint.description,
            positional=list(positional.values()),
            keyword=sorted(keyword, key=lambda arg: not arg.required),
            path=[self._segment(segment, positional) for segment in self._call.segments],
            query=query,
            body=body,
            form=any(body.body_type == BodyType.DATA for body in self._endpoint.bodies),
            returns=returns,
            parse=parse,
        )

    def _segment(self, segment: str, arguments: dict[str, Argument]) -> str:
        if not segment.startswith("{"):
            return literal(segment)
        arg = arguments[segment.strip("{}")]
        if SECRET in arg.annotation:
            raise DescriptionError(f"#: {self._call.name}: {arg.name} is a secret in the path, which servers log")
        return f"str({arg.name})" if arg.annotation in ("int", "float") else arg.name

    def _argument(self, field: _Field, place: str) -> Argument:
        name = argument(field.wire_name, self._taken, place)
        self._taken.append(name)
        options = field.options if field.required else [*field.options, "Unset"]
        return Argument(name, union(options), field.required, field.description)

    def _parts(self, fields: Sequence[_Field], place: str, arguments: list[Argument]) -> Iterator[Part]:
        for field in fields:
            if field.fixed is not None and field.required:
                yield Part(field.wire_name, field.fixed)
            else:
                arguments.append(self._argument(field, place))
                yield Part(field.wire_name, _kept(field, arguments[-1].name))

    def _path_field(self, prop: PropertyProtocol) -> _Field:
        return _Field(_wire_name(prop), self._types.send_options(prop), True, None, prop.description)

    def _query_field(self, prop: PropertyProtocol) -> _Field:
        return _Field(_wire_name(prop), [self._types.query_type(prop)], prop.required, _fixed(prop), prop.description)

    def _body(self, arguments: list[Argument]) -> list[Part] | str | None:
        if not self._endpoint.bodies:
            return None
        prop = self._endpoint.bodies[0].prop
        if shapes := _shapes(prop, self._types):
            return list(self._parts(self._merged(shapes), "body", arguments))
        arguments.append(
            self._argument(_Field("body", self._types.send_options(prop), True, None, prop.description), "body")
        )
        return arguments[-1].name

    def _merged(self, shapes: list[ModelProperty]) -> list[_Field]:
        """Merge the fields of a body with several alternative shapes; a field is required if all of them require it."""
        merged: dict[str, list[_Field]] = {}
        for shape in shapes:
            for prop in self._types.fields(shape):
                field = self._body_field(shape, prop)
                merged.setdefault(field.wire_name, []).append(field)
        return [
            attrs.evolve(
                fields[0],
                options=[option for field in fields for option in field.options],
                required=len(fields) == len(shapes) and all(field.required for field in fields),
                fixed=fields[0].fixed if len({field.fixed for field in fields}) == 1 else None,
                secrets=sorted({name for field in fields for name in field.secrets}),
            )
            for fields in merged.values()
        ]

    def _body_field(self, shape: ModelProperty, prop: PropertyProtocol) -> _Field:
        options, description = self._types.send_options(prop), self._types.description(shape, prop)
        return _Field(_wire_name(prop), options, prop.required, _fixed(prop), description, self._types.secrets(prop))

    def _reply(self) -> tuple[str, str]:
        readings = dict.fromkeys(map(self._reading, self._endpoint.responses)) or {("None", "nothing"): None}
        if len(readings) > 1:
            shapes = " and ".join(returns for returns, _ in readings)
            raise DescriptionError(
                f"#: {self._call.name}: success replies have several shapes ({shapes}); they must have one"
            )
        return next(iter(readings))

    def _reading(self, response: Response) -> tuple[str, str]:
        prop = response.prop
        returns = self._types.read_type(prop)
        if response.source == NONE_SOURCE or returns == "None":
            return "None", "nothing"
        if response.source != JSON_SOURCE:
            return "str", "as_it_is"
        if isinstance(prop, ModelProperty) and self._types.fields(prop):
            return returns, f"{returns}.from_dict"
        if isinstance(prop, ModelProperty):
            return returns, f"read({returns})" if self._types.values(prop) else "json_object"
        if any(self._types.nested(prop)) or isinstance(prop, ListProperty | UnionProperty):
            return returns, f"read({returns})"
        return returns, "as_it_is"


def _shapes(body: PropertyProtocol, types: Types) -> list[ModelProperty]:
    """Return the alternative objects of a body; empty if it can be something other than an object with fields."""
    options = body.inner_properties if isinstance(body, UnionProperty) else [body]
    shapes = [option for option in options if isinstance(option, ModelProperty) and types.fields(option)]
    return shapes if len(shapes) == len(options) else []


def _body_properties(endpoint: Endpoint, types: Types) -> Iterator[PropertyProtocol]:
    for body in endpoint.bodies:
        if shapes := _shapes(body.prop, types):
            for shape in shapes:
                yield from types.fields(shape)
        else:
            yield body.prop


def _kept(field: _Field, argument: str) -> str:
    """Return the expression for the value an operation stores; secrets are wrapped."""
    if SECRET in field.options:
        return f"hidden({argument})"
    return f"hidden_in({', '.join([argument, *map(literal, field.secrets)])})" if field.secrets else argument


def _wire_name(prop: PropertyProtocol) -> str:
    return prop.name.get_untrusted_value()


def _fixed(prop: PropertyProtocol) -> str | None:
    return literal(prop.value.raw_value) if isinstance(prop, ConstProperty) else None
