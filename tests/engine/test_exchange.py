"""The requests of a call and the results of its replies."""

import json
import logging
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexclave._messages import Reply
from hexclave.errors import (
    APIConnectionError,
    CrossOriginRedirectError,
    HexclaveError,
    NotFoundError,
    RateLimitError,
    ReadTimeout,
    ServerError,
    TooManyRedirectsError,
    TotalTimeout,
    UnreadableReplyError,
    UnsafeUseError,
    UserNotFound,
)
from hexclave.hooks import Hooks
from hexclave.ratelimit import Scope, Ticket
from hexclave.retries import Retries
from hexclave.tokens import Tokens
from hexclave_api.reading import as_it_is, nothing
from tests.playing import KEYS, FakeClock, access_token, context, known_error, operation, play, reply

KEY = KEYS["server"]["secret_server_key"].reveal()


def test_a_call_goes_to_the_operations_url_under_the_base():
    played = play(context(), operation(query={"limit": 5, "desc": True}), reply())
    assert [(request.method, request.url) for request in played.sent] == [
        ("GET", "https://api.example.com/api/v1/users/u1?limit=5&desc=true")
    ]


def test_the_result_is_what_parse_made_of_the_json():
    assert play(context(), operation(parse=lambda data: data["id"]), reply(200, {"id": "u1"})).result == "u1"


def test_a_post_without_a_body_sends_an_empty_object():
    request = play(context(), operation("POST"), reply()).sent[0]
    assert (request.content, request.headers["content-type"]) == (b"{}", "application/json")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_get_and_delete_without_a_body_send_none(method):
    request = play(context(), operation(method), reply()).sent[0]
    assert request.content is None
    assert "content-type" not in request.headers


def test_none_in_a_body_is_sent_as_null():
    request = play(context(), operation("PATCH", body={"display_name": None, "n": 1}), reply()).sent[0]
    assert json.loads(request.content) == {"display_name": None, "n": 1}


def test_a_form_body_is_form_encoded():
    what = operation("POST", body={"a": "x y", "b": "&"}, media_type="application/x-www-form-urlencoded")
    request = play(context(), what, reply()).sent[0]
    assert (request.content, request.headers["content-type"]) == (b"a=x+y&b=%26", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("body", [{"x": object()}, {"x": float("nan")}, {"x": {1, 2}}])
def test_a_body_that_is_not_json_is_refused_before_anything_is_sent(body):
    played = play(context(), operation("POST", body=body))
    assert isinstance(played.error, UnsafeUseError)
    assert not played.sent


def test_every_attempt_has_a_nonce_of_its_own():
    played = play(context(), operation(), reply(503), reply())
    nonces = {request.headers["x-stack-random-nonce"] for request in played.sent}
    assert len(nonces) == 2


def test_an_operation_of_another_access_type_is_refused_and_the_right_one_named():
    what = operation(name="list_teams", template="/teams", path=("teams",), access=("client",))
    played = play(context("server"), what)
    assert isinstance(played.error, UnsafeUseError)
    assert "list_teams_as_server" in str(played.error)
    assert not played.sent


def test_an_operation_that_needs_a_session_is_refused_without_one():
    played = play(context(), operation("POST", needs=("refresh_token",)))
    assert isinstance(played.error, UnsafeUseError)
    assert not played.sent


def test_a_known_error_is_raised_as_its_class_with_the_request():
    error = play(context(), operation(), known_error(404, "USER_NOT_FOUND")).error
    assert isinstance(error, UserNotFound)
    assert isinstance(error, NotFoundError)
    assert (error.status, error.code, error.request_id) == (404, "USER_NOT_FOUND", "req1")
    assert (error.method, error.path, error.attempts) == ("GET", "/users/u1", 1)


def test_an_overridden_status_is_honoured():
    error = play(context(), operation(), reply(200, {"error": "gone"}, x_stack_actual_status="404")).error
    assert isinstance(error, NotFoundError)


@pytest.mark.parametrize("content", [b"", b"{", b"<html>", b"\xff\xfe\x00", b"[" * 100_000, b'"text"', b"null"])
def test_a_success_that_cannot_be_read_raises_the_sdks_error(content):
    what = operation(parse=lambda data: data["id"])
    error = play(context(), what, Reply(200, {}, content)).error
    assert isinstance(error, UnreadableReplyError)
    assert error.__context__ is None


def test_an_operation_without_a_result_does_not_read_the_body():
    assert play(context(), operation("DELETE", parse=nothing), Reply(204, {}, b"")).result is None


def test_a_redirect_inside_the_origin_is_followed_with_method_and_body():
    what = operation("POST", body={"a": 1})
    played = play(context(), what, reply(308, None, location="/api/v1/users/u1/"), reply())
    first, second = played.sent
    assert second.url == "https://api.example.com/api/v1/users/u1/"
    assert (second.method, second.content, second.headers) == (first.method, first.content, first.headers)


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/api/v1/users/u1",
        "http://api.example.com/api/v1/users/u1",
        "https://api.example.com:8443/api/v1/users/u1",
        "//evil.example.com/x",
        "https://api.example.com@evil.example.com/",
        "https://evil.example.com\\@api.example.com/",
        "https://user:pw@api.example.com/",
        "https://api.example.com.evil.example.com/",
        "https://api.example.com:99999/",
        "https://[::1/",
    ],
)
def test_a_redirect_to_another_origin_is_never_followed(location):
    played = play(context(), operation(), reply(307, None, location=location))
    assert isinstance(played.error, CrossOriginRedirectError)
    assert len(played.sent) == 1


