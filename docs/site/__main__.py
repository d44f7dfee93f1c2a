"""Write the pages and the configuration of the site to build/, for zensical: python -m docs.site"""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from docs.site.links import places, with_links
from docs.site.reference import reference

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "build" / "pages"
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "spec/README.md": "description.md",
}
LINK = re.compile(r"\[([^\]]*)\]\((?!https?://|#)([^)#]+)(#[^)]*)?\)")


def main() -> None:
    shutil.rmtree(PAGES, ignore_errors=True)
    guides = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    targets = ELSEWHERE | {name: name.removeprefix("docs/") for name in guides}
    for source, target in targets.items():
        write(target, linked((ROOT / source).read_text(encoding="utf-8"), source, targets))
    shutil.copy(ROOT / "docs" / "site" / "style.css", PAGES)
    for drawing in (ROOT / "docs").glob("*.svg"):
        shutil.copy(drawing, PAGES)
    groups: dict[str, list[dict[str, str]]] = {"Reference": [], "Resources": []}
    pages = list(reference())
    known = places(pages)
    for page in pages:
        write(page.path, with_links(page, known))
        groups["Resources" if "/resources/" in page.path else "Reference"].append({page.title: page.path})
    config: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    config["nav"] += [{title: pages} for title, pages in groups.items()]
    (ROOT / "build" / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def write(target: str, text: str) -> None:
    path = PAGES / target
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def linked(text: str, source: str, targets: dict[str, str]) -> str:
    """Return the text with links to pages of the site; links to other files become plain text."""

    def follow(match: re.Match[str]) -> str:
        words, path, anchor = match[1], match[2], match[3] or ""
        meant = (ROOT / source).parent.joinpath(path).resolve().relative_to(ROOT).as_posix()
        if meant.endswith(".svg"):
            return match[0]
        if meant not in targets:
            return words
        up = "../" * targets[source].count("/")
        return f"[{words}]({up}{targets[meant]}{anchor})"

    return LINK.sub(follow, text)


if __name__ == "__main__":
    main()
