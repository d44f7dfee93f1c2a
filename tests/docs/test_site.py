"""The reference, which is generated from the live objects, is complete and reads like code."""

import ast
import posixpath
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hexclave
import hexclave.bulk
import hexclave.tokens
import hexclave.verify
import hexclave.webhooks
from docs.site.links import places, with_links
from docs.site.reference import APPS, reference
from docs.site.signatures import LEFT_OUT
from tests.surface.members import members

ROOT = Path(__file__).parents[2]
ALL = list(reference())
PAGES = {page.path: page.text for page in ALL}
PLACES = places(ALL)
BLOCK_OF_TEXT = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_members_of_every_app_are_listed():
    """Each on the page of its module; parts of a class with a separate module, on any page."""
    everything = "\n".join(PAGES.values())
    missing = []
    for app in APPS.values():
        missing += [path for path, _ in members(app) if f"\n## {path.rpartition('.')[2]}\n" not in everything]
    assert missing == []


@pytest.mark.parametrize("path", sorted(PAGES))
def test_signatures_are_code_without_the_names_of_modules(path):
    for block in BLOCK.findall(PAGES[path]):
        for leftover in (
            "typing.",
            "collections.",
            "hexclave.",
            "hexclave_api",
            "ForwardRef",
            "Union[",
            "Optional[",
            "~",
            "<",
            "UNSET",
            "Unset",
        ):
            assert leftover not in block, block
        if "(" in block and "=" not in block.partition("(")[0]:
            ast.parse(f"def {block.strip()}: ...".replace(LEFT_OUT, "...").replace("…", "..."))


def test_results_are_those_of_the_methods():
    """Rather than those of the underlying operations."""
    users = PAGES["reference/resources/users.md"]
    for line in (
        "get(user_id: str) -> ServerUser\n",
        "find(user_id: str) -> ServerUser | None\n",
        "delete(user_id: str) -> None\n",
        ") -> Page[ServerUser]\n",
        ") -> Outcomes[str, None]\n",
        "    display_name: str | None = left out,\n",
    ):
        assert line in users


def test_omissions_are_explained_where_they_occur():
    for path, text in PAGES.items():
        assert ("sent only if you pass it" in text) is (f"= {LEFT_OUT}" in text), path


def test_every_guide_is_in_the_navigation_once():
    nav = re.findall(r": ([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(set(nav)) == sorted(nav)
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - set(nav) == set()


def test_every_error_is_in_the_tree():
    """In a process of its own, because classes of errors are loaded on first access."""
    program = "from docs.site.reference import reference; [page] = (p for p in reference() if p.title == 'Errors'); "
    page = subprocess.check_output([sys.executable, "-c", f"{program}print(page.text)"], cwd=ROOT, text=True)
    tree = BLOCK_OF_TEXT.search(page)[1].split()
    assert tree.count("UserNotFound") == 1
    kinds = {name for name in hexclave.errors.__all__ if is_error(getattr(hexclave.errors, name))}
    assert len(kinds) > 140
    assert kinds - set(tree) == set()


def is_error(kind):
    return isinstance(kind, type) and issubclass(kind, hexclave.HexclaveError)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_no_heading_is_doubled(path):
    headings = re.findall(r"^#+ (.*)$", PAGES[path], re.MULTILINE)
    assert sorted(set(headings)) == sorted(headings)


def test_the_types_of_every_signature_lead_to_their_classes():
    """Those that the package offers; the others are Python's own, or say nothing to a caller."""
    unlinked = set()
    for page in ALL:
        for code in re.findall(r'<pre class="signature"><code>(.*?)</code></pre>', with_links(page, PLACES), re.DOTALL):
            plain = re.sub(r"<(a|b)\b.*?</\1>|&#x27;.*?&#x27;", "", code)
            unlinked |= set(re.findall(r"\b[A-Z]\w+", plain))
    offered = {*hexclave.__all__, *dir(hexclave.models), *hexclave.errors.__all__, *hexclave.verify.__all__}
    offered |= {*hexclave.webhooks.__all__, *hexclave.tokens.__all__, *hexclave.bulk.__all__}
    # Written on the page of the sync apps.
    offered -= {"AsyncHexclaveClientApp", "AsyncHexclaveServerApp", "AsyncHexclaveAdminApp"}
    # A union of classes that are links themselves.
    assert unlinked & offered <= {"AuthenticationResult", "Outcome"}


def test_every_link_between_pages_of_the_reference_has_a_target():
    targets = {f"{page.path.replace('.md', '.html')}#{name.lower()}" for page in ALL for name in headings_of(page.text)}
    for page in ALL:
        for link in re.findall(r'<a href="([^"]+)">', with_links(page, PLACES)):
            found = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), link))
            assert found in targets, (page.path, link)


def headings_of(text):
    found = re.findall(r"^## ([A-Z]\w+)$|<span id=\"(\w+)\">", text, re.MULTILINE)
    return {heading or row for heading, row in found}


def test_customers_are_found_behind_methods_with_arguments():
    assert "`app.payments.for_user(user_id)`" in PAGES["reference/resources/customer.md"]
