"""Users and teams, looked up by API key."""

import traceback
from datetime import datetime

import pytest

import hexclave
from hexclave import errors
from hexclave.api_keys import InvalidApiKeyError
from tests.playing import known_error, reply
from tests.surface.calls.values import TEAM_KEY, USER_KEY
from tests.surface.recording import example, recorded

OF_USERS = ["users.get_by_api_key", "api_keys.check"]
OF_TEAMS = ["teams.get_by_api_key", "teams.api_keys.check"]


def called(recording, path, *arguments):
    method = recording.app
    for name in path.split("."):
        method = getattr(method, name)
    return method(*arguments)


@pytest.mark.parametrize("path", OF_USERS + OF_TEAMS)
@pytest.mark.parametrize("key", ["", "sk_", USER_KEY[:-1], USER_KEY.replace("38725c67", "38725c68"), TEAM_KEY + " "])
def test_a_damaged_key_is_refused_before_it_is_sent(path, key):
    recording = recorded("server")
    with pytest.raises(InvalidApiKeyError) as caught:
        called(recording, path, key)
    assert recording.sent == []
    assert not key or key not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(("path", "key"), [(p, TEAM_KEY) for p in OF_USERS] + [(p, USER_KEY) for p in OF_TEAMS])
def test_a_key_of_another_kind_is_refused_before_it_is_sent(path, key):
    recording = recorded("server")
    with pytest.raises(InvalidApiKeyError, match=r"Expected a (user|team) API key, got a (user|team) API key"):
        called(recording, path, key)
    assert recording.sent == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "API_KEY_NOT_FOUND"),
        (401, "API_KEY_EXPIRED"),
        (401, "API_KEY_REVOKED"),
        (400, "WRONG_API_KEY_TYPE"),
    ],
)
def test_no_owner_is_found_by_an_invalid_key(status, code):
    recording = recorded("server", lambda *_: known_error(status, code))
    assert recording.app.users.find_by_api_key(USER_KEY) is None
    assert recording.app.teams.find_by_api_key(TEAM_KEY) is None
    with pytest.raises(errors.ApiKeyNotValid):
        recording.app.users.get_by_api_key(USER_KEY)


def test_no_owner_is_found_by_the_key_of_a_deleted_user():
    def answer(_, name):
        return known_error(404, "USER_NOT_FOUND") if name == "get_user" else example(name, "server")

    assert recorded("server", answer).app.users.find_by_api_key(USER_KEY) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_failing_api_is_not_taken_for_a_bad_key(status):
    recording = recorded("server", lambda *_: reply(status, b"something else"))
    with pytest.raises(errors.APIStatusError):
        recording.app.users.find_by_api_key(USER_KEY)


def test_a_moment_without_timezone_is_refused_before_anything_is_sent():
    recording = recorded("server")
    with pytest.raises(hexclave.UnsafeUseError, match="expires_at needs a timezone"):
        recording.app.api_keys.create("u1", description="d", expires_at=datetime(2030, 1, 1))  # noqa: DTZ001
    assert recording.sent == []


def test_tracebacks_do_not_show_the_key():
    recording = recorded("server", lambda *_: known_error(401, "API_KEY_EXPIRED"))
    with pytest.raises(errors.ApiKeyExpired) as caught:
        recording.app.users.get_by_api_key(USER_KEY)
    trace = traceback.TracebackException(
        caught.type, caught.value, caught.value.__traceback__.tb_next, capture_locals=True
    )
    assert USER_KEY not in "".join(trace.format())
