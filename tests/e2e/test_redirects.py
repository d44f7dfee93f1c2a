"""Redirects: followed within the origin with method and body, never to another origin."""

import base64

import pytest

from hexclave.errors import (
    APIConnectionError,
    APIStatusError,
    CrossOriginRedirectError,
    NotFoundError,
    TooManyRedirectsError,
)
from tests.e2e.calling import Place, Server, call, check, operation


def redirect(server: Server, code: int, location: str) -> Place:
    return server.at("redirect", code, base64.urlsafe_b64encode(location.encode("latin-1")).decode())


def url(place: Place) -> str:
    return f"{place.base_url}/api/v1/users/u1"


@pytest.mark.parametrize("code", [307, 308])
@pytest.mark.parametrize("absolute", [True, False])
def test_a_redirect_inside_the_origin_keeps_method_body_and_key(
    server: Server, mode: str, code: int, absolute: bool
) -> None:
    target = server.at("ok")
    location = url(target) if absolute else f"/ok/{target.name}/elsewhere?x=1"
    here = redirect(server, code, location)
    outcome = call(mode, here, operation("PATCH", body={"a": "ä"}))
    check(outcome)
    (first,), (second,) = here.seen, target.seen
    assert outcome.result["number"] == 1
    assert (second["method"], second["body"]) == ("PATCH", first["body"])
    assert second["headers"]["x-stack-secret-server-key"] == first["headers"]["x-stack-secret-server-key"]
    assert second["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize("code", [307, 308])
def test_another_origin_gets_nothing(server: Server, mode: str, code: int) -> None:
    """The same host on another port is another origin."""
    target = server.elsewhere("ok")
    outcome = call(mode, redirect(server, code, url(target)), operation("POST", body={"a": 1}))
    check(outcome)
    assert type(outcome.error) is CrossOriginRedirectError
    assert target.seen == []


LOCATIONS = {
    "scheme": "https://127.0.0.1:{port}/ok/{name}/x",
    "other name of the host": "http://localhost:{port}/ok/{name}/x",
    "without scheme": "//127.0.0.1:{other}/ok/{name}/x",
    "user name inside the origin": "http://user:password@127.0.0.1:{port}/ok/{name}/x",
    "user name": "http://127.0.0.1:{port}@127.0.0.1:{other}/ok/{name}/x",
    "backslash": "http://127.0.0.1:{other}\\@127.0.0.1:{port}/ok/{name}/x",
    "backslashes for slashes": "\\\\127.0.0.1:{other}/ok/{name}/x",
    "three slashes": "///127.0.0.1:{other}/ok/{name}/x",
    "space": " http://127.0.0.1:{other}/ok/{name}/x",
    "tab": "\thttp://127.0.0.1:{other}/ok/{name}/x",
    "tab inside": "ht\ttp://127.0.0.1:{other}/ok/{name}/x",
    "no slashes": "http:127.0.0.1:{other}/ok/{name}/x",
    "number": "http://2130706433:{other}/ok/{name}/x",
    "port of letters": "http://127.0.0.1:x/ok/{name}/x",
    "port out of range": "http://127.0.0.1:99999/ok/{name}/x",
    "file": "file:///etc/passwd",
    "javascript": "javascript:alert(1)",
    "non-ascii": "http://127.0.0.1:{other}/ok/{name}/\xe4",
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
def test_no_spelling_leads_out_of_the_origin(server: Server, mode: str, location: str) -> None:
    target = server.at("ok")
    location = location.format(port=server.port, other=server.other_port, name=target.name)
    head = f"HTTP/1.1 307 Elsewhere\r\ncontent-length: 0\r\nconnection: close\r\nlocation: {location}\r\n\r\n"
    here = server.raw(head.encode("latin-1"))
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    other = server.elsewhere("ok")
    assert Place(other.port, "ok", target.name).seen == []
    # The path begins with three slashes.
    assert type(outcome.error) is (NotFoundError if location.startswith("///") else CrossOriginRedirectError)
    assert len(here.seen) == 1


def test_a_location_longer_than_a_header_may_be_leads_nowhere(server: Server, mode: str) -> None:
    target = server.at("ok")
    location = url(target) + "/" + "x" * 20_000
    here = server.raw(f"HTTP/1.1 307 Elsewhere\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n".encode())
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert type(outcome.error) is APIConnectionError
    assert target.seen == []
    assert len(here.seen) == 1


@pytest.mark.parametrize("code", [307, 308])
def test_a_loop_ends(server: Server, mode: str, code: int) -> None:
    here = redirect(server, code, "?again")
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert type(outcome.error) is TooManyRedirectsError
    assert len(here.seen) == 6


@pytest.mark.parametrize("code", [300, 301, 302, 303, 304, 305])
def test_redirects_that_would_change_the_method_are_failures(server: Server, mode: str, code: int) -> None:
    target = server.at("ok")
    outcome = call(mode, redirect(server, code, url(target)), operation("POST"))
    check(outcome)
    assert type(outcome.error) is APIStatusError
    assert outcome.error.status == code
    assert target.seen == []


@pytest.mark.parametrize("code", [307, 308])
def test_a_redirect_that_does_not_say_where_to_is_a_failure(server: Server, mode: str, code: int) -> None:
    here = server.at("status", code)
    outcome = call(mode, here, operation("POST"))
    check(outcome)
    assert type(outcome.error) is APIStatusError
    assert len(here.seen) == 1
