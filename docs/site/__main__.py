"""Write the pages and the configuration of the site to build/, for zensical: python -m docs.site"""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from docs.site import examples, llms
from docs.site.links import places, with_links
from docs.site.reference import reference

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "spec/README.md": "description.md",
    "skills/hexclave/SKILL.md": "skill.md",
}
LINK = re.compile(r"\[([^\]]*)\]\((?!https?://|#)([^)#]+)(#[^)]*)?\)")


def main(folder: Path = ROOT / "build") -> None:
    pages_folder = folder / "pages"
    shutil.rmtree(pages_folder, ignore_errors=True)

    def write(target: str, text: str) -> None:
        path = pages_folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    guides = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    sources = ELSEWHERE | {name: name.removeprefix("docs/") for name in guides}
    files = [*(ROOT / "docs").glob("*.svg"), *(ROOT / "examples").rglob("*.json")]
    targets = {name: name.removeprefix("docs/") for name in (path.relative_to(ROOT).as_posix() for path in files)}
    for source, target in [*targets.items(), ("docs/site/style.css", "style.css")]:
        (pages_folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, pages_folder / target)
    targets |= sources | {f"examples/{name}.py": f"examples.md#{name}" for name in examples.names()}
    texts = {
        target: linked((ROOT / source).read_text(encoding="utf-8"), source, targets)
        for source, target in sources.items()
    }
    texts["examples.md"] = examples.page()
    for target, text in texts.items():
        write(target, text)
    groups: dict[str, list[dict[str, str]]] = {"Reference": [], "Resources": []}
    pages = list(reference())
    known = places(pages)
    for page in pages:
        texts[page.path] = page.text
        write(page.path, with_links(page, known))
        groups["Resources" if "/resources/" in page.path else "Reference"].append({page.title: page.path})
    config: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    config["nav"] += [{title: entries} for title, entries in groups.items()]
    write("llms.txt", llms.index(config["nav"], texts))
    write("llms-full.txt", llms.everything(config["nav"], texts))
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def linked(text: str, source: str, targets: dict[str, str]) -> str:
    """Return the text with links to pages of the site; links to other files become plain text."""

    def follow(match: re.Match[str]) -> str:
        words, path, anchor = match[1], match[2], match[3] or ""
        meant = (ROOT / source).parent.joinpath(path).resolve().relative_to(ROOT).as_posix()
        if meant not in targets:
            return words
        up = "../" * targets[source].count("/")
        return f"[{words}]({up}{targets[meant]}{anchor})"

    return LINK.sub(follow, text)


if __name__ == "__main__":
    main()
