"""Arguments of Python methods as values on the command line."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, ForwardRef, Literal, Union, get_args, get_origin, is_typeddict

import attrs
import click

from hexclave_api.operation import Unset
from hexclave_api.secret import Secret

_UNITS: Final = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


class UnsupportedType(Exception):
    """The argument cannot be given on a command line: a function, an iterator, an object of a program."""


@attrs.frozen
class Shape:
    """The form in which an argument is passed."""

    type: click.ParamType[Any]
    nullable: bool = False
    """`None` clears the field."""
    multiple: bool = False
    flag: bool = False
    secret: bool = False


def shape_of(annotation: Any) -> Shape:
    """Return how an argument of this type is given.

    Raises:
        UnsupportedType: it cannot be.
    """
    options = [each for each in _options(annotation) if each is not Unset]
    nullable = NoneType in options
    options = [each for each in options if each is not NoneType]
    if Secret in options:
        return Shape(SecretType(), nullable, secret=True)
    if any(isinstance(each, ForwardRef) for each in options):
        return Shape(JsonType())
    if (
        str in options
        and len(options) == 2
        and any(is_typeddict(each) or get_origin(each) is Mapping for each in options)
    ):
        return Shape(TextOrJson(), nullable)
    if set(options) == {str, bool}:
        return Shape(TextOrBool(), nullable)
    if len(options) != 1:
        raise UnsupportedType(annotation)
    return attrs.evolve(_plain_shape(options[0]), nullable=nullable)


def _plain_shape(kind: Any) -> Shape:
    if kind is bool:
        return Shape(click.BOOL, flag=True)
    if kind in _SIMPLE:
        return Shape(_SIMPLE[kind])
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return Shape(click.Choice(args))
    if origin is Sequence and args == (str,):
        return Shape(click.STRING, multiple=True)
    if is_typeddict(kind) or origin in (Mapping, Sequence):
        return Shape(JsonType())
    raise UnsupportedType(kind)


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def from_file(value: str, name: str) -> str:
    """Return the text of `@file`, or of standard input for `-`; line breaks at its end are left out."""
    try:
        text = sys.stdin.read() if value == "-" else Path(value[1:]).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.BadParameter(f"{value[1:]} cannot be read: {reason}", param_hint=name) from None
    return text.rstrip("\r\n")


class SecretType(click.ParamType[Secret]):
    """A secret, which the command line must not contain: other users see the arguments of a process."""

    name = "@FILE|-|?"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Secret:
        if isinstance(value, Secret):
            return value
        name = _label(param)
        text = ""
        if value == "?":
            text = click.prompt(name.removeprefix("--"), hide_input=True, err=True)
        elif value == "-" or value.startswith("@"):
            text = from_file(value, name)
        else:
            del value
            self.fail(
                "is a secret, which other users could see on the command line: pass @FILE, - for standard input, "
                "or ? to be asked for it.",
                param,
                ctx,
            )
        if not text:
            self.fail("is empty.", param, ctx)
        return Secret(text)


class JsonType(click.ParamType[Any]):
    """A JSON document, or `@file` or `-` with one."""

    name = "JSON|@FILE|-"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        text = from_file(value, _label(param)) if value == "-" or value.startswith("@") else value
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            place = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        del value, text  # It may hold a secret.
        return self.fail(f"is not JSON{place}; text needs quotes: '\"text\"'.", param, ctx)


class TextOrJson(JsonType):
    """A name, or a JSON object, or `@file` or `-` with one."""

    name = "TEXT|JSON|@FILE|-"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        is_json = not isinstance(value, str) or value == "-" or value.startswith(("{", "@"))
        return super().convert(value, param, ctx) if is_json else value


class TextOrBool(click.ParamType[str | bool]):
    """Text, except for `true` and `false`."""

    name = "TEXT|true|false"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | bool:  # noqa: ARG002
        return value == "true" if value in ("true", "false") else str(value)


class MomentType(click.ParamType[datetime]):
    """A time in ISO 8601 with a timezone, or relative to now: `-7d`, `+2h`."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if value[:1] in ("+", "-") and (found := _DURATION.fullmatch(value[1:])):
            sign = 1 if value[0] == "+" else -1
            try:
                return datetime.now(UTC) + sign * timedelta(**{_UNITS[found[2]]: float(found[1])})
            except OverflowError:
                return self.fail(f"{value!r} is not a time that a calendar has.", param, ctx)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            return self.fail(f"{value!r} is not a time such as 2026-11-24T10:00:00Z, -7d or +2h.", param, ctx)
        return moment


class DurationType(click.ParamType[timedelta]):
    """A duration such as `90s`, `10m`, `2h`, `7d`."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if found := _DURATION.fullmatch(value):
            try:
                return timedelta(**{_UNITS[found[2]]: float(found[1])})
            except OverflowError:
                pass
        return self.fail(f"{value!r} is not a duration such as 90s, 10m, 2h or 7d.", param, ctx)


_SIMPLE: Final[Mapping[Any, click.ParamType[Any]]] = {
    str: click.STRING,
    int: click.INT,
    float: click.FLOAT,
    datetime: MomentType(),
    timedelta: DurationType(),
}


def _label(param: click.Parameter | None) -> str:
    return param.opts[0] if param is not None and param.opts else "argument"
