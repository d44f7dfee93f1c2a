"""The statements of docs/emulator.md about the emulator hold."""

import re
from pathlib import Path

from docs.site.emulated import STANDS_IN, written
from hexclave_emulator.http.control import ACTIONS
from hexclave_emulator.routing.routes import Router

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_the_matrix_is_the_emulator_as_it_is():
    """`python -m docs.site.emulated` writes it."""
    assert written(PAGE) == PAGE


def test_every_stand_in_is_of_an_operation():
    """A path without an operation explains nothing."""
    templates = [each.template for each in Router().routes]
    assert [start for start in STANDS_IN if not any(each.startswith(start) for each in templates)] == []


def test_every_operation_of_the_emulator_itself_is_documented():
    """Under `/_emulator/api`, except for operations that only its page uses."""
    listed = set(re.findall(r"`(GET|POST|DELETE) ([a-z-]+)", PAGE))
    actions = {(method, path.removeprefix("api/")) for method, path in ACTIONS if path.startswith("api/")}
    assert actions - listed == {("GET", "overview")}
    assert listed <= actions
