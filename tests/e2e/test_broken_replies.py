"""Broken replies give a result or the right error, in time, without revealing a secret."""

import pytest

from hexclave.errors import (
    APIConnectionError,
    APIStatusError,
    BadRequestError,
    HexclaveError,
    NotFoundError,
    ReadTimeout,
    ServerError,
    TransportError,
    UnreadableReplyError,
    UserNotFound,
)
from hexclave.timeouts import Timeout
from tests.e2e.calling import Server, call, check, operation

JSON = {"content-type": "application/json"}
SHORT = Timeout(total=5, read=0.4)
LOST = {"reset": APIConnectionError, "close": APIConnectionError, "hold": ReadTimeout}


def message(status: str, content: bytes, **headers: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(content)}\r\n{head}\r\n".encode() + content


@pytest.mark.parametrize("how", ["reset", "close", "hold"])
@pytest.mark.parametrize("place", ["before", "headers", "body"])
def test_a_get_is_repeated_after_a_reply_that_broke_off(either: Server, mode: str, place: str, how: str) -> None:
    here = either.at("broken", place, how, 1)
    outcome = call(mode, here, operation(), timeout=SHORT if how == "hold" else 5)
    check(outcome)
    assert outcome.result["number"] == 2
    assert len(here.seen) == 2


@pytest.mark.parametrize("how", ["reset", "close", "hold"])
@pytest.mark.parametrize("place", ["before", "headers", "body"])
def test_a_post_is_not_sent_twice_after_a_reply_that_broke_off(either: Server, mode: str, place: str, how: str) -> None:
    here = either.at("broken", place, how, 1)
    outcome = call(mode, here, operation("POST", body={"a": 1}), timeout=SHORT if how == "hold" else 5)
    check(outcome)
    assert type(outcome.error) is LOST[how]
    assert outcome.error.sent
    assert outcome.error.attempts == 1
    assert len(here.seen) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_attempts_end(server: Server, mode: str, method: str) -> None:
    here = server.at("broken", "before", "close")
    outcome = call(mode, here, operation(method))
    check(outcome)
    assert type(outcome.error) is APIConnectionError
    assert outcome.error.attempts == 3
    assert len(here.seen) == 3


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_connection_that_dies_after_a_complete_reply_is_harmless(either: Server, mode: str, how: str) -> None:
    here = either.at("broken", "after", how)
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert outcome.result["number"] == 1
    assert len(here.seen) == 1


GARBAGE = {
    "nothing": b"",
    "binary": bytes(range(256)) * 4,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http/0.9": b"<html>hello</html>",
    "no status": b"HTTP/1.1\r\n\r\n",
    "status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "negative status": b"HTTP/1.1 -200 OK\r\n\r\n",
    "status 0": b"HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n",
    "header without a colon": b"HTTP/1.1 200 OK\r\nwhatever\r\n\r\n",
    "header without a name": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "header with a NUL": b"HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n",
    "first header folded": b"HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
    "header without end": b"HTTP/1.1 200 OK\r\na: " + b"b" * 200_000,
    "status line without end": b"HTTP/1.1 200 " + b"b" * 200_000,
    "length of letters": b"HTTP/1.1 200 OK\r\ncontent-length: ten\r\n\r\n{}",
    "negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "length of a galaxy": b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 30 + b"\r\n\r\n{}",
    "length too long": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
    "unknown transfer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: carrier-pigeon\r\n\r\n{}",
    "chunk size of letters": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "chunk size without end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"0" * 200_000,
    "chunk of a galaxy": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
    "chunk longer than told": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "broken trailer": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nbad trailer\r\n\r\n",
    "only interim": b"HTTP/1.1 100 Continue\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n{}",
}


@pytest.mark.parametrize("reply", GARBAGE.values(), ids=GARBAGE)
def test_a_reply_that_is_not_http_is_a_broken_connection(either: Server, mode: str, reply: bytes) -> None:
    here = either.raw(reply)
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert type(outcome.error) is APIConnectionError, repr(outcome.error)
    assert len(here.seen) == 1


