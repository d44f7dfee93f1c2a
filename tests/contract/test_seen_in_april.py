"""Observed behaviour of a real server of April 2026 that no recording covers."""

import inspect
import json

import pytest

import hexclave
from hexclave.errors import UnsafeUseError
from hexclave_api import strict
from hexclave_api.operations import config, email_drafts
from tests.playing import context, play
from tests.surface.recording import example


def test_the_error_of_a_sent_email_is_text() -> None:
    email = {
        "id": "e1",
        "subject": "Hello",
        "sent_at_millis": 1_800_000_000_000,
        "to": ["User ID: u1"],
        "error": "Render error: x is not defined",
    }
    result = strict.result_type("list_sent_emails")
    assert strict.check(result, {"items": [email], "is_paginated": False}) == []


@pytest.mark.parametrize("where", ["recently_registered", "recently_active"])
def test_metrics_list_whole_users(where: str) -> None:
    metrics = json.loads(example("get_metrics", "admin").content)
    user = json.loads(example("get_user", "server").content)
    assert len(user) == 27
    assert strict.check(strict.result_type("get_metrics"), metrics | {where: [user]}) == []


@pytest.mark.parametrize("function", [email_drafts.create_email_draft, email_drafts.update_email_draft])
def test_drafts_take_no_theme_that_is_null(function: object) -> None:
    assert "None" not in str(inspect.signature(function).parameters["theme_id"].annotation)  # type: ignore[arg-type]


def test_resetting_keys_of_the_configuration_needs_an_admin_key() -> None:
    operation = config.reset_config_override_keys("branch", keys=["a"])
    assert operation.access == ("admin",)
    assert isinstance(play(context("server"), operation).error, UnsafeUseError)
    assert not hasattr(hexclave.HexclaveServerApp("p", "ssk_not_a_real_key").config, "reset_override_keys")
