"""Waiting for completion."""

import json
import time
from datetime import timedelta

import pytest

from hexclave import errors
from tests.playing import known_error, reply
from tests.surface.recording import example, recorded


def statuses(*values, field="simple_status"):
    """Return one status after the other, then the last one forever."""
    left = list(values)

    def answer(_, name):
        data = json.loads(example(name, "server").content)
        return reply(200, data | {field: left.pop(0) if len(left) > 1 else left[0]})

    return answer


def test_an_email_is_waited_for_until_it_has_ended():
    recording = recorded("server", statuses("in-progress", "in-progress", "error"))
    assert recording.app.emails.outbox.wait("e1").simple_status == "error"
    assert len(recording.sent) == 3


def outbox(*emails):
    """Return one email after the other; a status and the seconds until it is due."""
    left = list(emails)

    def answer(_, name):
        status, due = left.pop(0) if len(left) > 1 else left[0]
        millis = int((time.time() + due) * 1000)
        data = json.loads(example(name, "server").content)
        return reply(200, data | {"status": status, "simple_status": "in-progress", "scheduled_at_millis": millis})

    return answer


def test_an_email_that_is_due_later_is_waited_for_until_it_is_ready():
    recording = recorded("server", outbox(("preparing", 86400), ("rendering", 86400), ("scheduled", 86400)))
    assert recording.app.emails.outbox.wait("e1").status == "scheduled"
    assert len(recording.sent) == 3


def test_an_email_that_is_due_soon_is_waited_for_until_it_has_ended():
    recording = recorded("server", outbox(("scheduled", 2)))
    with pytest.raises(errors.TotalTimeout):
        recording.app.emails.outbox.wait("e1", within=timedelta(seconds=10))


def test_a_rendering_is_waited_for_until_it_has_ended():
    recording = recorded("server", statuses("queued", "rendering", "failed", field="status"))
    assert recording.app.session_replays.wait_for_render("r1", "v1").status == "failed"


def test_an_end_that_this_version_does_not_know_is_an_end():
    recording = recorded("server", statuses("vanished", field="status"))
    assert recording.app.session_replays.wait_for_render("r1", "v1").status == "vanished"


def test_waiting_has_an_end():
    recording = recorded("server", statuses("in-progress"))
    with pytest.raises(errors.TotalTimeout, match="wait again"):
        recording.app.emails.outbox.wait("e1", poll_every=timedelta(seconds=2), within=timedelta(seconds=10))
    assert len(recording.sent) == 6


def test_a_poll_interval_of_nothing_does_not_hammer_the_api():
    recording = recorded("server", statuses("in-progress"))
    with pytest.raises(errors.TotalTimeout):
        recording.app.emails.outbox.wait("e1", poll_every=timedelta(0), within=timedelta(seconds=1))
    assert len(recording.sent) <= 11


def test_a_failure_ends_the_waiting():
    recording = recorded("server", lambda *_: known_error(404, "ITEM_NOT_FOUND"))
    with pytest.raises(errors.ItemNotFound):
        recording.app.session_replays.wait_for_render("r1", "v1")
    assert len(recording.sent) == 1
