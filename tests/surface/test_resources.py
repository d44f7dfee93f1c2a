"""Each member of each resource sends exactly what it should, and reads the reply."""

from typing import Any

import pytest

from tests.surface.calls import CALLS
from tests.surface.described import entries, resource
from tests.surface.members import called, defined, members
from tests.surface.recording import APPS, recorded

ROWS = [pytest.param(access, row, id=f"{access}: {row[0]}") for access, rows in CALLS.items() for row in rows]


@pytest.mark.parametrize(("access", "row"), ROWS)
def test_member_sends_exactly_this(access: str, row: tuple[Any, ...]) -> None:
    """Method, path, query, body and access type; the reply, strictly what the description says, is read."""
    recording = recorded(access)
    recording.call(row[0])
    assert [url for url, _ in recording.sent] == list(row[1::2])
    for (_, body), wanted in zip(recording.sent, row[2::2], strict=True):
        assert wanted is ... or body == wanted
    assert [request.headers["x-stack-access-type"] for request in recording.requests] == [access] * len(row[1::2])


def test_every_member_is_described_or_called_by_the_table() -> None:
    """Add a row to tests/surface/calls for each flow that is missing there."""
    apps = {access: recorded(access).app for access in APPS}
    covered = {called(apps[access], row[0]) for access, rows in CALLS.items() for row in rows}
    for entry in entries():
        path, _, name = entry.method.rpartition(".")
        covered.add(defined(resource(apps[entry.access], path), name))
    missing = {path for app in apps.values() for path, method in members(app) if method not in covered}
    assert missing == set()


def test_members_are_documented() -> None:
    """Each says what the caller gets, and which request it makes unless it makes none."""
    undocumented = [
        path for access in APPS for path, source in members(recorded(access).app) if source.count('"""') != 2
    ]
    assert undocumented == []


@pytest.mark.parametrize("access", APPS)
def test_apps_offer_only_what_works_there(access: str) -> None:
    """No row of an app's table was refused for its access type; and keys of servers open nothing on client apps."""
    offered = {path.partition(".")[0] for path, _ in members(recorded(access).app)}
    secret = {"users", "emails", "data_vault", "session_replays", "config", "workflows", "project_keys"}
    admin = {"project_keys", "promo_codes", "email_themes", "webhooks", "sign_up_rules"}
    assert offered & {"client": secret, "server": admin, "admin": {"auth", "owned_projects", "agents"}}[access] == set()
