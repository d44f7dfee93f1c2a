"""Every member of the official SDKs and every operation of the API is accounted for."""

import re
from pathlib import Path

import pytest

from hexclave_api import OPERATIONS
from tests.surface.calls import CALLS
from tests.surface.checklist import LOW_LEVEL, SECTIONS
from tests.surface.described import entries
from tests.surface.javascript_page import PAGE, offered, page
from tests.surface.recording import APPS, recorded

FACTS = Path(__file__).parents[3] / "shared/facts/sdk-surface.md"
ROWS = [row for rows in SECTIONS.values() for row in rows]


def test_every_row_has_a_member_or_a_reason() -> None:
    assert [row.javascript for row in ROWS if not row.ours and not row.note] == []


def test_every_member_that_a_row_names_exists() -> None:
    named = {name for row in ROWS for name in row.ours.split() if name.split(".")[0] in APPS}
    assert named - offered() == set()


def test_every_operation_is_reachable_or_low_level() -> None:
    """An import added an operation: give it an entry in `x-methods`, or say in LOW_LEVEL why `app.call` is enough."""
    reached = {entry.operation.name for entry in entries()}
    for access, rows in CALLS.items():
        for row in rows:
            recording = recorded(access)
            recording.call(row[0])
            reached |= set(recording.operations)
    undecided = set(OPERATIONS) - reached - set(LOW_LEVEL)
    assert undecided == set(), f"decide about {sorted(undecided)}: an entry in `x-methods`, or LOW_LEVEL"
    assert set(LOW_LEVEL) & reached == set(), "these have a method; take them out of LOW_LEVEL"
    assert set(LOW_LEVEL) - set(OPERATIONS) == set(), "the API no longer has these"


def test_the_page_is_up_to_date() -> None:
    """After an import added an operation: give it a method in hexclave/resources and a row in tests/surface/calls, or
    explain in LOW_LEVEL of tests/surface/checklist.py why `app.call(…)` is enough.
    """
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.skipif(not FACTS.is_file(), reason="the list of the official SDKs' members is not part of the repository")
def test_every_member_of_the_official_sdks_has_a_row() -> None:
    known = {_snake(word) for row in ROWS for word in re.findall(r"\w+", row.javascript)}
    text = FACTS.read_text(encoding="utf-8")
    wanted: set[str] = set()
    for line in text.splitlines():
        if line.startswith("| "):
            # The names before their arguments; `list/create/update_x` is short for three of them.
            cell = _without_arguments(line.split("|")[1])
            wanted |= set(re.findall(r"(?<![\w/-])[a-z]+(?:_[a-z]+)+(?![\w/-])", cell))
    assert wanted - known == set()


def _without_arguments(cell: str) -> str:
    shorter = re.sub(r"\([^()]*\)|\{[^{}]*\}", "", cell)
    return re.sub(r"[({].*", "", cell) if shorter == cell else _without_arguments(shorter)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda found: "_" + found[1].lower(), name).lower().replace("o_auth", "oauth")
