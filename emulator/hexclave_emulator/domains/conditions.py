"""Conditions of sign-up rules: the subset of the Common Expression Language that compares texts and numbers.

`email.endsWith("@example.com") && !(authMethod in ["oauth"]) || riskScores.bot > 50`
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||==|!=|<=|>=|[<>!()\[\],.]))"""
)
_LONGEST: Final = 4000
_DEEPEST: Final = 50
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "in": lambda one, other: one in other,
}
_METHODS: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": lambda text, other: other in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}


class Unreadable(Exception):
    """The condition is invalid or uses something unsupported."""


def holds(condition: str, names: Mapping[str, Any]) -> bool:
    """Evaluate the condition for these values.

    Raises:
        Unreadable: it cannot be evaluated.
    """
    if len(condition) > _LONGEST:
        raise Unreadable(f"longer than {_LONGEST} characters")
    try:
        reader = _Reader(condition, names)
        value = reader.either()
        reader.end()
    except (TypeError, re.error, RecursionError, AttributeError) as error:
        raise Unreadable(str(error)) from None
    if not isinstance(value, bool):
        raise Unreadable("the result is not a boolean")
    return value


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._names, self._at = names, 0
        place, end = 0, len(text.rstrip())
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise Unreadable(f"unexpected {text[place : place + 10].strip()!r}")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match.group(kind)))
            place = match.end()
        if sum(1 for _, word in self._tokens if word in "([!") > _DEEPEST:
            raise Unreadable("nested too deeply")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise Unreadable(f"unexpected {self._tokens[self._at][1]!r}")

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, *wanted: str) -> str | None:
        kind, word = self._next()
        if word not in wanted or kind not in ("sign", "name"):
            return None
        self._at += 1
        return word

    def _need(self, wanted: str) -> None:
        if self._take(wanted) is None:
            raise Unreadable(f"{wanted!r} is missing")

    def either(self) -> Any:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value or other
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = value and other
        return value

    def _compared(self) -> Any:
        value = self._operand()
        comparison = self._take(*_COMPARISONS)
        return _COMPARISONS[comparison](value, self._operand()) if comparison else value

    def _operand(self) -> Any:
        if self._take("!"):
            return not self._operand()
        value = self._simple()
        while self._take("."):
            name = self._word()
            if self._take("("):
                argument = self.either()
                self._need(")")
                if name not in _METHODS or not isinstance(value, str) or not isinstance(argument, str):
                    raise Unreadable(f"{name}() is not supported")
                value = _METHODS[name](value, argument)
            elif isinstance(value, Mapping) and name in value:
                value = value[name]
            else:
                raise Unreadable(f"unknown value {name}")
        return value

    def _simple(self) -> Any:
        kind, word = self._next()
        self._at += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", word[1:-1])
        if kind == "number":
            return float(word)
        if kind == "name":
            if word in _CONSTANTS:
                return _CONSTANTS[word]
            if word not in self._names:
                raise Unreadable(f"unknown value {word}")
            return self._names[word]
        if word == "(":
            value = self.either()
            self._need(")")
            return value
        if word == "[":
            return self._list()
        raise Unreadable("unexpected end" if not word else f"unexpected {word!r}")

    def _list(self) -> list[Any]:
        values: list[Any] = []
        while not self._take("]"):
            values.append(self.either())
            if not self._take(","):
                self._need("]")
                break
        return values

    def _word(self) -> str:
        kind, word = self._next()
        if kind != "name":
            raise Unreadable("expected a name")
        self._at += 1
        return word