UNREADABLE = {
    "empty": message("200 OK", b""),
    "no length and nothing": b"HTTP/1.1 200 OK\r\n\r\n",
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "cut json": message("200 OK", b'{"id": "u1"'),
    "invalid utf-8": message("200 OK", b'{"id": "\xff\xfe"}'),
    "utf-16": message("200 OK", '{"id": "u1'.encode("utf-16")),
    "html": message("200 OK", b"<html><title>Sign in to the hotel's network</title></html>"),
    "plain text": message("200 OK", b"it works", content_type="text/plain"),
    "another shape: list": message("200 OK", b"[1, 2]"),
    "another shape: null": message("200 OK", b"null"),
    "another shape: text": message("200 OK", b'"u1"'),
    "another shape: id missing": message("200 OK", b'{"items": []}'),
    "two documents": message("200 OK", b'{"id": 1}{"id": 2}'),
    "deep": message("200 OK", b"[" * 100_000),
    "long number": message("200 OK", b"9" * 5_000),
    "binary": message("200 OK", bytes(range(256))),
}


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
def test_a_success_of_another_form_is_an_unreadable_reply(server: Server, mode: str, reply: bytes) -> None:
    here = server.raw(reply)
    outcome = call(mode, here, operation(parse=lambda data: data["id"]))
    check(outcome)
    assert type(outcome.error) is UnreadableReplyError, repr(outcome.error)
    assert outcome.error.status in (200, 204)
    assert len(here.seen) == 1


FAILURES = {
    "html of a proxy": (message("502 Bad Gateway", b"<html><title>502</title>"), ServerError),
    "plain text": (message("500 Oops", b"Internal Server Error"), ServerError),
    "empty": (message("500 Oops", b""), ServerError),
    "no length": (b"HTTP/1.1 500 Oops\r\n\r\nbroken", ServerError),
    "invalid utf-8": (message("400 Bad Request", b'{"code": "\xff"}'), BadRequestError),
    "another shape": (message("404 Not Found", b"[[]]"), NotFoundError),
    "unknown status": (message("999 Whatever", b"{}"), APIStatusError),
    "unknown reason": (message("404 \xff\xfe", b"{}"), NotFoundError),
    "no reason": (b"HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n", NotFoundError),
    "http/1.0": (b"HTTP/1.0 404 Not Found\r\n\r\n{}", NotFoundError),
    "code in the header alone": (message("404 Not Found", b"gone", x_stack_known_error="USER_NOT_FOUND"), UserNotFound),
    "code in the other header": (message("404 NF", b"gone", x_hexclave_known_error="USER_NOT_FOUND"), UserNotFound),
    "header and body disagree": (
        message("404 NF", b'{"code": "USER_NOT_FOUND", "error": "x"}', x_stack_known_error="SCHEMA_ERROR"),
        UserNotFound,
    ),
    "status in a header": (message("200 OK", b'{"error": "gone"}', x_stack_actual_status="404"), NotFoundError),
    "status in the other header": (message("200 OK", b"", x_hexclave_actual_status="500"), ServerError),
    "absurd status in a header": (message("200 OK", b"{}", x_stack_actual_status="never"), APIStatusError),
    "known error with 200": (message("200 OK", b"{}", x_stack_known_error="USER_NOT_FOUND"), UserNotFound),
    "details of another shape": (
        message("404 NF", b'{"code": "USER_NOT_FOUND", "error": 7, "details": [[1]]}'),
        UserNotFound,
    ),
    "gzip that is none": (message("500 Oops", b"plain", content_encoding="gzip"), ServerError),
}


@pytest.mark.parametrize(("reply", "family"), FAILURES.values(), ids=FAILURES)
def test_a_failure_has_its_class_whatever_its_form(
    server: Server, mode: str, reply: bytes, family: type[APIStatusError]
) -> None:
    outcome = call(mode, server.raw(reply), operation("POST"))
    check(outcome)
    if family is UserNotFound:
        assert type(outcome.error) is UserNotFound
    else:
        assert type(outcome.error) is family, repr(outcome.error)


