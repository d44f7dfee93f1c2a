"""The user of the app's session."""

import pytest

import hexclave
from hexclave import errors
from tests.playing import known_error, reply
from tests.surface.recording import recorded


@pytest.mark.parametrize("access", ["client", "server"])
def test_no_user_is_found_without_a_request_when_signed_out(access):
    recording = recorded(access)
    assert recorded(access).app.with_session(hexclave.MemoryTokenStore()).me.find() is None
    assert recording.sent == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "CANNOT_GET_OWN_USER_WITHOUT_USER"),
        (401, "ANONYMOUS_AUTHENTICATION_NOT_ALLOWED"),
        (403, "RESTRICTED_USER_NOT_ALLOWED"),
    ],
)
def test_a_user_whom_the_app_does_not_admit_is_not_found(status, code):
    assert recorded("client", lambda *_: known_error(status, code)).app.me.find() is None


def test_a_failing_api_is_not_reported_as_signed_out():
    with pytest.raises(errors.PermissionDeniedError):
        recorded("client", lambda *_: reply(403, b"no")).app.me.find()


@pytest.mark.parametrize("call", ["me.find()", "me.delete()"])
def test_there_is_no_me_without_a_session(call):
    recording = recorded("server")
    recording.app._performer = recording.app._performer.derived(session=None)
    with pytest.raises(hexclave.UnsafeUseError, match="with_session"):
        recording.call(call)
    assert recording.sent == []


def test_a_deleted_user_is_signed_out():
    recording = recorded("client")
    recording.app.me.delete()
    assert recording.app.auth.get_refresh_token() is None


def test_a_failed_deletion_keeps_the_session():
    recording = recorded("client", lambda *_: reply(403, b"users may not delete themselves"))
    with pytest.raises(errors.PermissionDeniedError):
        recording.app.me.delete()
    assert recording.app.auth.get_refresh_token().reveal() == "refresh"
