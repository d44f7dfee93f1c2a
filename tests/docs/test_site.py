"""The reference, which is generated from the live objects, is complete and reads like code."""

import ast
import re

import pytest

from docs.site.reference import APPS, reference
from tests.surface.members import members

PAGES = {page.path: page.text for page in reference()}
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_members_of_every_app_are_told():
    """Each on the page of its module; parts of a class with a separate module, on any page."""
    everything = "\n".join(PAGES.values())
    missing = []
    for app in APPS.values():
        missing += [path for path, _ in members(app) if f"\n### {path.rpartition('.')[2]}\n" not in everything]
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
        ):
            assert leftover not in block, block
        if "(" in block and "=" not in block.partition("(")[0]:
            ast.parse(f"def {block.strip()}: ...".replace("**options: *", "**options: ").replace("…", "..."))


def test_results_are_those_of_the_methods():
    """Rather than those of the underlying operations."""
    users = PAGES["reference/resources/users.md"]
    for line in (
        "get(user_id: str) -> ServerUser\n",
        "find(user_id: str) -> ServerUser | None\n",
        "delete(user_id: str) -> None\n",
        ") -> Page[ServerUser]\n",
        ") -> Outcomes[str, None]\n",
    ):
        assert line in users


def test_customers_are_found_behind_methods_with_arguments():
    assert "`app.payments.for_user(user_id)`" in PAGES["reference/resources/customer.md"]
