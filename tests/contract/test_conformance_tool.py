"""The tool that replays a folder: what it accepts, what it refuses, and what it leaves to the scenario."""

import json
from pathlib import Path
from typing import Any

import pytest

from hexclave_emulator import Reply
from hexclave_emulator.domains.oauth_accounts import OAUTH_ACCOUNTS
from hexclave_emulator.domains.projects import PROJECTS, project_setting
from hexclave_emulator.messages.exchange import page
from tests.contract.conformance.__main__ import main
from tests.contract.conformance.comparison import Comparison
from tests.contract.conformance.mapping import Mapping
from tests.contract.conformance.recording import Exchange
from tests.contract.conformance.replay import replay
from tests.contract.test_replaying import Recorder

DATE = "Tue, 24 Nov 2026 03:45:42 GMT"


def line(**changes: Any) -> str:
    entry: dict[str, Any] = {
        "seq": 1,
        "request": {"method": "GET", "path": "/health"},
        "response": {"status": 200, "headers": [["Date", DATE]], "body": {"status": "ok"}},
    }
    return json.dumps({name: value for name, value in (entry | changes).items() if value is not None})


@pytest.mark.parametrize("text", ["{}", "[]", "1", "not JSON", line(seq=None), line(response={"status": 200})])
def test_files_of_something_else_are_skipped_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """The rest of the folder is still replayed; the exit status shows that it was incomplete."""
    healthy = line(
        response={
            "status": 200,
            "headers": [["Date", DATE], ["content-type", "application/json"]],
            "body": {"status": "ok"},
        }
    )
    (tmp_path / "good.jsonl").write_text(healthy, "utf-8")
    (tmp_path / "bad.jsonl").write_text(f"{healthy}\n{text}\n", "utf-8")
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "bad.jsonl, line 2, is not a recorded exchange" in said.err
    assert "100.0 % equal" in said.out
    (tmp_path / "bad.jsonl").unlink()
    assert main([str(tmp_path), "--release", "2026-09"]) == 0


def test_a_scenario_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is a wrong argument, rather than a folder in which all is equal."""
    (tmp_path / "good.jsonl").write_text(line(), "utf-8")
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), "--only", "other"])
    assert ended.value.code == 2
    assert "has no scenario other" in capsys.readouterr().err


def test_accounts_linked_by_the_scenario_do_not_exist_before() -> None:
    """An account that a request names is created by that request; otherwise it would be refused as a duplicate."""
    recorder = Recorder()
    user_id, _ = recorder.user("ada")
    recorder.begin()
    account = {"user_id": user_id, "provider_config_id": "github", "account_id": "gh-1", "email": "ada@example.com"}
    recorder.ask(
        "server", "POST", "/oauth-providers", {**account, "allow_sign_in": True, "allow_connected_accounts": True}
    )
    recorder.ask("server", "GET", f"/users/{user_id}")
    assert [each.differences for each in replay(recorder.exchanges, recorder.exchanges)] == [(), ()]
    assert recorder.emulator.state[OAUTH_ACCOUNTS].first(account_id="gh-1") is not None


def test_without_a_view_of_the_project_only_seen_providers_are_on() -> None:
    """A provider that the recorded project refused does not exist, even if no reply shows the project."""
    recorder = Recorder()
    ready = recorder.emulator.ready
    assert ready is not None
    with recorder.emulator.transaction() as state:
        project = recorder.emulator.project(ready.project_id)
        config = {
            **project.config,
            "auth": {**project.config["auth"], "oauth": {"providers": {"github": {"type": "github"}}}},
        }
        state[PROJECTS].update(project, config=config)
    user_id, token = recorder.user("ada")
    recorder.begin()
    assert "github" in project_setting(recorder.emulator.project(ready.project_id), "auth.oauth.providers")
    account = {"user_id": user_id, "account_id": "x", "allow_sign_in": True, "allow_connected_accounts": True}
    recorder.ask("server", "POST", "/oauth-providers", {**account, "provider_config_id": "spotify"})
    recorder.ask("server", "POST", "/oauth-providers", {**account, "provider_config_id": "github"})
    recorder.ask(token, "GET", "/users/me")
    assert [each.differences for each in replay(recorder.exchanges, recorder.exchanges)] == [(), (), ()]


def test_lists_without_an_order_are_sets() -> None:
    """Each item is compared with the most similar one; a list with a defined order is not."""
    recorded = [{"value": "a", "is_primary": True}, {"value": "b", "is_primary": False}]
    exchange = Exchange(
        "own", 1, None, "GET", "/api/v1/contact-channels", {}, {}, None, 200,
        {"content-type": "application/json; charset=utf-8"}, {"items": recorded, "is_paginated": False},
    )  # fmt: skip
    for any_order, items, equal in (
        (True, recorded[::-1], True),
        (False, recorded[::-1], False),
        (True, [recorded[0], {**recorded[1], "is_primary": True}], False),
        (True, recorded[:1], False),
        (True, [recorded[0], recorded[0]], False),
    ):
        comparison = Comparison(Mapping(), any_order=any_order)
        comparison.reply(exchange, page(items))
        assert (comparison.differences == []) is equal, (any_order, items)


def test_other_wording_of_an_error_is_distinguished() -> None:
    """They are neither differences of the reply, nor ignored."""
    headers = {"content-type": "application/json; charset=utf-8", "x-stack-known-error": "USER_NOT_FOUND"}
    exchange = Exchange(
        "own", 1, None, "GET", "/", {}, {}, None, 404, headers, {"code": "USER_NOT_FOUND", "error": "User not found."}
    )
    reply = Reply(404, json.dumps({"code": "USER_NOT_FOUND", "error": "No such user."}).encode(), headers)
    comparison = Comparison(Mapping())
    comparison.reply(exchange, reply)
    assert (comparison.differences, len(comparison.words)) == ([], 1)