def test_redirects_without_end_raise():
    played = play(context(), operation(), *[reply(307, None, location="/api/v1/again")] * 6)
    assert isinstance(played.error, TooManyRedirectsError)


@pytest.mark.parametrize("status", [301, 302, 303, 304, 300, 199])
def test_other_statuses_outside_of_success_are_errors(status):
    assert isinstance(play(context(), operation(), reply(status)).error, HexclaveError)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_failure_is_repeated_for_an_idempotent_call(status):
    played = play(context(), operation(), reply(status), reply(status), reply(200, {"id": 1}))
    assert played.result == {"id": 1}
    assert len(played.slept) == 2


@pytest.mark.parametrize("failure", [reply(503), reply(500), APIConnectionError("broke"), ReadTimeout("silent")])
def test_a_post_that_may_have_arrived_is_never_repeated(failure):
    played = play(context(), operation("POST"), failure)
    assert len(played.sent) == 1
    assert isinstance(played.error, HexclaveError)


def test_a_post_that_never_left_is_repeated():
    refused = APIConnectionError("refused")
    refused.sent = False
    assert play(context(), operation("POST"), refused, reply(200, {"id": 1})).result == {"id": 1}


def test_attempts_are_capped_and_counted():
    played = play(context(retries=Retries(attempts=3)), operation(), reply(503), reply(503), reply(503))
    assert isinstance(played.error, ServerError)
    assert played.error.attempts == 3


def test_a_post_is_repeated_after_a_429_because_it_was_not_carried_out():
    played = play(context(), operation("POST"), reply(429, None, retry_after="2"), reply(200, {"id": 1}))
    assert played.result == {"id": 1}
    assert sum(played.slept) >= 2


def test_a_retry_after_beyond_the_deadline_raises_at_once():
    played = play(context(timeout=10), operation(), reply(429, None, retry_after="30"))
    assert isinstance(played.error, RateLimitError)
    assert played.error.retry_after == 30
    assert not played.slept


def test_waits_end_with_the_total_timeout():
    clock = FakeClock()

    def slow(request):
        clock.pass_(min(3, request.total_timeout))
        return reply(503)

    played = play(context(timeout=5, clock=clock), operation(), slow, slow)
    assert isinstance(played.error, (TotalTimeout, ServerError))
    assert clock.now <= 1_000 + 5


def test_each_attempt_gets_the_time_that_is_left():
    clock = FakeClock()

    def slow(request):
        clock.pass_(2)
        return reply(503)

    played = play(context(timeout=30, clock=clock), operation(), slow, reply())
    first, second = (request.total_timeout for request in played.sent)
    assert first == 30
    assert second <= 28