@pytest.mark.parametrize("how", ["gzip", "deflate", "unknown"])
def test_compressed_replies_are_read(server: Server, mode: str, how: str) -> None:
    outcome = call(mode, server.at("encoded", how), operation())
    check(outcome)
    assert outcome.result["path"].endswith("/api/v1/users/u1")


@pytest.mark.parametrize("how", ["not-gzip", "not-deflate", "cut-gzip", "broken-gzip", "twice"])
def test_a_reply_that_cannot_be_decompressed_is_unreadable(server: Server, mode: str, how: str) -> None:
    here = server.at("encoded", how)
    outcome = call(mode, here, operation())
    check(outcome)
    assert type(outcome.error) is UnreadableReplyError
    assert len(here.seen) == 1


@pytest.mark.parametrize("how", ["not-gzip", "broken-gzip"])
def test_a_gateway_failure_that_cannot_be_decompressed_is_still_one(server: Server, mode: str, how: str) -> None:
    here = server.at("encoded", how, 503)
    outcome = call(mode, here, operation())
    check(outcome)
    assert type(outcome.error) is ServerError
    assert outcome.error.status == 503
    assert len(here.seen) == 3


def test_interim_replies_are_passed_over(server: Server, mode: str) -> None:
    outcome = call(mode, server.at("interim", 50), operation("POST", body={"a": 1}))
    check(outcome)
    assert outcome.result["body"] == '{"a":1}'


def test_interim_replies_without_end_end_with_the_total_timeout(server: Server, mode: str) -> None:
    outcome = call(mode, server.at("interim", 1, "endless"), operation(), timeout=0.5)
    check(outcome, total=0.5)
    assert isinstance(outcome.error, TransportError)


@pytest.mark.parametrize("size", [10, 4 << 20])
def test_a_reply_that_comes_before_the_body_was_read_counts(server: Server, mode: str, size: int) -> None:
    """A server or proxy that refuses a body by its head alone; a large body is aborted."""
    here = server.at("early", 413)
    outcome = call(mode, here, operation("POST", body={"text": "x" * size}))
    check(outcome)
    assert isinstance(outcome.error, HexclaveError)
    assert outcome.error.status == 413 or type(outcome.error) is APIConnectionError
    assert len(here.seen) == 1


def test_a_huge_reply_is_read_whole(server: Server, mode: str) -> None:
    outcome = call(mode, server.at("huge", 24), operation())
    check(outcome)
    assert len(outcome.result) == 24 << 20


@pytest.mark.parametrize(("count", "size", "fits"), [(50, 100, True), (20_000, 10, False), (1, 500_000, False)])
def test_headers_are_bounded(server: Server, mode: str, count: int, size: int, fits: bool) -> None:
    outcome = call(mode, server.at("many-headers", count, size), operation())
    check(outcome)
    assert (outcome.error is None) is fits


WHERE = ["status-line", "garbage", "header-line", "length", "encoding", "chunk", "plain", "html", "error", "known"]


@pytest.mark.parametrize("where", [*WHERE, "code", "location", "success"])
def test_a_server_that_quotes_the_request_gets_no_key_into_an_error(server: Server, mode: str, where: str) -> None:
    outcome = call(mode, server.at("echo", where), operation("POST", parse=lambda data: data["id"]))
    check(outcome)
    assert outcome.error is not None


def test_the_log_of_a_call_contains_no_key(server: Server, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    """Not even that of the HTTP library at the most verbose level."""
    with caplog.at_level("DEBUG"):
        check(call(mode, server.at("status", 503, 1), operation("POST", body={"a": 1})))
        check(call(mode, server.at("broken", "headers", "reset"), operation()))
    assert "attempt 3" in caplog.text
    assert "ssk_" not in caplog.text


def test_a_header_that_is_not_ascii_is_no_reason_to_lose_the_reply(server: Server, mode: str) -> None:
    here = server.raw(
        b"HTTP/1.1 200 OK\r\nx-note: caf\xe9\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    )
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert outcome.result == {}
