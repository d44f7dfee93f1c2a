"""What docs/emulator.md says about the emulator is so."""

import re
from pathlib import Path

from hexclave_emulator import Emulator
from hexclave_emulator.http.control import _ACTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")


def test_the_list_of_what_is_not_emulated_is_complete_and_not_too_long():
    """Every operation that answers 501 falls under a line of it, and every line has such an operation."""
    table = PAGE.partition("## What is not emulated")[2]
    listed = [
        prefix for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for prefix in re.findall("`(.*?)`", row)
    ]
    missing = [route.template for route in Emulator().router.routes if route.handler is None]
    assert [path for path in missing if not path.startswith(tuple(listed))] == []
    assert [prefix for prefix in listed if not any(path.startswith(prefix) for path in missing)] == []


def test_every_operation_of_the_emulator_itself_is_documented():
    """Below `/_emulator/api`, but for what only its page asks for."""
    listed = set(re.findall(r"`(GET|POST|DELETE) ([a-z-]+)", PAGE))
    actions = {(method, path.removeprefix("api/")) for method, path in _ACTIONS if path.startswith("api/")}
    assert actions - listed == {("GET", "overview")}
    assert listed <= actions