def test_a_redirect_gets_the_time_that_is_left():
    clock = FakeClock()

    def slow(request):
        clock.pass_(20)
        return reply(307, location="https://api.example.com/api/v1/users/u2")

    played = play(context(timeout=30, clock=clock), operation(), slow, reply())
    assert [request.total_timeout for request in played.sent] == [30, 10]
    played = play(context(timeout=30, clock=clock), operation(), slow, slow)
    assert type(played.error) is TotalTimeout
    assert len(played.sent) == 2


def test_no_request_is_sent_without_any_time_left():
    clock = FakeClock()

    def slow(_request):
        clock.pass_(5)
        return reply(307, None, location="/api/v1/elsewhere")

    played = play(context(timeout=5, clock=clock), operation(), slow)
    assert isinstance(played.error, TotalTimeout)


def test_hooks_see_every_attempt_masked():
    seen = []
    hooks = Hooks(on_request=seen.append, on_response=seen.append, on_retry=seen.append)
    play(context(hooks=hooks), operation(query={"q": "private"}), reply(503), reply(200, {}))
    assert [type(event).__name__ for event in seen] == [
        "RequestEvent",
        "ResponseEvent",
        "RetryEvent",
        "RequestEvent",
        "ResponseEvent",
    ]
    assert [event.status for event in seen if hasattr(event, "seconds")] == [503, 200]
    assert KEY not in repr(seen)
    assert "private" not in repr(seen)


@pytest.mark.parametrize(
    ("access", "need", "missing"),
    [
        ("server", "publishable_client_key", "a publishable client key"),
        ("client", "access_token", "a user's access token"),
        ("client", "refresh_token", "a user's refresh token"),
    ],
)
def test_a_call_without_the_credential_that_it_needs_is_refused_before_it_is_sent(access, need, missing):
    played = play(context(access), operation(needs=(need,)))
    assert isinstance(played.error, UnsafeUseError)
    assert missing in str(played.error)
    assert not played.sent


@pytest.mark.parametrize("need", ["publishable_client_key", "access_token", "refresh_token"])
def test_a_call_with_the_credential_that_it_needs_is_sent(need):
    app = context("client", session=Tokens(access_token(FakeClock()), "refresh"))
    assert play(app, operation(needs=(need,)), reply(200, {"id": 1})).result == {"id": 1}


@pytest.mark.parametrize(
    ("parse", "content_type", "expected"),
    [
        (as_it_is, "text/plain; charset=utf-8", '{"id": "\u00e4"}'),
        (as_it_is, "application/json", {"id": "\u00e4"}),
        (dict, "text/plain", {"id": "\u00e4"}),
    ],
)
def test_a_reply_is_text_where_the_operation_takes_it_as_it_is_and_the_api_says_so(parse, content_type, expected):
    body = '{"id": "\u00e4"}'.encode()
    assert play(context(), operation(parse=parse), reply(200, body, content_type=content_type)).result == expected


def test_the_gate_learns_from_calls_that_were_let_through():
    app = context()
    play(app, operation(), reply(429, None, retry_after="2"), reply(200, {}))
    (gate,) = app.shared.local.gates._gates.values()
    assert (gate.pace.answered, gate.pace.strikes) == (1, 0)


@pytest.mark.parametrize("failure", [reply(503), reply(429, None, retry_after="2"), reply(429)])
def test_the_event_of_a_repetition_says_how_long_the_wait_will_be(failure, caplog):
    events = []
    app = context(hooks=Hooks(on_retry=events.append))
    with caplog.at_level(logging.DEBUG, "hexclave"):
        played = play(app, operation(), failure, reply())
    (event,) = events
    assert event.wait == pytest.approx(sum(played.slept), abs=0.2)
    assert f"again in {event.wait:.2f} s" in caplog.text
    assert event.wait > 0.9 or failure.status == 503


def test_no_repetition_is_announced_that_will_not_take_place():
    events = []
    app = context(timeout=10, hooks=Hooks(on_retry=events.append))
    played = play(app, operation(), reply(429, None, retry_after="30"))
    assert isinstance(played.error, RateLimitError)
    assert events == []


