"""`llms.txt`, an index of the site for language models, and `llms-full.txt`, its pages in one file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Nav: TypeAlias = "Sequence[Mapping[str, str | Nav]]"

HEAD = """# hexclave

> The Python SDK for Hexclave (formerly Stack Auth): authentication and user management, sync and async, for client,
> server and admin access.

Install it with `pip install hexclave`; it requires Python 3.11 or newer. Read the skill first: it teaches the SDK in
one page. All pages are in one file in [llms-full.txt](llms-full.txt).
"""
LEFT_OUT = "Project"
"""The section of pages that say nothing about how to use the SDK."""


def index(nav: Nav, pages: Mapping[str, str]) -> str:
    """Return `llms.txt`: a line for each page, with its first sentence."""
    lines, section = [HEAD], ""
    for heading, title, path in _flat(nav):
        if heading != section:
            lines += ["", f"## {heading}", ""]
            section = heading
        lines.append(f"- [{title}]({path.replace('.md', '.html')}): {_first_sentence(pages[path])}")
    return "\n".join(lines) + "\n"


def everything(nav: Nav, pages: Mapping[str, str]) -> str:
    """Return `llms-full.txt`: the Markdown of the pages, in the order of the navigation."""
    texts = [_without_front_matter(pages[path]) for _, _, path in _flat(nav)]
    return "\n\n".join([HEAD, *texts])


def _flat(nav: Nav, heading: str = "Start") -> Iterator[tuple[str, str, str]]:
    for entry in nav:
        for title, below in entry.items():
            if isinstance(below, str):
                yield heading, title, below
            elif title != LEFT_OUT:
                yield from _flat(below, title)


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n+", "", text, flags=re.DOTALL)


def _first_sentence(text: str) -> str:
    prose = re.sub(r"^```.*?^```|^#.*?$", "", _without_front_matter(text), flags=re.MULTILINE | re.DOTALL)
    words = " ".join(prose.strip().partition("\n\n")[0].split())
    sentence = re.split(r"(?<=\.)\s+(?=[A-Z`])", words, maxsplit=1)[0]
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", sentence)
