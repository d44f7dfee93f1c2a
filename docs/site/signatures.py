"""Signatures as a reader wants them: short names, and what an app makes of the description that a method returns."""

import collections.abc
import inspect
import re
import types
import typing
from collections.abc import Callable, Generator
from typing import Any

from hexclave._call import Mode, bulk, call, pages
from hexclave._many import Many
from hexclave.pagination import Pages
from hexclave_api.operation import JsonValue, Operation

Described = call[..., Any] | pages[..., Any] | bulk[..., Any, Any]

_JSON = typing.get_args(JsonValue)


def method_signature(name: str, method: Described) -> str:
    """Of a method of a resource, without `self`, with the result that a blocking app gives."""
    describe = vars(method)["__wrapped__"]
    signature = inspect.signature(method)
    parameters = list(signature.parameters.values())[1:]
    result = _result(method, describe, signature.return_annotation)
    return _laid_out(name, parameters, result)


def signature_of(name: str, function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [each for each in signature.parameters.values() if each.name not in ("self", "cls")]
    returned = signature.return_annotation
    result = "" if returned in (inspect.Signature.empty, None) or inspect.isclass(function) else _text(returned)
    return _laid_out(name, parameters, result)


def _result(method: Described, describe: Callable[..., Any], returned: Any) -> str:
    # A lifted method has the signature of its operation; the code says what becomes of the result.
    lifted = describe.__code__.co_qualname.partition(".")[0]
    if lifted == "does":
        return "None"
    if lifted == "gives":
        return ""
    origin, inner = typing.get_origin(returned), typing.get_args(returned)
    if origin is Many:
        return f"Generator[Outcome[{_text(inner[0])}, {_text(inner[1])}]]"
    if origin is Pages:
        return f"Page[{_text(inner[0])}]"
    if isinstance(method, pages):
        items = getattr(inner[0], "__annotations__", {}).get("items") if inner else None
        return f"Page[{_text(typing.get_args(items)[0])}]" if items else "Page"
    if origin in (Operation, Generator):
        result = _text(inner[-1])
        return f"{result} | None" if lifted == "finds" else result
    return _text(returned)


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
        if each.annotation is not each.empty:
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
    text = repr(value)
    return "…" if text.startswith("<") else text


def _text(annotation: Any) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        # Unions are flat: one that holds all that JSON can say was written with `JsonValue`.
        is_json = all(each in inner for each in _JSON)
        parts = [_text(each) for each in inner if not (is_json and each in _JSON)]
        return " | ".join(["JsonValue", *parts] if is_json else parts)
    if inner and inspect.isclass(origin) and origin is not collections.abc.Callable and inner != (Mode,):
        return f"{origin.__name__}[{', '.join(_text(each) for each in inner)}]"
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"ForwardRef\('([^']*)'(?:, [^)]*)?\)", r"\1", text)
    text = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])", "", text)
    return text.replace("NoneType", "None").replace("[~Mode]", "").replace("~", "").strip("'")
