"""Editable texts in the source of an email: marked in the HTML, with metadata for editors."""

import hashlib
import re
from collections import Counter
from typing import Final

import attrs

from hexclave_emulator.mail.tsx import closing, component_span
from hexclave_emulator.messages.exchange import JsonObject

COMPONENTS: Final = {"template": "EmailTemplate", "theme": "EmailTheme"}
_TAG: Final = re.compile(r"</?\s*([\w.]*)")
_PROP: Final = re.compile(r"""([\w-]+)=(?:"([^"]*)"|'([^']*)'|(\{))""")
_MARK: Final = re.compile(r"⟦(START|END) (\w+)⟧")
_CONTEXT: Final = 3
"""Lines around a text that distinguish it from equal ones."""


@attrs.define
class _Element:
    name: str
    props: dict[str, str]
    texts: int = 0


def marked(source: str, which: str) -> tuple[str, JsonObject]:
    """Return the source with its texts between markers, and the metadata of each text by id.

    Args:
        which: `template` or `theme`.

    Raises:
        Broken: the source cannot be parsed.
    """
    start, end = component_span(source, COMPONENTS[which], f"{which}.tsx")
    parts, stack = [source[:start]], [_Element(COMPONENTS[which], {})]
    regions: dict[str, JsonObject] = {}
    seen: Counter[str] = Counter()
    place = start
    while place < end:
        if source[place] == "{":
            after = closing(source, place) + 1
        elif source[place] == "<":
            after = _end_of_tag(source, place, end)
            _step(stack, source[place:after])
        else:
            after = next((at for at in range(place, end) if source[at] in "<{"), end)
            text = source[place:after]
            if text.strip():
                identifier = f"{which[0] if which == 'template' else 'h'}{len(regions)}"
                seen[text] += 1
                regions[identifier] = _region(source, place, text, stack, which, identifier) | {
                    "occurrenceIndex": seen[text]
                }
                stack[-1].texts += 1
                parts.append(f"⟦START {identifier}⟧{text}⟦END {identifier}⟧")
                place = after
                continue
        parts.append(source[place:after])
        place = after
    for region in regions.values():
        region["occurrenceCount"] = seen[region["originalText"]]
    return "".join([*parts, source[end:]]), regions


def with_comments(html: str) -> str:
    """Return the HTML with comments in place of the markers."""
    return _MARK.sub(r"<!-- STACK_EDITABLE_\1 \2 -->", html)


def _end_of_tag(source: str, start: int, end: int) -> int:
    place = start
    while place < end and source[place] != ">":
        place = closing(source, place) if source[place] == "{" else place
        place += 1
    return place + 1


def _step(stack: list[_Element], tag: str) -> None:
    found = _TAG.match(tag)
    name = found.group(1) if found else ""
    if tag.startswith("</"):
        if len(stack) > 1:
            stack.pop()
    elif not tag.endswith("/>"):
        stack.append(_Element(name, {}))
        for prop in _PROP.finditer(tag):
            dynamic = tag[prop.start(4) : closing(tag, prop.start(4)) + 1] if prop.group(4) else None
            stack[-1].props[prop.group(1)] = dynamic or prop.group(2) or prop.group(3) or ""


def _region(source: str, place: int, text: str, stack: list[_Element], which: str, identifier: str) -> JsonObject:
    lines = source.split("\n")
    line = source.count("\n", 0, place)
    return {
        "id": identifier,
        "loc": {
            "start": place,
            "end": place + len(text),
            "line": line + 1,
            "column": place - source.rfind("\n", 0, place) - 1,
        },
        "originalText": text,
        "textHash": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16],
        "jsxPath": [each.name for each in stack if each.name],
        "parentElement": {"tagName": stack[-1].name, "props": stack[-1].props},
        "sourceContext": {
            "before": "\n".join(lines[max(0, line - _CONTEXT) : line]),
            "after": "\n".join(lines[line + 1 : line + 1 + _CONTEXT]),
        },
        "siblingIndex": stack[-1].texts,
        "sourceFile": which,
    }
