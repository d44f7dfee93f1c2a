"""Links from the names of classes in the reference to the pages that describe them."""

import html
import posixpath
import re
from collections.abc import Iterable

from docs.site.reference import Page
from docs.site.signatures import LEFT_OUT

CODE = re.compile(r"^```python\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
TYPE = re.compile(r"<code>(.*?)</code>")
RAISED = re.compile(r"^- `(\w+)`: ", re.MULTILINE)
NAME = re.compile(r"&#x27;.*?&#x27;|&quot;.*?&quot;|\b[A-Z]\w+")


def places(pages: Iterable[Page]) -> dict[str, str]:
    """Return the page and anchor of every documented class; of two with the same name, the first one's."""
    found: dict[str, str] = {}
    for page in pages:
        names = re.findall(r"^## ([A-Z]\w+)$|^\| <span id=\"\w+\">`(\w+)`", page.text, re.MULTILINE)
        for name in (heading or row for heading, row in names):
            found.setdefault(name, f"{page.path}#{name.lower()}")
    return found


def with_links(page: Page, known: dict[str, str]) -> str:
    """Return the text of the page with signatures as HTML, in which the names of classes are links."""

    def link(name: str) -> str:
        if name not in known:
            return name
        path, _, anchor = known[name].partition("#")
        there = posixpath.relpath(path.replace(".md", ".html"), posixpath.dirname(page.path))
        return f'<a href="{there}#{anchor}">{name}</a>'

    def linked(text: str) -> str:
        return NAME.sub(lambda match: link(match[0]), text)

    def signature(match: re.Match[str]) -> str:
        name, rest = re.fullmatch(r"(\w+)(.*)", html.escape(match[1]), re.DOTALL).groups()  # type: ignore[union-attr]
        shown = linked(rest).replace(f" = {LEFT_OUT}", f" = <i>{LEFT_OUT}</i>")
        return f'<pre class="signature"><code><b>{name}</b>{shown}</code></pre>'

    text = RAISED.sub(lambda match: f"- {link(match[1])}: " if match[1] in known else match[0], page.text)
    text = TYPE.sub(lambda match: f"<code>{linked(match[1])}</code>", text)
    return CODE.sub(signature, text)
