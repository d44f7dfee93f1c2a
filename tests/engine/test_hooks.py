"""Hooks: their view of a call, changes to requests, and propagation of their errors."""

import inspect
import logging
import traceback
from contextlib import contextmanager, nullcontext

import pytest

from hexclave import HexclaveServerApp, Hooks, UnsafeUseError
from hexclave.errors import NotFoundError, RateLimitError
from hexclave.hooks import CallEvent, WaitEvent
from hexclave.retries import Retries
from hexclave.tokens import Tokens
from hexclave_api.operations.users import get_user
from tests.playing import FakeClock, access_token, context, known_error, operation, play, reply

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_hook_adds_headers_to_each_attempt():
    hooks = Hooks(on_request=lambda event: {"Traceparent": f"{TRACEPARENT}{event.attempt}"})
    played = play(context(hooks=hooks), operation(), reply(503), reply())
    assert [request.headers["traceparent"] for request in played.sent] == [f"{TRACEPARENT}1", f"{TRACEPARENT}2"]
    assert all("x-stack-secret-server-key" in request.headers for request in played.sent)


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "host",
        "content-length",
        "transfer-encoding",
        "x-stack-secret-server-key",
        "X-Stack-Access-Token",
        "x-hexclave-secret-server-key",
        "x-stack-anything-new",
        "content-type",
        "x-own",
        "",
        "two words",
        "line\nbreak",
        7,
    ],
)
def test_a_hook_can_neither_replace_nor_add_a_credential_nor_break_the_request(name):
    app = context(hooks=Hooks(on_request=lambda _: {name: "value"}), extra={"x-own": "theirs"})
    played = play(app, operation("POST"))
    assert isinstance(played.error, UnsafeUseError)
    assert "on_request" in str(played.error)
    assert not played.sent


@pytest.mark.parametrize("value", ["", "line\r\nbreak", "\u00e4", " spaces ", b"bytes", None, 7])
def test_the_value_of_an_added_header_is_checked_before_anything_is_sent(value):
    played = play(context(hooks=Hooks(on_request=lambda _: {"traceparent": value})), operation())
    assert isinstance(played.error, UnsafeUseError)
    assert "on_request: traceparent" in str(played.error)
    assert not played.sent


@pytest.mark.parametrize("result", ["text", [("a", "b")], 1])
def test_a_hook_that_returns_something_else_than_headers_is_named(result):
    played = play(context(hooks=Hooks(on_request=lambda _: result)), operation())
    assert isinstance(played.error, UnsafeUseError)
    assert "on_request must return a mapping" in str(played.error)


def test_no_frame_shows_a_credential_when_a_hook_fails_or_adds_one():
    def failing(_):
        raise ZeroDivisionError

    def adding(_):
        return {"authorization": "Bearer s3cr3t"}

    for hook in (failing, adding):
        error = play(context(hooks=Hooks(on_request=hook)), operation()).error
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        assert "not_a_real_key" not in text
        assert "s3cr3t" not in text.replace(inspect.getsource(adding), "")


def test_a_hook_does_not_see_the_values_of_the_callers_own_headers():
    seen = []
    app = context(hooks=Hooks(on_request=seen.append), extra={"authorization": "Basic b3duOnNlY3JldA=="})
    play(app, operation(), reply())
    (event,) = seen
    assert "b3duOnNlY3JldA" not in repr(event)
    assert event.headers["x-stack-project-id"] == "project-1"
    assert event.headers["authorization"]


def test_on_call_encloses_all_attempts_and_waits_of_a_call():
    seen = []

    @contextmanager
    def around(event):
        seen.append(event)
        yield
        seen.append("end")

    hooks = Hooks(on_call=around, on_request=lambda _: seen.append("attempt"), on_wait=seen.append)
    play(context(hooks=hooks), operation(), reply(503), reply())
    event, first, wait, second, end = seen
    assert event == CallEvent(
        "get_user", "GET", "/users/{user_id}", "https://api.example.com/api/v1", "server", "project-1"
    )
    assert (first, second, end) == ("attempt", "attempt", "end")
    assert (wait.reason, wait.operation) == ("backoff", "get_user")
    assert wait.seconds > 0


def test_on_call_receives_the_error_of_the_call():
    raised = []

    @contextmanager
    def around(_):
        try:
            yield
        except Exception as error:
            raised.append(error)
            raise

    played = play(context(hooks=Hooks(on_call=around)), operation(), known_error(404, "USER_NOT_FOUND"))
    assert isinstance(played.error, NotFoundError)
    assert raised == [played.error]
    assert played.error.operation == "get_user"


def test_on_call_may_return_nothing_and_must_not_suppress_an_error():
    played = play(context(hooks=Hooks(on_call=lambda _: None)), operation(), reply(200, {"id": 1}))
    assert played.result == {"id": 1}

    class Suppressing(nullcontext):
        def __exit__(self, *_):
            return True

    played = play(context(hooks=Hooks(on_call=lambda _: Suppressing())), operation(), reply(404))
    assert isinstance(played.error, UnsafeUseError)
    assert "on_call" in str(played.error)


