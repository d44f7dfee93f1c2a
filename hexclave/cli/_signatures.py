"""Methods and functions of the SDK as commands: options from the signature, help from the docstring."""

import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs
import click

from hexclave.cli._values import SecretType, Shape, UnsupportedType, shape_of
from hexclave_api.model import Model
from hexclave_api.operation import Operation, Unset
from hexclave_api.pagination import Page
from hexclave_api.secret import Secret
from hexclave_api.value import Value

_ARGUMENT: Final = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)
_ENDPOINT: Final = re.compile(r"\b(GET|POST|PATCH|PUT|DELETE) /\S*")
_SECTIONS: Final = re.compile(r"^(Args|Raises):\n((?:(?:    .*)?\n?)*)", re.MULTILINE)


@attrs.frozen
class Doc:
    """A docstring in its parts."""

    text: str
    """Everything but the arguments and errors."""
    arguments: Mapping[str, str]
    raises: str

    @property
    def summary(self) -> str:
        """The first sentence."""
        return _ENDPOINT.sub("", self.text.partition("\n\n")[0]).replace("\n", " ").partition(". ")[0].strip(". ") + "."

    @classmethod
    def of(cls, documented: object) -> "Doc":
        """Read the docstring of a function or class."""
        doc = inspect.getdoc(documented) or ""
        sections = {found[1]: found[2] for found in _SECTIONS.finditer(doc)}
        arguments = {
            found[1]: re.sub(r"\s*\n\s*", " ", found[2]) for found in _ARGUMENT.finditer(sections.get("Args", ""))
        }
        raises = inspect.cleandoc(sections.get("Raises", ""))
        return cls(re.sub(r"\n{3,}", "\n\n", _SECTIONS.sub("", doc)).strip(), arguments, raises)


@attrs.frozen
class Call:
    """A function as a command."""

    function: Callable[..., Any]
    shapes: Mapping[str, Shape]
    signature: inspect.Signature
    doc: Doc

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Call | None":
        """Return the command for a function, or `None` if one of its required arguments is an object of a program."""
        signature = inspect.signature(function)
        shapes = {}
        for name, parameter in signature.parameters.items():
            if name == "self":
                continue
            try:
                shapes[name] = shape_of(_evaluated(parameter.annotation, function))
            except UnsupportedType:
                if parameter.default is parameter.empty:
                    return None
        return cls(function, shapes, signature, Doc.of(function))

    @property
    def is_list(self) -> bool:
        """True if the result is paginated."""
        return get_origin(self.signature.return_annotation) is Page

    @property
    def returns_secrets(self) -> bool:
        """True if the result contains secrets, which the API may show only once."""
        return any(has_secrets(each) for each in _result_types(self.signature.return_annotation))

    @property
    def creates(self) -> bool:
        """True if every endpoint in the docstring only reads."""
        methods = _ENDPOINT.findall(self.doc.text)
        return "POST" in methods or not methods

    def parameters(self) -> list[click.Parameter]:
        """Return the arguments and options of the command."""
        found: list[click.Parameter] = []
        for name, shape in self.shapes.items():
            parameter = self.signature.parameters[name]
            required = parameter.default is parameter.empty
            if required and parameter.kind is not parameter.KEYWORD_ONLY and not (shape.secret or shape.flag):
                found.append(click.Argument([name], type=shape.type, required=True, nargs=-1 if shape.multiple else 1))
            else:
                found.append(self._option(name, shape, required=required))
        clearable = [option_name(name) for name, shape in self.shapes.items() if shape.nullable]
        if clearable:
            found.append(
                click.Option(
                    ["--clear", "clear"],
                    multiple=True,
                    type=click.Choice(clearable),
                    metavar="FIELD",
                    help=f"Clear a field: {', '.join(clearable)}.",
                )
            )
        return found

    def _option(self, name: str, shape: Shape, *, required: bool) -> click.Option:
        dashed, text = option_name(name), self.doc.arguments.get(name)
        if shape.secret:
            # Click asks only on a terminal that has someone to answer; elsewhere it is missing.
            return _SecretOption([f"--{dashed}", name], type=SecretType(), required=required, help=text)
        default = self.signature.parameters[name].default
        hidden = shape.flag or default in (None, (), inspect.Parameter.empty) or isinstance(default, Unset)
        if not hidden:
            text = f"{text or ''} Default: {default}.".strip()
        declared = f"--{dashed}/--no-{dashed}" if shape.flag else f"--{dashed}"
        return click.Option(
            [declared, name],
            type=shape.type,
            required=required,
            default=None,
            multiple=shape.multiple,
            help=text,
        )

    def arguments(self, values: Mapping[str, Any], cleared: Sequence[str]) -> dict[str, Any]:
        """Return the arguments that were given.

        Raises:
            click.UsageError: a field is both given and cleared.
        """
        given = {
            name: list(value) if self.shapes[name].multiple else value
            for name, value in values.items()
            if value is not None and value != ()
        }
        names = {option_name(name): name for name in self.shapes}
        for each in cleared:
            name = names[each]
            if name in given:
                raise click.UsageError(f"--{each} and --clear {each} exclude each other.")
            given[name] = None
        return given


def option_name(name: str) -> str:
    """Return the name of an option without dashes in front; `id_` is `id` in the API."""
    return name.rstrip("_").replace("_", "-")


class _SecretOption(click.Option):
    """An option that asks for a required secret if a person is there to answer."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        if self.required and self.value_is_missing(value) and sys.stdin.isatty() and not ctx.resilient_parsing:
            value = "?"
        return super().process_value(ctx, value)


def _evaluated(annotation: Any, function: Callable[..., Any]) -> Any:
    """Return the annotation, resolved if it is text because its module imports the name only for type checkers."""
    if not isinstance(annotation, str):
        return annotation
    return getattr(sys.modules[function.__module__], annotation, annotation)


def _result_types(annotation: Any) -> tuple[Any, ...]:
    """Return the type that a method returns, or the result type of an operation."""
    return get_args(annotation) if get_origin(annotation) is Operation else (annotation,)


def has_secrets(annotation: Any, seen: frozenset[type] = frozenset()) -> bool:
    """Return whether a value of this type may hold a secret."""
    if annotation is Secret:
        return True
    if isinstance(annotation, type) and issubclass(annotation, Model) and annotation not in seen:
        return any(has_secrets(field.shape, seen | {annotation}) for field in annotation.layout().fields)
    if isinstance(annotation, type) and issubclass(annotation, Value) and annotation not in seen:
        return any(has_secrets(each, seen | {annotation}) for each in get_type_hints(annotation).values())
    if isinstance(annotation, type) and attrs.has(annotation) and annotation not in seen:
        return any(has_secrets(field.type, seen | {annotation}) for field in attrs.fields(annotation))
    return any(has_secrets(each, seen) for each in get_args(annotation))
