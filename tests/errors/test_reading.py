"""Conversion of replies to errors: replies in the API's format, and all others."""

import json
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexclave._messages import Reply
from hexclave.errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    HexclaveError,
    InvalidAccessToken,
    KnownError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TeamNotFound,
    UserNotFound,
)
from hexclave.errors._known import BY_CODE
from hexclave.errors._reading import failed_status, from_reply


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def read(answer: Reply, **facts: Any) -> HexclaveError:
    return from_reply(answer, **{"method": "GET", "path": "/users/abc", "attempts": 1, **facts})


USER_NOT_FOUND = {"code": "USER_NOT_FOUND", "error": "There is no such user."}


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_success_is_no_failure(status: int) -> None:
    assert failed_status(reply(status, {"id": "a"})) is None


@pytest.mark.parametrize("status", [-1, 0, 100, 199, 300, 304, 307, 400, 404, 429, 500, 599, 600, 999])
def test_every_status_outside_of_2xx_is_a_failure(status: int) -> None:
    assert failed_status(reply(status)) == status


@pytest.mark.parametrize("prefix", ["x_hexclave_", "x_stack_"])
def test_an_overridden_status_is_the_real_one(prefix: str) -> None:
    assert failed_status(reply(200, **{f"{prefix}actual_status": "404"})) == 404


def test_the_hexclave_prefix_comes_first() -> None:
    both = reply(200, x_hexclave_actual_status="404", x_stack_actual_status="401")
    assert failed_status(both) == 404
    error = read(reply(404, x_hexclave_known_error="USER_NOT_FOUND", x_stack_known_error="TEAM_NOT_FOUND"))
    assert type(error) is UserNotFound


def test_an_overridden_status_may_be_a_success() -> None:
    assert failed_status(reply(200, x_stack_actual_status="201")) is None


@pytest.mark.parametrize("nonsense", ["", "abc", "4040", "-404", "4.0", "٤٠٤", "099"])
def test_an_unreadable_overridden_status_is_no_success(nonsense: str) -> None:
    assert failed_status(reply(200, x_stack_actual_status=nonsense)) == 200


def test_the_override_counts_on_success_only() -> None:
    assert failed_status(reply(503, x_stack_actual_status="404")) == 503


def test_a_known_error_is_no_success_even_without_the_real_status() -> None:
    answer = reply(200, USER_NOT_FOUND, x_stack_known_error="USER_NOT_FOUND")
    assert failed_status(answer) == 200
    assert type(read(answer)) is UserNotFound


def test_a_reply_as_the_api_sends_it_becomes_its_class_with_every_fact() -> None:
    answer = reply(
        404,
        {"code": "TEAM_NOT_FOUND", "details": {"team_id": "t1"}, "error": "No team t1."},
        x_stack_known_error="TEAM_NOT_FOUND",
        x_stack_request_id="abc123",
    )
    error = from_reply(answer, method="PATCH", path="/teams/t1", attempts=2, retry_after=3.0)
    assert type(error) is TeamNotFound
    assert isinstance(error, NotFoundError)
    assert vars(error) == {
        "message": "No team t1.",
        "status": 404,
        "code": "TEAM_NOT_FOUND",
        "details": {"team_id": "t1"},
        "request_id": "abc123",
        "method": "PATCH",
        "path": "/teams/t1",
        "attempts": 2,
        "retry_after": 3.0,
    }
    assert error.team_id == "t1"


@pytest.mark.parametrize("code", BY_CODE)
def test_every_known_code_becomes_its_class(code: str) -> None:
    known = BY_CODE[code]
    error = read(reply(known.status or 0, {"code": code, "error": "text"}, x_hexclave_known_error=code))
    assert (type(error), error.code, error.status) == (known, code, known.status)
    assert not hasattr(error, "__notes__")