def test_a_failure_whose_repetition_would_wait_too_long_at_the_gate_is_the_error():
    app = context(timeout=10)
    play(app, operation(), reply(429, None, retry_after="5"), reply())
    scope = Scope(app.project_id, app.access, "GET", "/users/{user_id}")

    def closing(_request):
        app.shared.local.gates.settle(Ticket(scope, passed=app.clock.now), 429, {"retry-after": "30"}, clock=app.clock)
        return reply(503)

    assert isinstance(play(app, operation(), closing).error, ServerError)


def test_the_log_names_operation_and_outcome_and_no_secret(caplog):
    with caplog.at_level(logging.DEBUG, "hexclave"):
        play(context(), operation(query={"q": "private"}), reply(503), reply(200, {}))
    assert "GET /users/{user_id}" in caplog.text
    assert KEY not in caplog.text
    assert "private" not in caplog.text


headers = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "retry-after",
            "location",
            "date",
            "x-stack-known-error",
            "x-hexclave-known-error",
            "x-stack-actual-status",
            "x-stack-request-id",
            "ratelimit",
            "ratelimit-reset",
            "x-ratelimit-remaining",
        ]
    ),
    st.text(max_size=40),
)
bodies = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "error", "details", "id"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(100, 599), headers, bodies), min_size=1, max_size=6))
def test_any_reply_gives_a_result_or_an_error_of_the_sdk(replies):
    """Any reply: a value or a HexclaveError, in time, without a secret in its text."""
    from hexclave_api.models import ServerUser

    app = context(timeout=20, retries=Retries(attempts=3))
    what = operation(parse=ServerUser.from_dict)
    played = play(app, what, *[Reply(*each) for each in replies], cycle=True)
    assert played.error is None or isinstance(played.error, HexclaveError), repr(played.error)
    assert played.error is None or KEY not in f"{played.error}{played.error!r}{played.error.explain()}"
    assert app.clock.monotonic() <= 1_000 + 20


@pytest.mark.parametrize(
    "body",
    [
        {"password": "fake-secret-text\ud83d"},
        {"profile": [{"password": "fake-secret-text\ud83d"}]},
        {"password": "fake-secret-text", "age": {1, 2}},
        {"password": "fake-secret-text", "age": float("nan")},
    ],
)
def test_a_body_that_cannot_be_sent_stays_out_of_error_and_frames(body):
    """A password with a lone surrogate comes from an end user, and the error goes to a log."""
    played = play(context(), operation("POST", body=body))
    assert isinstance(played.error, UnsafeUseError)
    assert played.sent == []
    assert (played.error.__context__, played.error.__cause__) == (None, None)
    text = "".join(traceback.TracebackException.from_exception(played.error, capture_locals=True).format())
    assert "fake-secret" not in text


def test_a_form_that_cannot_be_sent_stays_out_of_error_and_frames():
    what = operation("POST", body={"code": "fake-secret-text\ud83d"}, media_type="application/x-www-form-urlencoded")
    played = play(context(), what)
    assert isinstance(played.error, UnsafeUseError)
    assert "code contains a lone surrogate" in str(played.error)
    assert played.error.__context__ is None
    text = "".join(traceback.TracebackException.from_exception(played.error, capture_locals=True).format())
    assert "fake-secret" not in text


def test_a_refused_body_names_the_field():
    played = play(context(), operation("POST", body={"profile": [{"nick": "a\ud83d"}]}))
    assert "get_user: the body cannot be encoded: nick contains a lone surrogate" in str(played.error)


@pytest.mark.parametrize("changes", [{"path": ("users", "fake-secret\ud83d")}, {"query": {"q": "fake-secret\ud83d"}}])
def test_a_url_that_cannot_be_sent_stays_out_of_error_and_frames(changes):
    played = play(context(), operation(**changes))
    assert isinstance(played.error, UnsafeUseError)
    assert played.error.__context__ is None
    text = "".join(traceback.TracebackException.from_exception(played.error, capture_locals=True).format())
    assert "fake-secret" not in text
