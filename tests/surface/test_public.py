"""Every change of a public name or its parameters is visible in review."""

import difflib
from types import ModuleType

import pytest

from tests.surface import public

MODULES = list(public.modules())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_public_names_are_chosen_sorted_and_there(module: ModuleType) -> None:
    names = list(module.__all__)
    assert names == sorted(set(names), key=order)
    for name in names:
        assert getattr(module, name) is not None


def order(name: str) -> tuple[int, str]:
    """Sort like ruff: constants, classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_the_surface_is_as_committed() -> None:
    committed = public.SNAPSHOT.read_text(encoding="utf-8").splitlines()
    difference = [
        line
        for line in difflib.unified_diff(committed, public.surface().splitlines(), lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    hint = "`make surface` rewrites tests/surface/public.txt; put what a user notices into CHANGELOG.md"
    assert not difference, "\n".join([*difference, hint])
