"""Signatures with short names, for the reference pages."""

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Callable
from typing import Any

from hexclave_api.operation import UNSET, JsonValue, Unset

LEFT_OUT = "left out"
"""The default of an argument that is sent only if it is given."""
_JSON = typing.get_args(JsonValue)


def signature_of(name: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
    returned = signature.return_annotation
    result = "" if returned is inspect.Signature.empty or inspect.isclass(function) else _text(returned)
    return _laid_out(name, parameters, result)


def _laid_out(name: str, parameters: list[inspect.Parameter], result: str) -> str:
    shown: list[str] = []
    keyword_only = False
    for each in parameters:
        if each.kind is each.VAR_POSITIONAL:
            keyword_only = True
        if each.kind is each.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            shown.append("*")
        text = {each.VAR_POSITIONAL: "*", each.VAR_KEYWORD: "**"}.get(each.kind, "") + each.name
        if each.kind is each.VAR_KEYWORD and typing.get_origin(each.annotation) is typing.Unpack:
            text += f": {_text(each.annotation).strip('*').partition('[')[0]}"
        elif each.annotation is not each.empty:
            text += f": {_text(each.annotation)}"
        if each.default is not each.empty:
            text += f" = {_default(each.default)}"
        shown.append(text)
    arrow = f" -> {result}" if result else ""
    line = f"{name}({', '.join(shown)}){arrow}"
    if len(line) <= 88:
        return line
    return "\n".join([f"{name}(", *(f"    {each}," for each in shown), f"){arrow}"])


def _default(value: object) -> str:
    if value is UNSET:
        return LEFT_OUT
    text = repr(value)
    return "…" if text.startswith("<") else text


def _text(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        # Unions are flat: one that holds all that JSON can say was written with `JsonValue`.
        is_json = all(each in inner for each in _JSON)
        parts = [_text(each) for each in inner if each is not Unset and not (is_json and each in _JSON)]
        return " | ".join(["JsonValue", *parts] if is_json else parts)
    if inner and inspect.isclass(origin) and origin is not collections.abc.Callable:
        return f"{origin.__name__}[{', '.join(_text(each) for each in inner)}]"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"ForwardRef\('([^']*)'(?:, [^)]*)?\)", r"\1", text)
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])", "", text)
    return text.replace("NoneType", "None").replace("~", "").strip("'")
