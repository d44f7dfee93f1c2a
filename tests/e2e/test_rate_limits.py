"""429 in every variant, and series of gateway failures: retries, their timing, and the errors raised."""

import time
from email.utils import formatdate

import pytest

from hexclave.errors import RateLimitError, ServerError
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from tests.e2e.calling import Outcome, Place, Server, at_once, call, check, operation

GENTLE = Retries(attempts=4, first_wait=0.01, longest_wait=0.05, longest_retry_after=3)
LIMITS = Timeout(total=8, read=2)


def refusal(*headers: str, body: bytes = b'{"code": "RATE_LIMIT", "error": "slow down"}') -> bytes:
    lines = ["HTTP/1.1 429 Too Many Requests", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def at(skew: float) -> str:
    """Return a Date of a server with a wrong clock."""
    return formatdate(time.time() + skew, usegmt=True)


SOON = {
    "none": refusal(),
    "seconds": refusal("retry-after: 1"),
    "zero": refusal("retry-after: 0"),
    "fraction": refusal("retry-after: 0.5"),
    "letters": refusal("retry-after: soon"),
    "negative": refusal("retry-after: -7"),
    "not a number": refusal("retry-after: nan"),
    "empty": refusal("retry-after:"),
    "twice": refusal("retry-after: 1", "retry-after: 1"),
    "more digits than time has": refusal("retry-after: " + "9" * 400),
    "date in the past": refusal(f"date: {at(0)}", f"retry-after: {at(-3600)}"),
    "impossible date": refusal("retry-after: Wed, 99 Foo 2026 99:99:99 GMT"),
    "ratelimit-reset": refusal("ratelimit-limit: 10", "ratelimit-remaining: 0", "ratelimit-reset: 1"),
    "x-ratelimit-reset": refusal("x-ratelimit-limit: 10", "x-ratelimit-remaining: 0", "x-ratelimit-reset: 1"),
    "ratelimit structured": refusal('ratelimit-policy: "p";q=10;w=1', 'ratelimit: "p";r=0;t=1'),
    "ratelimit broken": refusal('ratelimit-policy: "p;q=;w', "ratelimit: ;;r=x;t=-1"),
    "plain text": refusal("content-type: text/plain", body=b"Too many requests, slow down."),
    "html": refusal(body=b"<html><title>429</title>"),
    "no body": refusal(body=b""),
    "invalid utf-8": refusal(body=b"\xff\xfe"),
    "gzip that is none": refusal("content-encoding: gzip", body=b"plain"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_call_is_made_again(server: Server, mode: str, method: str) -> None:
    """For every form of refusal, and for POST, because a refused call was not executed."""
    places = {name: server.raw(reply, then="keep") for name, reply in SOON.items()}

    def once(name: str) -> Outcome:
        return call(mode, places[name], operation(method, body={"a": 1}), retries=GENTLE, timeout=LIMITS)

    for name, outcome in at_once(once, SOON).items():
        check(outcome, total=4)
        assert outcome.result is not None, (name, outcome.error)
        assert [request["body"] for request in places[name].seen] == ['{"a":1}'] * 2, name


def test_the_wait_is_as_long_as_the_reply_says(server: Server, mode: str) -> None:
    waits = [
        "retry-after: 1",
        f"date: {at(0)}\r\nretry-after: {at(1)}",
        f"date: {at(86_400)}\r\nretry-after: {at(86_401)}",
        "ratelimit-reset: 1",
        "x-ratelimit-reset: 1",
    ]

    def once(header: str) -> Outcome:
        return call(mode, server.raw(refusal(header), then="keep"), operation(), retries=GENTLE, timeout=LIMITS)

    for header, outcome in at_once(once, waits).items():
        check(outcome, total=3)
        assert outcome.result["number"] == 2, header
        assert outcome.seconds >= 0.9, header


LATE = {
    "minutes": refusal("retry-after: 120"),
    "a year": refusal("retry-after: 31536000"),
    "date far away": refusal(f"date: {at(0)}", "retry-after: Fri, 01 Jan 2100 00:00:00 GMT"),
    "reset in an hour": refusal("ratelimit-remaining: 0", "ratelimit-reset: 3600"),
}


@pytest.mark.parametrize("reply", LATE.values(), ids=LATE)
def test_a_wait_longer_than_the_call_may_last_is_refused_at_once(server: Server, mode: str, reply: bytes) -> None:
    here = server.raw(reply, then="keep")
    outcome = call(mode, here, operation(), retries=GENTLE, timeout=LIMITS)
    check(outcome, total=0)
    assert type(outcome.error) is RateLimitError
    assert outcome.error.status == 429
    assert len(here.seen) == 1


def test_the_error_reports_the_headers(server: Server, mode: str) -> None:
    reply = refusal("retry-after: 120", "x-ratelimit-limit: 10", "x-ratelimit-remaining: 0")
    error = call(mode, server.raw(reply), operation()).error
    assert isinstance(error, RateLimitError)
    assert (error.retry_after, error.limit, error.remaining) == (120, 10, 0)


def test_refusals_without_end_end_with_the_attempts(server: Server, mode: str) -> None:
    here = server.raw(*[refusal("retry-after: 0")] * 10, then="keep")
    outcome = call(mode, here, operation(), retries=GENTLE, timeout=LIMITS)
    check(outcome, total=LIMITS.total or 0)
    assert type(outcome.error) is RateLimitError
    assert outcome.error.attempts == 4
    assert len(here.seen) == 4


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_storm_of_gateway_failures_passes_over_idempotent_calls(
    server: Server, mode: str, method: str, code: int
) -> None:
    here = server.at("status", code, 3)
    outcome = call(mode, here, operation(method), retries=GENTLE)
    check(outcome)
    assert outcome.result["number"] == 4


@pytest.mark.parametrize(
    ("method", "code"), [("POST", 500), ("POST", 502), ("POST", 503), ("POST", 504), ("PATCH", 503), ("GET", 500)]
)
def test_no_other_failure_is_repeated(server: Server, mode: str, method: str, code: int) -> None:
    here: Place = server.at("status", code)
    outcome = call(mode, here, operation(method), retries=GENTLE)
    check(outcome)
    assert type(outcome.error) is ServerError
    assert len(here.seen) == 1
