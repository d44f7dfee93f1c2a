"""Methods of operations: one class for each resource, access type and mode."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.strings import pascal_case

from generator.description import AUDIENCES, DescriptionError
from generator.rendering.functions import Argument, Function
from generator.rendering.identifiers import file_name, is_identifier
from generator.rendering.types import Types, literal, union

METHOD_OPTIONS: Final = frozenset(
    {
        "method",
        "access",
        "with",
        "positional",
        "only",
        "rename",
        "required",
        "defaults",
        "absent",
        "items",
        "returns",
        "summary",
        "description",
        "raises",
    }
)
_NO_RESULT: Final = frozenset({"None", "Success"})
"""The type of a reply that says only that the call succeeded."""
_PAGE_SIZE: Final = 100
"""Items per page for a list with a limit if the caller sets none: the API refuses to send more than 1,000 at once."""
_MILLIS: Final = re.compile(r"_(millis|ms)(?=_|$)")
_MOMENT: Final = re.compile(r"(^|_)(at|since|until)(_|$)")
_AMOUNT: Final = re.compile(r"_usd$")
_TYPES: Final = {
    "moment_millis": ("int", "datetime"),
    "duration_millis": ("int", "timedelta"),
    "amount_text": ("str", "Decimal | str"),
}
"""By the function that converts an argument: its type as sent, and that of the argument."""


@attrs.frozen
class Parameter:
    """An argument of a method."""

    name: str
    annotation: str
    default: str | None
    description: Any
    is_secret: bool

    @property
    def shown(self) -> str:
        return f"{self.name}: {self.annotation}" + ("" if self.default is None else f" = {self.default}")


@attrs.frozen
class Method:
    """A method that calls an operation, for one access type."""

    name: str
    function: Function
    kind: str
    """`value`, `nothing`, `find` or `pages`."""
    positional: list[Parameter]
    keyword: list[Parameter]
    sent: str
    """The arguments of the function, as code."""
    returns: str
    taken: str | None
    """The conversion of the reply, as the body of a lambda; `None` for the reply itself."""
    absent: tuple[str, ...]
    summary: Any
    description: Any
    raises: Mapping[str, str]

    @property
    def parameters(self) -> list[Parameter]:
        return [*self.positional, *self.keyword]

    @property
    def signature(self) -> str:
        shown = ["self", *(each.shown for each in self.positional)]
        return ", ".join([*shown, *(["*"] if self.keyword else []), *(each.shown for each in self.keyword)])

    @property
    def has_cursor(self) -> bool:
        return any(arg.name == "cursor" for arg in self.function.keyword)


@attrs.frozen
class Resource:
    """The methods of one resource for one access type, or for several with the same methods."""

    path: str
    """`teams.members`."""
    name: str
    access: tuple[str, ...]
    summary: str
    bound: Mapping[str, str]
    """Arguments bound to the resource, which its methods do not take, with their types."""
    methods: list[Method]

    @property
    def module(self) -> str:
        return file_name(self.name.removeprefix("Server").removeprefix("Admin"))


def resources(description: Mapping[str, Any], functions: Sequence[Function], types: Types) -> list[Resource]:
    """Return the resources named by the operations of `description`.

    Raises:
        DescriptionError: an operation cannot be rendered as the method it names.
    """
    by_name = {each.call.name: each for each in functions}
    declared: Mapping[str, Any] = description.get("x-resources", {})
    found: dict[str, dict[str, dict[str, Method]]] = {}
    for path, item in description["paths"].items():
        for verb, operation in item.items():
            for at, entry in enumerate(operation.get("x-methods", ()) if not verb.startswith("x-") else ()):
                where = f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{verb}/x-methods/{at}"
                options: Mapping[str, Any] = {"method": entry} if isinstance(entry, str) else entry
                resource, _, name = options["method"].rpartition(".")
                if unknown := options.keys() - METHOD_OPTIONS:
                    raise DescriptionError(f"{where}: unknown option {', '.join(sorted(unknown))}")
                if not resource or not is_identifier(name):
                    raise DescriptionError(f"{where}: {options['method']!r} is not of the form resource.method")
                bound = tuple((declared.get(resource) or {}).get("bind", ()))
                for access in options.get("access", operation["x-access"]):
                    called = operation.get("x-access-names", {}).get(access, operation["operationId"])
                    methods = found.setdefault(resource, {}).setdefault(access, {})
                    if name in methods:
                        raise DescriptionError(f"{where}: {access} already has {options['method']}")
                    methods[name] = _Builder(where, by_name[called], options, bound, types).method(name)
    return [each for path in sorted(found) for each in _classes(path, found[path], declared.get(path) or {})]


def _classes(path: str, found: Mapping[str, Mapping[str, Method]], declared: Mapping[str, Any]) -> Iterator[Resource]:
    base = declared.get("class") or "".join(pascal_case(part) for part in path.split("."))
    bound = tuple(declared.get("bind", ()))
    groups: dict[str, tuple[str, ...]] = {}
    for access in (each for each in AUDIENCES if each in found):
        twin = next((first for first in groups if found[first] == found[access]), None)
        groups[twin or access] = (*groups.get(twin or "", ()), access)
    for first, accesses in groups.items():
        prefix = "" if first == next(iter(groups)) else first.capitalize()
        summary = declared.get("summary") or declared.get(first) or declared.get("server") or f"`{path}` of the API."
        methods = list(found[first].values())
        yield Resource(
            path, prefix + base, accesses, summary, {name: _type_of(name, methods) for name in bound}, methods
        )


def _type_of(name: str, methods: Sequence[Method]) -> str:
    """Return the type of an argument shared by all methods: the narrowest of theirs."""
    taken = [arg.annotation for method in methods for arg in method.function.arguments if arg.name == name]
    return min(taken, key=len)


class _Builder:
    def __init__(
        self, where: str, function: Function, options: Mapping[str, Any], bound: tuple[str, ...], types: Types
    ) -> None:
        self._where = where
        self._function = function
        self._options = options
        self._fixed: dict[str, str] = {name: f"self.{name}" for name in bound} | {
            name: literal(value) for name, value in options.get("with", {}).items()
        }
        self._renamed: dict[str, str] = options.get("rename", {})
        self._defaults: Mapping[str, Any] = options.get("defaults", {})
        self._types = types
        self._given: set[str] = set()
        self._required: set[str] = set()

    def method(self, name: str) -> Method:
        function = self._function
        kind, returns, taken = self._result()
        if kind == "pages" and _takes_limit_everywhere(function):
            self._defaults = {"limit": _PAGE_SIZE, **self._defaults}
        names = [arg.name for arg in function.arguments]
        only = self._options.get("only", names)
        hidden = {*self._fixed, *(set(names) - set(only))}
        first: list[str] = self._options.get(
            "positional", [arg.name for arg in function.positional if arg.name not in hidden]
        )
        for used in (*self._fixed, *first, *only, *self._renamed, *self._defaults, *self._options.get("required", ())):
            if used not in names:
                raise DescriptionError(f"{self._where}: {function.call.name} has no argument {used!r}")
        arguments = {arg.name: arg for arg in function.arguments if arg.name not in hidden}
        self._given = {*arguments, *self._fixed, "cursor"}
        last = max((at for at, each in enumerate(first) if arguments[each].required), default=-1)
        self._required = {*self._options.get("required", ()), *first[: last + 1]}
        positional = [self._parameter(arguments[name]) for name in first]
        keyword = [self._parameter(arg) for name, arg in arguments.items() if name not in first]
        keyword.sort(key=lambda each: each.default is not None)
        return Method(
            name=name,
            function=function,
            kind=kind,
            positional=positional,
            keyword=keyword,
            sent=", ".join(self._sent(kind)),
            returns=returns,
            taken=taken,
            absent=tuple(self._options.get("absent", ())),
            summary=self._options.get("summary") or function.summary,
            description=self._options.get("description", "" if "summary" in self._options else function.description),
            raises=self._options.get("raises", {}),
        )

    def _sent(self, kind: str) -> Iterator[str]:
        for arg in self._function.positional:
            yield self._value(arg)
        for arg in (each for each in self._function.keyword if each.name in self._given):
            value = "at" if kind == "pages" and arg.name == "cursor" else self._value(arg)
            yield f"{arg.name}={value}"

    def _value(self, arg: Argument) -> str:
        if (fixed := self._fixed.get(arg.name)) is not None:
            return fixed
        name, convert = self._name(arg), _converter(arg)
        return name if convert is None else f'{convert}({name}, "{name}")'

    def _name(self, arg: Argument) -> str:
        plain = _MILLIS.sub("", arg.name) if _converter(arg) else arg.name
        return self._renamed.get(arg.name, plain)

    def _parameter(self, arg: Argument) -> Parameter:
        required = arg.required or arg.name in self._required
        default, annotation = (None if required else "UNSET"), arg.annotation
        if required:
            annotation = union(option for option in annotation.split(" | ") if option != "Unset")
        if arg.name in self._defaults:
            default = literal(self._defaults[arg.name])
            annotation = union(option for option in annotation.split(" | ") if option != "Unset")
        if (convert := _converter(arg)) is not None:
            sent, taken = _TYPES[convert]
            annotation = re.sub(rf"\b{sent}\b", taken, annotation)
        return Parameter(self._name(arg), annotation, default, arg.description, "Secret" in annotation)

    def _result(self) -> tuple[str, str, str | None]:
        returned = self._function.returns
        reply = self._types.models.get(returned)
        if (wanted := self._options.get("returns")) == "nothing":
            return "nothing", "None", None
        if wanted is not None:
            return "value", self._field(reply, wanted), f"reply.{wanted}"
        if (items := self._options.get("items")) is not None:
            item = self._item(reply, items)
            cursor = ", reply.next_cursor" if self._has_field(reply, "next_cursor") else ""
            return "pages", item, f"Part(reply.{items}{cursor})"
        if returned in _NO_RESULT:
            return "nothing", "None", None
        if self._options.get("absent"):
            return "find", f"{returned} | None", None
        if self._has_field(reply, "pagination"):
            return "pages", self._item(reply, "items"), None
        return "value", returned, None

    def _has_field(self, reply: ModelProperty | None, name: str) -> bool:
        return reply is not None and any(prop.name.get_untrusted_value() == name for prop in self._types.fields(reply))

    def _field(self, reply: ModelProperty | None, name: str) -> str:
        prop = self._prop(reply, name)
        annotation = self._types.read_type(prop)
        return annotation if prop.required else union([annotation, "None"])

    def _item(self, reply: ModelProperty | None, name: str) -> str:
        prop = self._prop(reply, name)
        if not isinstance(prop, ListProperty):
            raise DescriptionError(f"{self._where}: {name} of {self._function.returns} is not a list")
        return self._types.read_type(prop.inner_property)

    def _prop(self, reply: ModelProperty | None, name: str) -> Any:
        for prop in self._types.fields(reply) if reply is not None else ():
            if prop.name.get_untrusted_value() == name:
                return prop
        raise DescriptionError(f"{self._where}: {self._function.returns} has no field {name!r}")


def _takes_limit_everywhere(function: Function) -> bool:
    """Return true if every server accepts a limit here. Servers that lack it send the whole list in any case."""
    return "limit" not in function.call.arguments_since and any(arg.name == "limit" for arg in function.keyword)


def _converter(arg: Argument) -> str | None:
    """Return the function for a time, a duration or an amount. Methods accept none of them as a bare number."""
    options = arg.annotation.split(" | ")
    if _AMOUNT.search(arg.name) and "str" in options:
        return "amount_text"
    if not _MILLIS.search(arg.name) or "int" not in options:
        return None
    return "moment_millis" if _MOMENT.search(_MILLIS.sub("", arg.name)) else "duration_millis"
