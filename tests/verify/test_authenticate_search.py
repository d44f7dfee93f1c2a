"""Sources of credentials in requests of every kind."""

import base64
import email.message
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.tokens import Tokens
from hexclave.verify import MalformedTokenError
from hexclave.verify._credentials import Found, find_credentials
from tests.verify.test_api_keys import KEY

PROJECT = "project-1"
REFRESH = "refresh-token-of-the-cookie"


def found(request: object, *, cookies: bool = True, api_keys: bool = True) -> Found | None:
    return find_credentials(request, PROJECT, cookies=cookies, api_keys=api_keys)


def access_token(request: object, **options: bool) -> str | None:
    credentials = found(request, **options)
    if credentials is None or credentials.tokens is None or credentials.tokens.access_token is None:
        return None
    return credentials.tokens.access_token.reveal()


def packed(prefix: str = "stackauth_", **tokens: Any) -> str:
    pair = {"accessToken": "a.b.c", "refreshToken": "r"} | tokens
    return f"Bearer {prefix}{base64.b64encode(json.dumps(pair).encode()).decode()}"


def cookie(name: str, value: object) -> str:
    return f"{name}={quote(json.dumps(value) if not isinstance(value, str) else value)}"


def newest(millis: object, token: object = REFRESH, name: str = f"hexclave-refresh-{PROJECT}--default") -> str:
    return cookie(name, {"refresh_token": token, "updated_at_millis": millis})


ACCESS = cookie("hexclave-access", [REFRESH, "a.b.c"])


# Order and forms


def test_a_plain_token_as_bearer() -> None:
    assert found({"Authorization": "Bearer a.b.c"}) == Found("authorization", Tokens("a.b.c"))
    for header in ("bearer a.b.c", "BEARER   a.b.c  ", "Bearer a.b.c"):
        assert access_token({"authorization": header}) == "a.b.c"


@pytest.mark.parametrize("prefix", ["stackauth_", "hexclave_"])
def test_both_tokens_packed_as_bearer(prefix: str) -> None:
    assert found({"authorization": packed(prefix)}) == Found("authorization", Tokens("a.b.c", "r"))
    assert found({"authorization": packed(prefix, refreshToken=None)}) == Found("authorization", Tokens("a.b.c"))
    assert found({"authorization": packed(prefix, accessToken=None)}) == Found("authorization", Tokens(None, "r"))
    assert found({"authorization": packed(prefix, accessToken=None, refreshToken=None)}) == Found("authorization")


@pytest.mark.parametrize(
    "header",
    [
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "Bearer opaque",
        "Bearer a.b",
        "Bearer a.b.c.d",
        "Token a.b.c",
        "a.b.c",
        "",
        "Bearera.b.c",
    ],
)
def test_other_authorizations_are_passed_over(header: str) -> None:
    assert found({"authorization": header}) is None
    assert access_token({"authorization": header, "x-stack-access-token": "a.b.c"}) == "a.b.c"


def test_the_first_credentials_win_and_later_ones_are_left_alone() -> None:
    sent = {
        "authorization": "Bearer 1.1.1",
        "x-hexclave-access-token": "2.2.2",
        "x-stack-access-token": "3.3.3",
        "x-stack-auth": json.dumps({"accessToken": "4.4.4", "refreshToken": "r"}),
        "x-api-key": KEY,
        "cookie": f"{newest(1)}; {ACCESS}",
    }
    sources = []
    while sent:
        credentials = found(sent)
        assert credentials is not None
        sources.append((credentials.source, access_token(sent)))
        del sent[next(iter(sent))]
    assert sources == [
        ("authorization", "1.1.1"),
        ("x-stack-access-token", "2.2.2"),
        ("x-stack-access-token", "3.3.3"),
        ("x-stack-auth", "4.4.4"),
        ("x-api-key", None),
        ("cookie", "a.b.c"),
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer stackauth_"},
        {"authorization": "Bearer stackauth_!!!"},
        {"authorization": "Bearer stackauth_e30"},
        {"authorization": "Bearer hexclave_" + base64.b64encode(b"[]").decode()},
        {"authorization": "Bearer hexclave_" + base64.b64encode(b"\xff").decode()},
        {"authorization": "Bearer hexclave_" + base64.b64encode(b"[" * 5000).decode()},
        {"authorization": "Bearer hexclave_" + "A" * 100_000},
        {"authorization": packed(accessToken=7)},
        {"authorization": packed(accessToken=["a.b.c"])},
        {"authorization": packed(refreshToken={})},
        {"authorization": packed(accessToken="a b")},
        {"authorization": packed(accessToken="a\nb")},
        {"authorization": packed(accessToken="\u00e9")},
        {"authorization": "Bearer a.b.\u00e9"},
        {"x-stack-auth": "a.b.c"},
        {"x-stack-auth": "null"},
        {"x-stack-auth": "{"},
        {"x-stack-auth": "[" * 5000},
        {"x-stack-access-token": "a b c"},
        [("authorization", "Bearer a.b.c"), ("authorization", "Bearer d.e.f")],
        [("X-Stack-Access-Token", "a.b.c"), ("x-stack-access-token", "d.e.f")],
    ],
)
def test_damaged_credentials_are_not_skipped(headers: Any) -> None:
    """Otherwise a weaker source further down would decide."""
    with pytest.raises(MalformedTokenError):
        found(headers)


