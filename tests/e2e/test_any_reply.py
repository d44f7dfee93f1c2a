"""Arbitrary bytes from a server give a result or an SDK error, in time, without revealing a secret."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.models import ServerUser
from tests.e2e.calling import KEYS, Server, call, check, operation

KEY = KEYS["server"].encode()
STATUS_LINES = [
    b"HTTP/1.1 %d Whatever" % status
    for status in (
        100,
        101,
        103,
        200,
        201,
        204,
        205,
        206,
        301,
        304,
        307,
        308,
        400,
        401,
        404,
        409,
        413,
        429,
        500,
        503,
        599,
    )
]
ODD_STATUS_LINES = [
    b"HTTP/1.1",
    b"HTTP/1.0 200 OK",
    b"HTTP/2 200",
    b"HTTP/1.1 99 X",
    b"200 OK",
    b"ICY 200 OK",
    b"HTTP/1.1 200",
]
NAMES = [
    b"content-length", b"transfer-encoding", b"content-encoding", b"content-type", b"connection", b"location", b"date",
    b"retry-after", b"ratelimit", b"ratelimit-policy", b"ratelimit-reset", b"x-ratelimit-remaining", b"set-cookie",
    b"x-stack-known-error", b"x-hexclave-known-error", b"x-stack-actual-status", b"x-stack-request-id", b"upgrade",
    b"trailer", b"keep-alive", b"vary", b"x y", b"",
]  # fmt: skip
VALUES = [
    b"", b"0", b"1", b"5", b"-1", b"1e9", b"nan", b"chunked", b"gzip", b"deflate", b"br", b"identity", b"gzip, deflate",
    b"application/json", b"text/plain; charset=utf-16", b"close", b"keep-alive", b"/", b"?", b"//example.com/x",
    b"/status,200/elsewhere/x", b"http://[", b"Wed, 21 Oct 2015 07:28:00 GMT",
    b'"p";q=1;w=1', b"USER_NOT_FOUND", b"404",
    b"ACCESS_TOKEN_EXPIRED", b"websocket", KEY, b"\xff\xfe", b"a\tb", b"\0",
]  # fmt: skip
BODIES = [
    b"", b"{}", b"[]", b"null", b"{", b'{"id": 1}', b"\xff\xfe\x00", b"<html><title>x</title>", b"2\r\n{}\r\n0\r\n\r\n",
    b"ffffffff\r\n", b"0\r\n\r\n", b"-1\r\n", b"\x1f\x8b\x08\x00\x00\x00", json.dumps({"error": KEY.decode()}).encode(),
    b'{"code": "USER_NOT_FOUND", "error": {"a": []}, "details": 5}', b"[" * 5_000, KEY,
]  # fmt: skip

headers = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=12)).map(b": ".join), max_size=5
)
well_formed = st.builds(
    lambda first, lines, body, length: b"\r\n".join(
        [first, *lines, *([b"content-length: %d" % len(body)] if length else []), b"", body]
    ),
    st.sampled_from(STATUS_LINES) | st.sampled_from(ODD_STATUS_LINES),
    headers,
    st.sampled_from(BODIES) | st.binary(max_size=40),
    st.booleans(),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a reply with a part replaced, removed or inserted."""
    reply = draw(well_formed)
    start = draw(st.integers(0, len(reply)))
    end = draw(st.integers(start, min(len(reply), start + 8)))
    return (
        reply[:start] + draw(st.binary(max_size=6) | st.sampled_from([b"\r\n", b"\n", b"\0", b" ", b":"])) + reply[end:]
    )


replies = well_formed | damaged() | st.binary(max_size=80)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reply=replies, then=st.sampled_from(["close", "reset", "keep"]), method=st.sampled_from(["GET", "POST"]))
def test_any_reply(server: Server, mode: str, reply: bytes, then: str, method: str) -> None:
    here = server.raw(reply, then=then)
    limits = Timeout(total=2, read=0.1)
    retries = Retries(attempts=2, first_wait=0.001, longest_wait=0.002, longest_retry_after=0.001)
    outcome = call(mode, here, operation(method, parse=ServerUser.from_dict), timeout=limits, retries=retries)
    check(outcome, total=2)
    # A POST is sent twice only after a redirect to itself or a refusal.
    assert method == "GET" or len(here.seen) == 1 or b"307" in reply or b"308" in reply or b"429" in reply
