"""The subset of TSX commonly used for emails: one component that returns markup with expressions.

Expressions may be texts, paths such as `user.displayName`, `+`, `&&`, `||`, `? :` and template literals. Anything else
in braces appears unchanged in the result.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_BEFORE_TEXT: Final = frozenset("=({[,:+?&|;<>!") | {""}
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<template>`(?:\\.|[^`\\])*`)|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<path>[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*)|(?P<sign>&&|\|\||\?\?|[?:+()])|(?P<markup><))"""
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_COMPONENTS: Final = {
    "Button": "a",
    "Link": "a",
    "Hr": "hr",
    "Img": "img",
    "Text": "p",
    "Html": "html",
    "Head": "head",
    "Body": "body",
    "Preview": "div",
}
_SILENT: Final = ("Tailwind", "ProjectLogo", "Font")
_HTML: Final = re.compile(r"\{\s*__html\s*:\s*(.*)\}", re.DOTALL)
_DEEPEST: Final = 40
_LONGEST: Final = 100_000


class Broken(Exception):
    """The source is not valid TSX; the text gives the place and the reason."""


class _Unknown(Exception):
    """An expression that is not supported."""


class Markup(str):
    """Text that is already markup."""

    __slots__ = ()


def component_markup(source: str, component: str, file: str) -> str:
    """Return the source of the component's result.

    Raises:
        Broken: brackets do not match, or the component does not exist.
    """
    start, end = component_span(source, component, file)
    return source[start:end]


def component_span(source: str, component: str, file: str) -> tuple[int, int]:
    """Return the start and the end of the component's markup in the source.

    Raises:
        Broken: brackets do not match, or the component does not exist.
    """
    _check_brackets(source, file)
    start = re.search(rf"\b(?:function|const)\s+{component}\b", source)
    if start is None:
        raise Broken(f'No matching export in "virtual:/{file}" for import "{component}"')
    found = re.compile(r"\breturn\b\s*\(?\s*|=>\s*\(?\s*(?=<)").search(source, start.end())
    if found is None:
        raise Broken(f'"{component}" in "virtual:/{file}" returns nothing')
    opened = found.group(0).rstrip().endswith("(")
    if opened:
        return found.end(), closing(source, source.index("(", found.start()))
    return found.end(), max(found.end(), source.rfind(">") + 1)


def rendered(markup: str, scope: Mapping[str, Any], depth: int = 0) -> str:
    """Return the markup as HTML, its expressions replaced by their values."""
    if depth > _DEEPEST:
        return markup
    markup = _plain_tags(markup)
    parts: list[str] = []
    place = 0
    while (brace := markup.find("{", place)) >= 0:
        parts.append(markup[place:brace])
        end = closing(markup, brace)
        expression = markup[brace + 1 : end]
        if markup[brace - 1 : brace] == "=" and "<" in "".join(parts):
            parts, end = _attribute(markup, parts, expression, end, scope, depth)
        elif not expression.strip().startswith("/*"):
            value = _value(expression, scope, depth)
            parts.append(value if isinstance(value, Markup) else escape(_shown(value), quote=False))
        place = end + 1
    return "".join(parts) + markup[place:]


def _attribute(
    markup: str, parts: list[str], expression: str, end: int, scope: Mapping[str, Any], depth: int
) -> tuple[list[str], int]:
    name = re.search(r"\s([\w-]+)=$", parts[-1])
    if name is None:
        return [*parts, f"{{{expression}}}"], end
    before = parts[-1][: name.start()]
    if name.group(1) == "dangerouslySetInnerHTML":
        inner = _HTML.fullmatch(expression.strip())
        value = _value(inner.group(1), scope, depth) if inner else ""
        tag = re.findall(r"<([\w.]+)", "".join(parts))[-1]
        close = markup.find("/>", end)
        return [*parts[:-1], f"{before}>{_shown(value)}</{tag}>"], close + 1 if close >= 0 else end
    value = _value(expression, scope, depth)
    shown = "" if expression.strip().startswith("{") else f' {name.group(1)}="{escape(_shown(value))}"'
    return [*parts[:-1], before + shown], end


def _plain_tags(markup: str) -> str:
    """Replace components with plain HTML elements."""
    markup = re.sub(
        r'<Heading\b([^>]*?)\sas="(h[1-6])"([^>]*)>(.*?)</Heading>', r"<\2\1\3>\4</\2>", markup, flags=re.DOTALL
    )
    markup = re.sub(r"</?(?:>|(?:React\.)?Fragment[^>]*>)", "", markup)
    markup = re.sub(rf"</?(?:{'|'.join(_SILENT)})\b[^>]*>", "", markup)

    def replace(match: "re.Match[str]") -> str:
        return match.group(1) + _COMPONENTS.get(match.group(2), "h2" if match.group(2) == "Heading" else "div")

    return re.sub(r"(</?)((?!Subject\b|NotificationCategory\b)[A-Z]\w*)", replace, markup)