def test_the_same_header_twice_with_the_same_value_is_fine() -> None:
    assert access_token([("authorization", "Bearer a.b.c"), ("Authorization", " Bearer a.b.c ")]) == "a.b.c"


def test_api_keys_count_only_where_they_are_admitted() -> None:
    for headers in ({"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
        credentials = found(headers)
        assert credentials is not None
        assert credentials.api_key is not None
        assert credentials.api_key.reveal() == KEY
        assert found(headers, api_keys=False) is None


def test_nothing_of_ours() -> None:
    for headers in (
        {},
        [],
        {"accept": "*/*"},
        {"authorization": None},
        {"x-stack-access-token": ""},
        {"cookie": "a=b"},
    ):
        assert found(headers) is None


# Cookies


def test_cookies_count_only_where_they_are_asked_for() -> None:
    headers = {"cookie": f"{newest(1)}; {ACCESS}"}
    assert found(headers) == Found("cookie", Tokens("a.b.c", REFRESH))
    assert found(headers, cookies=False) is None


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        # The names of the refresh token, each before those after it.
        ([newest(1), ACCESS], "a.b.c"),
        ([newest(1, name=f"__Host-hexclave-refresh-{PROJECT}--default"), ACCESS], "a.b.c"),
        ([cookie(f"stack-refresh-{PROJECT}", REFRESH), ACCESS], "a.b.c"),
        ([cookie("stack-refresh", REFRESH), ACCESS], "a.b.c"),
        ([newest(1, name=f"stack-refresh-{PROJECT}--default"), ACCESS], "a.b.c"),
        ([newest(1), cookie(f"stack-refresh-{PROJECT}", "other"), ACCESS], "a.b.c"),
        ([cookie("stack-refresh", "other"), cookie(f"stack-refresh-{PROJECT}", REFRESH), ACCESS], "a.b.c"),
        ([newest(9, "other", f"stack-refresh-{PROJECT}--x"), cookie("stack-refresh", REFRESH), ACCESS], "a.b.c"),
        # The newest of several.
        (
            [
                newest(1, "old", f"hexclave-refresh-{PROJECT}--a"),
                newest(2, name=f"hexclave-refresh-{PROJECT}--b"),
                ACCESS,
            ],
            "a.b.c",
        ),
        (
            [
                newest(2, name=f"hexclave-refresh-{PROJECT}--b"),
                newest(1, "old", f"hexclave-refresh-{PROJECT}--a"),
                ACCESS,
            ],
            "a.b.c",
        ),
        # The access token.
        ([newest(1), cookie("stack-access", [REFRESH, "d.e.f"])], "d.e.f"),
        ([newest(1), cookie("stack-access", [REFRESH, "d.e.f"]), ACCESS], "a.b.c"),
        ([newest(1), cookie("hexclave-access", ["another session", "a.b.c"])], None),
        ([newest(1)], None),
        ([newest(1), cookie("hexclave-access", REFRESH)], None),
        ([newest(1), cookie("hexclave-access", [REFRESH])], None),
        ([newest(1), cookie("hexclave-access", [REFRESH, None])], None),
        ([newest(1), "hexclave-access=%FF"], None),
        ([newest(1), "hexclave-access=" + "[" * 5000], None),
        ([newest(1), 'hexclave-access="' + quote(json.dumps([REFRESH, "a.b.c"])) + '"'], "a.b.c"),
        # Garbage among the structured ones.
        ([newest("9", "evil", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(True, "evil", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(10**400, "evil", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(float("nan"), "evil", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(float("inf"), "evil", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(9, "", f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([newest(9, None, f"hexclave-refresh-{PROJECT}--x"), newest(1), ACCESS], "a.b.c"),
        ([cookie(f"hexclave-refresh-{PROJECT}--x", "[]"), newest(1), ACCESS], "a.b.c"),
        ([newest(9, "evil", "hexclave-refresh-project-2--x"), newest(1), ACCESS], "a.b.c"),
        # The cookie with the most specific path comes first and wins.
        ([cookie("stack-refresh", REFRESH), cookie("stack-refresh", "other"), ACCESS], "a.b.c"),
    ],
)
def test_the_session_of_the_cookies(cookies: list[str], expected: str | None) -> None:
    credentials = found({"cookie": "; ".join(cookies)})
    assert credentials is not None
    assert credentials.tokens is not None
    assert credentials.tokens.refresh_token is not None
    assert credentials.tokens.refresh_token.reveal() == REFRESH
    assert access_token({"cookie": ";".join(cookies)}) == expected


def test_without_a_refresh_token_there_is_no_session() -> None:
    assert found({"cookie": f"{ACCESS}; {newest(1, name='hexclave-refresh-project-2--x')}"}) is None


def test_cookies_may_come_in_several_headers() -> None:
    assert access_token([("cookie", newest(1)), ("cookie", ACCESS)]) == "a.b.c"


def test_a_cookie_no_header_can_carry_is_damaged() -> None:
    with pytest.raises(MalformedTokenError):
        found({"cookie": "stack-refresh=a%0Ab"})


# Kinds of requests

HEADERS = {"Authorization": "Bearer a.b.c", "Cookie": "x=y", "Accept": "*/*"}


def starlette_request() -> object:
    from starlette.requests import Request

    return Request(asgi_scope())


def flask_request() -> object:
    from flask import Flask, request

    with Flask(__name__).test_request_context(headers=HEADERS):
        return request._get_current_object()  # type: ignore[attr-defined]


def django_request() -> object:
    import django.conf
    from django.test import RequestFactory

    if not django.conf.settings.configured:
        django.conf.settings.configure()
    return RequestFactory().get("/", headers={"authorization": "Bearer a.b.c"})


def aiohttp_request() -> object:
    from aiohttp.test_utils import make_mocked_request

    return make_mocked_request("GET", "/", headers=HEADERS)


def asgi_scope() -> dict[str, Any]:
    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    return {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}


def wsgi_environ() -> dict[str, Any]:
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()}
    setup_testing_defaults(environ)
    return environ


def message() -> object:
    made = email.message.Message()
    for name, value in HEADERS.items():
        made[name] = value
    return made


@pytest.mark.parametrize(
    ("made", "package"),
    [
        (starlette_request, "starlette"),
        (flask_request, "flask"),
        (django_request, "django"),
        (aiohttp_request, "aiohttp"),
        (asgi_scope, None),
        (wsgi_environ, None),
        (message, None),
        (lambda: HEADERS, None),
        (lambda: list(HEADERS.items()), None),
        (lambda: tuple(HEADERS.items()), None),
        (lambda: {name: [value] for name, value in HEADERS.items()}, None),
        (lambda: {name.encode(): value.encode() for name, value in HEADERS.items()}, None),
        (lambda: {"version": "2.0", "headers": HEADERS}, None),
    ],
    ids=[
        "starlette",
        "flask",
        "django",
        "aiohttp",
        "asgi",
        "wsgi",
        "message",
        "mapping",
        "pairs",
        "tuple",
        "lists",
        "bytes",
        "event",
    ],
)
def test_headers_of_any_request(made: Callable[[], object], package: str | None) -> None:
    if package is not None:
        pytest.importorskip(package, reason=f"{package} is not installed")
    assert access_token(made()) == "a.b.c"


def test_a_websocket_scope_is_a_request() -> None:
    assert access_token(asgi_scope() | {"type": "websocket"}) == "a.b.c"


def test_a_scope_without_headers_carries_nothing() -> None:
    assert found(asgi_scope() | {"headers": []}) is None


@pytest.mark.parametrize("value", ["x", ["a"], "authorization", [("authorization", "Bearer e.v.l")] * 0])
def test_a_header_called_headers_is_nothing_special(value: object) -> None:
    assert access_token({"headers": value, "authorization": "Bearer a.b.c"}) == "a.b.c"


@pytest.mark.parametrize(
    "request_",
    [
        None,
        7,
        "Authorization: Bearer a.b.c",
        b"x",
        object(),
        ["a"],
        [("a", "b", "c")],
        {1: 2},
        {"authorization": 7},
        {"a": "b"}.items,
    ],
)
def test_an_invalid_request_object_is_a_mistake_of_the_caller(request_: object) -> None:
    with pytest.raises(UnsafeUseError):
        found(request_)