def test_waits_at_a_gate_are_reported_with_their_length():
    waits: list[WaitEvent] = []
    app = context(hooks=Hooks(on_wait=waits.append), retries=Retries(attempts=2))
    played = play(app, operation(), reply(429, None, retry_after="2"), reply())
    assert played.error is None
    assert {wait.reason for wait in waits} <= {"rate_limit", "backoff"}
    assert sum(wait.seconds for wait in waits if wait.reason == "rate_limit") == pytest.approx(2, abs=0.5)
    assert sum(wait.seconds for wait in waits) == pytest.approx(sum(played.slept))
    assert waits[0].template == "/users/{user_id}"


def test_a_call_that_does_not_wait_reports_no_wait():
    waits = []
    play(context(hooks=Hooks(on_wait=waits.append)), operation(), reply())
    app = context(hooks=Hooks(on_wait=waits.append), timeout=1)
    play(app, operation(), reply(429, None, retry_after="30"))
    assert isinstance(play(app, operation()).error, RateLimitError)
    assert not waits


def test_a_refresh_is_a_call_inside_the_call_and_a_wait():
    clock, events = FakeClock(), []

    @contextmanager
    def around(event):
        events.append(f"begin {event.operation}")
        yield
        events.append(f"end {event.operation}")

    def refreshed(_):
        clock.pass_(2)
        return reply(200, {"access_token": access_token(clock)})

    session = Tokens(access_token(clock, age=700), "refresh")
    hooks = Hooks(on_call=around, on_wait=lambda event: events.append((event.operation, event.reason, event.seconds)))
    play(context("client", session=session, hooks=hooks, clock=clock), operation(), refreshed, reply())
    assert events == [
        "begin get_user",
        "begin refresh_session",
        "end refresh_session",
        ("get_user", "refresh", 2.0),
        "end get_user",
    ]


@pytest.mark.parametrize("hook", ["on_call", "on_request", "on_response", "on_retry", "on_wait"])
def test_the_error_of_a_hook_reaches_the_caller(hook):
    def failing(_):
        raise ZeroDivisionError

    played = play(context(hooks=Hooks(**{hook: failing})), operation(), *([reply(503), reply()][: hook_calls(hook)]))
    assert isinstance(played.error, ZeroDivisionError)


def hook_calls(hook):
    """Return the number of replies received before the hook runs."""
    return 0 if hook in ("on_call", "on_request") else 1


def test_hooks_see_the_context_variables_of_the_caller_in_bulk_calls():
    from contextvars import ContextVar

    variable, seen = ContextVar("variable", default="unset"), []
    hooks = Hooks(on_request=lambda _: seen.append(variable.get()))
    app = HexclaveServerApp(
        "project-1", "ssk_not_a_real_key", hooks=hooks, base_url="http://127.0.0.1:9", retries=Retries.OFF
    )
    token = variable.set("set")
    try:
        assert app.call_many([get_user("u1"), get_user("u2")], concurrency=2).run().failed == 2
    finally:
        variable.reset(token)
        app.close()
    assert seen == ["set", "set"]


def test_log_records_have_fields_and_levels(caplog):
    app = context()
    with caplog.at_level(logging.DEBUG, "hexclave"):
        play(app, operation(query={"q": "private"}), reply(503, x_stack_request_id="req1"), reply())
    first, retry, second = caplog.records
    assert [record.name for record in caplog.records] == ["hexclave.calls"] * 3
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO", "DEBUG"]
    assert {record.hexclave_operation for record in caplog.records} == {"get_user"}
    assert {record.hexclave_template for record in caplog.records} == {"/users/{user_id}"}
    assert [record.hexclave_attempt for record in caplog.records] == [1, 1, 2]
    assert (first.hexclave_status, first.hexclave_error, first.hexclave_request_id) == (503, "ServerError", "req1")
    assert (second.hexclave_status, second.hexclave_error) == (200, None)
    assert retry.hexclave_wait >= 0
    assert "private" not in caplog.text
    assert "private" not in repr([vars(record) for record in caplog.records])
    assert "not_a_real_key" not in repr([vars(record) for record in caplog.records])


def test_fields_of_log_records_do_not_collide_with_those_of_a_record_factory(caplog):
    """`logging` raises `KeyError` for a field that the record factory has set."""
    factory = logging.getLogRecordFactory()

    def numbered(*arguments, **more):
        record = factory(*arguments, **more)
        record.request_id = record.method = record.status = record.operation = "theirs"
        return record

    logging.setLogRecordFactory(numbered)
    try:
        with caplog.at_level(logging.DEBUG, "hexclave"):
            assert play(context(), operation(), reply()).error is None
    finally:
        logging.setLogRecordFactory(factory)
    assert caplog.records[0].request_id == "theirs"