def test_an_overridden_reply_carries_the_real_status() -> None:
    error = read(reply(200, USER_NOT_FOUND, x_stack_actual_status="404", x_stack_known_error="USER_NOT_FOUND"))
    assert (type(error), error.status) == (UserNotFound, 404)


@pytest.mark.parametrize("details", [None, [], "text", 5, True])
def test_details_that_are_no_object_count_as_none(details: object) -> None:
    error = read(reply(404, {"code": "TEAM_NOT_FOUND", "details": details, "error": "No team."}))
    assert type(error) is TeamNotFound
    assert error.details == {}
    assert error.team_id is None


def test_a_code_in_the_body_needs_no_header() -> None:
    assert type(read(reply(404, USER_NOT_FOUND))) is UserNotFound


@pytest.mark.parametrize("body", [b"", b"<html></html>", b'{"code": "USER_', b"\xff\xfe", b"[]", b"null"])
def test_a_code_in_the_header_needs_no_body(body: bytes) -> None:
    error = read(reply(404, body, x_stack_known_error="USER_NOT_FOUND"))
    assert type(error) is UserNotFound
    assert error.message.startswith("The server answered 404 Not Found with ")


def test_where_header_and_body_disagree_the_body_is_believed_and_a_note_says_so() -> None:
    error = read(reply(404, USER_NOT_FOUND, x_stack_known_error="TEAM_NOT_FOUND"))
    assert type(error) is UserNotFound
    assert error.__notes__ == ["The header has the code TEAM_NOT_FOUND, the body USER_NOT_FOUND; the body's was used."]
    assert error.__notes__[0] in error.explain()


@pytest.mark.parametrize(
    ("status", "family"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (409, ConflictError),
        (429, RateLimitError),
        (500, ServerError),
        (502, ServerError),
        (599, ServerError),
        (402, APIStatusError),
        (405, APIStatusError),
        (418, APIStatusError),
        (302, APIStatusError),
        (600, APIStatusError),
        (0, APIStatusError),
    ],
)
def test_an_unknown_code_falls_into_the_class_of_its_status(status: int, family: type[APIStatusError]) -> None:
    error = read(reply(status, {"code": "FROM_THE_FUTURE", "error": "New.", "details": {"a": 1}}))
    assert type(error) is family
    assert (error.code, error.status, error.details, error.message) == ("FROM_THE_FUTURE", status, {"a": 1}, "New.")
    assert error.__notes__ == ["This version of the SDK does not know the error code FROM_THE_FUTURE; try a newer one."]
    assert type(read(reply(status))) is family


def test_the_code_of_a_family_is_an_unknown_code() -> None:
    """The API never sends the codes of abstract base classes, so the class of the status applies."""
    error = read(reply(401, {"code": "INVALID_ACCESS_TOKEN", "error": "text"}))
    assert type(error) is AuthenticationError
    assert not isinstance(error, InvalidAccessToken)


def test_a_429_is_a_rate_limit_error_whatever_else_it_says() -> None:
    error = read(reply(429, USER_NOT_FOUND), retry_after=7.0)
    assert type(error) is RateLimitError
    assert (error.code, error.retry_after) == ("USER_NOT_FOUND", 7.0)


def test_an_oauth_error_has_its_code_and_description() -> None:
    error = read(reply(400, {"error": "invalid_grant", "error_description": "The code is used."}))
    assert (type(error), error.code, error.message) == (BadRequestError, "invalid_grant", "The code is used.")
    assert not hasattr(error, "__notes__")


def test_an_oauth_error_needs_no_description() -> None:
    error = read(reply(400, {"error": "invalid_grant"}))
    assert (error.code, error.message) == ("invalid_grant", "invalid_grant")


