"""Rendering of an email's source to subject, HTML and text."""

import re
from collections.abc import Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any, Final

import attrs

from hexclave_emulator.mail.tsx import Broken, Markup, component_markup, rendered

_SUBJECT: Final = re.compile(r'<Subject\b[^>]*?\bvalue="([^"]*)"[^>]*>(?:</Subject>)?')
_CATEGORY: Final = re.compile(r'<NotificationCategory\b[^>]*?\bvalue="([^"]*)"[^>]*>(?:</NotificationCategory>)?')
_PREVIEW: Final = re.compile(r"\.PreviewVariables\s*=\s*\{([^}]*)\}")
_FIELD: Final = re.compile(r"""(\w+)\s*:\s*(?:"([^"]*)"|'([^']*)'|(\d+))""")
_LINES: Final = {"p": 2, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "ul": 2, "hr": 2, "div": 1, "li": 1}
_RULER: Final = "-" * 40

__all__ = ["Broken", "Rendered", "html_source", "preview_variables", "render"]


@attrs.frozen
class Rendered:
    subject: str | None
    category: str | None
    """The name of the notification category that the source declares."""
    html: str
    text: str


def render(
    source: str,
    theme: str | None,
    *,
    user: str | None,
    project: str,
    variables: Mapping[str, Any],
    unsubscribe_link: str | None,
) -> Rendered:
    """Render the email.

    Args:
        source: the email's source; `theme`: the source of its layout.
        user: the recipient's display name; `project`: the project's display name.

    Raises:
        Broken: a source cannot be parsed.
    """
    scope = {
        "user": {"displayName": user},
        "project": {"displayName": project},
        "variables": variables,
        "props": {"variables": variables},
    }
    body = rendered(component_markup(source, "EmailTemplate", "template.tsx"), scope)
    subject, category = _SUBJECT.search(body), _CATEGORY.search(body)
    body = _CATEGORY.sub("", _SUBJECT.sub("", body))
    if theme is not None:
        frame = component_markup(theme, "EmailTheme", "theme.tsx")
        body = rendered(frame, {"children": Markup(body), "unsubscribeLink": unsubscribe_link, "projectLogos": {}})
    html = f"<!DOCTYPE html>{body.strip()}"
    return Rendered(
        unescape(subject.group(1)) if subject else None,
        unescape(category.group(1)) if category else None,
        html,
        plain_text(html),
    )


def html_source(html: str) -> str:
    """Return a source that shows this HTML."""
    text = html.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    text = text.replace("<", "\\u003c")  # its tags are HTML elements, not components
    markup = f'<div dangerouslySetInnerHTML={{{{ __html: "{text}" }}}} />'
    return f"export function EmailTemplate() {{\n  return {markup};\n}}\n"


def preview_variables(source: str) -> dict[str, str]:
    """Return the variables that a source declares for its preview."""
    found = _PREVIEW.search(source)
    return {
        name: one or other or number for name, one, other, number in _FIELD.findall(found.group(1) if found else "")
    }


def plain_text(html: str) -> str:
    """Return the HTML as text: headings in capitals, links with their targets."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._lines = 0
        self._breaks = 0
        self._links: list[str | None] = []
        self._headings = 0
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._separate(tag)
        if tag == "a":
            self._links.append(dict(attrs).get("href"))
        elif tag == "br":
            self._breaks += 1
        elif tag == "hr":
            self._write(_RULER)
            self._separate(tag)
        elif tag in ("head", "style", "script"):
            self._hidden += 1
        elif tag in _LINES and tag[0] == "h":
            self._headings += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("br", "hr"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            target = self._links.pop()
            if target:
                self.parts.append(f" {target}")
        elif tag in ("head", "style", "script"):
            self._hidden = max(0, self._hidden - 1)
        elif tag in _LINES and tag[0] == "h" and tag != "hr":
            self._headings = max(0, self._headings - 1)
        self._separate(tag)

    def handle_data(self, data: str) -> None:
        text = re.sub(r"\s+", " ", data)
        if self._hidden or not text or (text == " " and (not self.parts or self._lines)):
            return
        self._write(text.upper() if self._headings else text)

    def _separate(self, tag: str) -> None:
        self._lines = max(self._lines, _LINES.get(tag, 0))

    def _write(self, text: str) -> None:
        if self._lines or self._breaks:
            if self.parts:
                self.parts[-1] = self.parts[-1].rstrip()
                self.parts.append("\n" * (self._lines + self._breaks))
            text = text.lstrip()
        self._lines = self._breaks = 0
        self.parts.append(text)