def _value(expression: str, scope: Mapping[str, Any], depth: int) -> Any:
    try:
        return _Expression(expression, scope, depth).whole()
    except (_Unknown, RecursionError):
        return f"{{{expression}}}"


def _shown(value: Any) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


class _Expression:
    """Evaluates one expression from left to right."""

    def __init__(self, text: str, scope: Mapping[str, Any], depth: int) -> None:
        self._text, self._scope, self._depth = text, scope, depth
        self._place = 0
        if text.count("(") > _DEEPEST or text.count("?") > _DEEPEST:
            raise _Unknown

    def whole(self) -> Any:
        value = self._choice()
        if self._text[self._place :].strip():
            raise _Unknown
        return value

    def _take(self, *signs: str) -> str | None:
        match = _TOKEN.match(self._text, self._place)
        if match is None or match.group("sign") not in signs:
            return None
        self._place = match.end()
        return match.group("sign")

    def _choice(self) -> Any:
        value = self._alternatives()
        if self._take("?") is None:
            return value
        yes = self._choice()
        if self._take(":") is None:
            raise _Unknown
        no = self._choice()
        return yes if value else no

    def _alternatives(self) -> Any:
        value = self._sum()
        while (sign := self._take("&&", "||", "??")) is not None:
            other = self._sum()
            value = (value and other) if sign == "&&" else (value or other)
        return value

    def _sum(self) -> Any:
        value = self._operand()
        while self._take("+") is not None:
            other = self._operand()
            if isinstance(value, int | float) and isinstance(other, int | float):
                value = value + other
            else:
                value = _shown(value) + _shown(other)
        return value

    def _operand(self) -> Any:
        match = _TOKEN.match(self._text, self._place)
        if match is None:
            raise _Unknown
        self._place = match.end()
        kind = match.lastgroup or ""
        text = match.group(kind)
        if kind == "text":
            return _unescaped(text[1:-1])
        if kind == "template":
            return self._template(text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text[:15])
        if kind == "path":
            return self._path(text)
        if kind == "markup":
            return self._markup(match.start("markup"))
        if text == "(":
            value = self._choice()
            if self._take(")") is None:
                raise _Unknown
            return value
        raise _Unknown

    def _path(self, text: str) -> Any:
        if text in ("true", "false"):
            return text == "true"
        if text in ("null", "undefined"):
            return None
        value: Any = self._scope
        for name in text.replace("?", "").split("."):
            if not isinstance(value, Mapping):
                return None
            if value is self._scope and name not in value:
                raise _Unknown
            value = value.get(name)
        return value

    def _template(self, text: str) -> str:
        return re.sub(
            r"\$\{([^}]*)\}", lambda match: _shown(_value(match.group(1), self._scope, self._depth + 1)), text
        )

    def _markup(self, start: int) -> Markup:
        # It extends to the end of the expression, or of the enclosing parentheses.
        rest = self._text[start:]
        end = start + rest.rfind(">") + 1
        self._place = end
        return Markup(rendered(self._text[start:end], self._scope, self._depth + 1))


def _unescaped(text: str) -> str:
    def replace(match: "re.Match[str]") -> str:
        code = match.group(1)
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", replace, text, flags=re.DOTALL)


def _check_brackets(source: str, file: str) -> None:
    if len(source) > _LONGEST:
        raise Broken(f"Build failed with 1 error:\nvirtual:/{file}:1:0: ERROR: More than {_LONGEST} characters")
    opened: list[str] = []
    for place, sign in _signs(source):
        if sign in "([{":
            opened.append(sign)
        elif not opened or opened.pop() != _PAIRS[sign]:
            line = source.count("\n", 0, place) + 1
            column = place - source.rfind("\n", 0, place) - 1
            raise Broken(f'Build failed with 1 error:\nvirtual:/{file}:{line}:{column}: ERROR: Unexpected "{sign}"')
    if opened:
        lines = source.split("\n")
        raise Broken(
            f"Build failed with 1 error:\nvirtual:/{file}:{len(lines)}:{len(lines[-1])}: ERROR: Unexpected end of file"
        )


def closing(source: str, start: int) -> int:
    """Return the position of the bracket that closes the one at `start`."""
    depth = 0
    for place, sign in _signs(source, start):
        depth += 1 if sign in "([{" else -1
        if depth == 0:
            return place
    return len(source)


def _signs(source: str, start: int = 0) -> Iterator[tuple[int, str]]:
    """Yield brackets outside of texts. A quote begins a text only where one is allowed: `don't` in markup has none."""
    place, before = start, ""
    while place < len(source):
        sign = source[place]
        if sign == "`" or (sign in "\"'" and before in _BEFORE_TEXT):
            place = _end_of_text(source, place, sign)
            before = sign
        elif sign in "()[]{}":
            yield place, sign
            before = sign
        elif not sign.isspace():
            before = sign
        place += 1


def _end_of_text(source: str, start: int, quote: str) -> int:
    place = start + 1
    while place < len(source):
        if source[place] == "\\":
            place += 1
        elif source[place] == quote or (source[place] == "\n" and quote != "`"):
            return place
        place += 1
    return place