def test_the_header_counts_more_than_an_oauth_error() -> None:
    error = read(reply(404, {"error": "invalid_request"}, x_stack_known_error="USER_NOT_FOUND"))
    assert type(error) is UserNotFound


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"Contact channel not found", "Contact channel not found"),
        ("404 — nothing here".encode(), "404 — nothing here"),
        (b"  two\nlines \n", "two\nlines"),
        ({"message": "Slow down."}, "Slow down."),
        ({"detail": "Nope."}, "Nope."),
        ({"error": {"message": "Nested."}}, "Nested."),
        ({"error": "Forbidden"}, "Forbidden"),
        ({"error": "", "message": "Second."}, "Second."),
        ("a JSON text", "a JSON text"),
        ("caf\xe9 and more text".encode("latin-1"), "caf\ufffd and more text"),
        (b'\xef\xbb\xbf{"error": "With a byte order mark."}', "With a byte order mark."),
        (b"", "The server answered 404 Not Found with an empty body."),
        (b" \r\n\t", "The server answered 404 Not Found with an empty body."),
        (b'{"code": "USER_NOT_F', "The server answered 404 Not Found with 20 bytes of invalid JSON."),
        (b"[" * 100_000, "The server answered 404 Not Found with 100000 bytes of invalid JSON."),
        (b'{"a": ' + b"1" * 5000 + b"}", "The server answered 404 Not Found with 5007 bytes of invalid JSON."),
        ([], "The server answered 404 Not Found with JSON of an unknown shape."),
        ([{"code": "USER_NOT_FOUND"}], "The server answered 404 Not Found with JSON of an unknown shape."),
        ({}, "The server answered 404 Not Found with JSON of an unknown shape."),
        ({"code": 5, "error": ["x"]}, "The server answered 404 Not Found with JSON of an unknown shape."),
        (None, "The server answered 404 Not Found with JSON of an unknown shape."),
        (b"\x00\x01\x02binary", "The server answered 404 Not Found with 9 bytes of binary data."),
        (b"\x89PNG\xff\xfe\xfd", "The server answered 404 Not Found with 7 bytes of binary data."),
        (
            b"x" * (2 << 20),
            "The server answered 404 Not Found with 2097152 bytes, too many for an error message.",
        ),
        (
            b"<!DOCTYPE html><html><head><title>404 Not\nFound</title></head><body>secret</body></html>",
            "The server answered 404 Not Found with an HTML page titled '404 Not Found'; it may come from a proxy.",
        ),
        (
            b"<html><body>no title</body></html>",
            "The server answered 404 Not Found with an HTML page; it may come from a proxy.",
        ),
        (
            b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
            "The server answered 404 Not Found with an HTML page; it may come from a proxy.",
        ),
    ],
)
def test_whatever_the_body_is_the_message_says_something_readable(body: object, message: str) -> None:
    error = read(reply(404, body))
    assert (type(error), error.message, error.code) == (NotFoundError, message, None)


def test_a_status_without_a_name_is_reported_by_number() -> None:
    assert read(reply(299 + 300)).message == "The server answered 599 with an empty body."


def test_a_long_text_is_cut() -> None:
    error = read(reply(500, b"word " * 100_000))
    assert len(error.message) <= 2000
    assert len(str(error)) < 400


@pytest.mark.parametrize("code", ["", "has space", "x" * 101, "ÄÖ", "1ST", "a\nb", None, 5, ["USER_NOT_FOUND"], {}])
def test_an_invalid_code_is_none(code: object) -> None:
    error = read(reply(404, {"code": code, "error": "text"}))
    assert (type(error), error.code, error.message) == (NotFoundError, None, "text")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x_stack_request_id": "abc"}, "abc"),
        ({"x_hexclave_request_id": "def"}, "def"),
        ({"x_stack_request_id": "abc", "x_hexclave_request_id": "def"}, "def"),
        ({"x_stack_request_id": "a b"}, None),
        ({"x_stack_request_id": "x" * 129}, None),
        ({"x_stack_request_id": ""}, None),
    ],
)
def test_the_request_id_comes_under_either_prefix(headers: dict[str, str], expected: str | None) -> None:
    assert read(reply(500, **headers)).request_id == expected


BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OPAQUE = st.text(BASE32, min_size=45, max_size=45).filter(lambda text: any(letter.isdigit() for letter in text))
PART = st.text(BASE64URL, min_size=10, max_size=60)
SECRETS = st.one_of(
    st.builds("{}_{}".format, st.sampled_from(["pck", "ssk", "sak", "sk", "pk", "wrt", "whsec"]), OPAQUE),
    st.builds("eyJ{}.{}.{}".format, PART, PART, PART),
    OPAQUE,
)
AROUND = st.sampled_from(["", " ", "\n", '"', "'", "=", ":", "/", "<b>", "\\", "é", "\ufffd", "\u200b", "word "])
HEADERS = [
    f"x-{prefix}-{name}" for prefix in ("hexclave", "stack") for name in ("known-error", "request-id", "actual-status")
]
CODES = st.sampled_from([*BY_CODE, "NEW_CODE", "invalid_grant"])
STATUSES = st.integers(-1, 1000) | st.sampled_from([200, 302, 400, 401, 404, 429, 500, 502])


@st.composite
def hostile(draw: st.DrawFn) -> tuple[Reply, list[str]]:
    """Return a reply with secrets of the usual forms in every place that could be displayed."""
    secrets = draw(st.lists(SECRETS, min_size=1, max_size=3))
    secret = st.sampled_from(secrets)
    text = st.builds(
        "".join, st.lists(st.text(max_size=20) | st.tuples(AROUND, secret, AROUND).map("".join), max_size=4)
    )
    value = st.recursive(
        text | st.none() | st.booleans() | st.integers() | st.floats(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
        max_leaves=6,
    )
    code = draw(CODES)
    keys = [getattr(BY_CODE[code], name).key for name in BY_CODE[code]._detail_names] if code in BY_CODE else []
    body = st.fixed_dictionaries(
        {},
        optional={
            "code": st.just(code) | secret | value,
            "error": text | value,
            "message": text,
            "error_description": text,
            "details": st.dictionaries(st.sampled_from(keys) if keys else text, value, max_size=3) | value,
        },
    ).map(lambda fields: json.dumps(fields).encode())
    page = text.map(lambda inner: f"<html><title>{inner}</title>{inner}</html>".encode(errors="replace"))
    content = draw(
        body
        | body.map(lambda whole: whole[:-7])
        | page
        | text.map(lambda plain: plain.encode(errors="surrogatepass"))
        | st.tuples(st.binary(max_size=30), text, st.binary(max_size=30)).map(
            lambda parts: parts[0] + parts[1].encode(errors="replace") + parts[2]
        )
    )
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), CODES | secret | st.text(max_size=8), max_size=4))
    return Reply(draw(STATUSES), headers, content), secrets


@settings(max_examples=500, deadline=None)
@given(hostile())
def test_any_reply_gives_an_error_that_shows_no_secret(case: tuple[Reply, list[str]]) -> None:
    answer, secrets = case
    status = failed_status(answer)
    error = read(answer, attempts=3, retry_after=1.5)
    assert isinstance(error, HexclaveError)
    assert error.status == (answer.status if status is None else status)
    if isinstance(error, KnownError):
        assert type(error) is BY_CODE[error.code or ""]
    shown = [error.message, str(error), repr(error), error.explain(), *traceback.format_exception(error)]
    for text in shown:
        text.encode()
        for secret in secrets:
            assert secret not in text
            assert secret[8:] not in text


@settings(max_examples=300, deadline=None)
@given(
    STATUSES,
    st.dictionaries(st.sampled_from(HEADERS) | st.text(max_size=8), st.text(max_size=40), max_size=5),
    st.binary(max_size=200),
)
def test_any_status_headers_and_bytes_give_an_error(status: int, headers: dict[str, str], content: bytes) -> None:
    error = read(Reply(status, headers, content))
    assert isinstance(error, APIStatusError)
    assert error.message
    assert "\n" not in str(error)
