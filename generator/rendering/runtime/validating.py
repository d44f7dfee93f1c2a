"""Support for pydantic. Imported on demand, so programs without pydantic never pay for it."""

import ast
import inspect
import itertools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args, get_origin

from pydantic import (
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializationInfo,
    ValidationError,
    ValidatorFunctionWrapHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import (
    CoreSchema,
    InitErrorDetails,
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
    core_schema,
)

from .reading import UNIONS
from .secret import asks_to_reveal

if TYPE_CHECKING:
    from .model import Model, WireField

_SCALARS: Final[Mapping[object, CoreSchema]] = {
    str: core_schema.str_schema(),
    bool: core_schema.bool_schema(),
    int: core_schema.int_schema(),
    float: core_schema.float_schema(),
    type(None): core_schema.none_schema(),
}


def model_schema(model: "type[Model]", handler: GetCoreSchemaHandler) -> CoreSchema:
    """The schema of a model: an instance, or an object with the API's names whose fields have the described types."""
    ref = f"{model.__module__}.{model.__qualname__}:{id(model)}"
    if ref in (begun := _BEGUN.get()):
        return core_schema.definition_reference_schema(ref)
    token = _BEGUN.set(begun | {ref})
    try:
        fields = {field.key: _field(field, handler) for field in model.layout().fields}
    finally:
        _BEGUN.reset(token)
    return core_schema.no_info_wrap_validator_function(
        _reading(model),
        core_schema.typed_dict_schema(fields, extra_behavior="allow"),
        ref=ref,
        serialization=core_schema.plain_serializer_function_ser_schema(_writing(model), info_arg=True),
    )


def described(model: "type[Model]", schema: JsonSchemaValue, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """The JSON schema of a model with what the description says of it and of its fields."""
    whole = handler.resolve_ref_schema(schema)
    whole["title"] = model.__name__
    if text := (model.__doc__ or "").strip():
        whole["description"] = text
    words = _field_docstrings(model)
    for name, field in zip(whole.get("properties", {}), model.layout().fields, strict=True):
        if field.name in words:
            whole["properties"][name]["description"] = words[field.name]
    return schema


_PARSING: Final = Lock()
_PART: Final = SchemaSerializer(core_schema.any_schema())
# Of this thread or task, because others may make the schema of the same model at the same time.
_BEGUN: Final[ContextVar[frozenset[str]]] = ContextVar("begun", default=frozenset())


def _field(field: "WireField", handler: GetCoreSchemaHandler) -> core_schema.TypedDictField:
    return core_schema.typed_dict_field(_schema(field.shape, handler), required=not field.optional)


def _field_docstrings(model: "type[Model]") -> dict[str, str]:
    """Return the docstring of each field from the source; empty if the program was shipped without sources."""
    try:
        # CPython 3.11 counts the depth of a parse for all threads together, and raises a SystemError.
        with _PARSING:
            body = cast(ast.ClassDef, ast.parse(inspect.getsource(model)).body[0]).body
    except OSError:
        return {}
    words = {}
    for statement, following in itertools.pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(following, ast.Expr):
            text, name = cast(ast.Constant, following.value).value, cast(ast.Name, statement.target).id
            words[name] = inspect.cleandoc(str(text)).replace("\n", " ")
    return words


def _reading(model: "type[Model]") -> Callable[[Any, ValidatorFunctionWrapHandler], "Model"]:
    layout = model.layout()

    def read(value: Any, validate: ValidatorFunctionWrapHandler) -> "Model":
        if isinstance(value, model):
            return value
        try:
            fields = validate(value)
        except ValidationError as error:
            failure = _without_objects(error)
        else:
            made = object.__new__(model)
            vars(made).update(layout.attributes(fields))
            return made
        raise failure

    read.__name__ = model.__name__  # The title of errors.
    return read


def _without_objects(error: ValidationError) -> ValidationError:
    """The same error without the objects that it would show, because these may hold secrets."""
    lines: list[InitErrorDetails] = []
    for line in error.errors(include_url=False):
        given = "…" if isinstance(line["input"], Mapping | list | tuple) else line["input"]
        lines.append({"type": line["type"], "loc": line["loc"], "input": given, "ctx": line.get("ctx", {})})
    return ValidationError.from_exception_data(error.title, lines)


def _writing(model: "type[Model]") -> Callable[[Any, SerializationInfo], Any]:
    def write(value: Any, info: SerializationInfo) -> Any:
        if not isinstance(value, model):
            raise PydanticSerializationUnexpectedValue(f"expected {model.__name__}, not {type(value).__name__}")
        whole = value.to_dict(reveal=asks_to_reveal(info.context))
        return _PART.to_python(whole, include=cast(Any, info.include), exclude=cast(Any, info.exclude))

    return write


def _schema(shape: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    origin, args = get_origin(shape), get_args(shape)
    if origin in UNIONS:
        options = [_schema(option, handler) for option in args if option is not type(None)]
        one = options[0] if len(options) == 1 else core_schema.union_schema([*options])
        return core_schema.nullable_schema(one) if type(None) in args else one
    if origin is tuple:
        return core_schema.no_info_after_validator_function(tuple, core_schema.list_schema(_schema(args[0], handler)))
    if origin is Literal:
        return core_schema.literal_schema([*args])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return core_schema.dict_schema(core_schema.str_schema(), _schema(args[1], handler))
    if shape is Any:
        return core_schema.any_schema()
    return _SCALARS.get(shape) or handler.generate_schema(shape)
