"""The page at `/_emulator`: access, contents, and the requests of its buttons."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hexclave.testing import RunningEmulator
from hexclave_api import OPERATIONS
from hexclave_emulator.page.overview import LATEST

create_user = OPERATIONS["create_user"].function


@pytest.fixture
def own(hx: RunningEmulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{hx.base_url}/_emulator/") as client:
        yield client


def test_the_page_brings_all_it_needs(hx: RunningEmulator, own: httpx.Client) -> None:
    """Its files come from the emulator, and its headers forbid other sources and frames."""
    page = httpx.get(f"{hx.base_url}/_emulator")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    linked = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(linked) == 2
    for path in linked:
        assert httpx.get(f"{hx.base_url}{path}").status_code == 200
    assert httpx.get(f"{hx.base_url}/_emulator/page.js").headers["content-type"] == "text/javascript; charset=utf-8"
    for missing in ("missing.js", "__init__.py", "..%2F__init__.py", "web"):
        assert httpx.get(f"{hx.base_url}/_emulator/{missing}").status_code == 404
    assert not re.search(r"https?://(?!localhost)", page.text)


OWN = [
    ("GET", ""),
    ("GET", "/page.js"),
    ("GET", "/elements.js"),
    ("POST", "/api/call"),
    ("POST", "/api/python"),
    ("POST", "/api/replay"),
    ("GET", "/api/overview"),
    ("GET", "/api/request?number=1"),
    ("GET", "/api/deliveries"),
    ("POST", "/api/webhook-endpoints"),
    ("DELETE", "/api/webhook-endpoints"),
    ("POST", "/api/reset"),
    ("POST", "/api/faults"),
]


@pytest.mark.parametrize(("method", "path"), OWN)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.com"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"host": "evil.example.com"},
        {"host": "localhost.evil.example.com"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=lambda headers: "-".join(next(iter(headers.items()))),
)
def test_no_page_of_another_origin_gets_at_it(
    hx: RunningEmulator, method: str, path: str, headers: dict[str, str]
) -> None:
    """Neither through its own requests nor through a name that points to this machine."""
    before = hx.project
    reply = httpx.request(method, f"{hx.base_url}/_emulator{path}", headers=headers)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers
    assert hx.project == before


def test_looking_on_changes_nothing(hx: RunningEmulator, own: httpx.Client) -> None:
    """The page's requests are not logged and use up no fault."""
    hx.fail_next(503, times=1)
    assert own.get("api/overview").json()["counts"]["requests"] == 0
    assert len(own.get("api/overview").json()["faults"]) == 1
    assert hx.requests == []


def test_lists_say_how_many_there_are(hx: RunningEmulator, own: httpx.Client) -> None:
    """The page gets the latest of each, and the count of all."""
    app = hx.server_app()
    for number in range(LATEST + 3):
        app.call(create_user(display_name=f"User {number}"))
    found = own.get("api/overview").json()
    assert found["counts"]["users"] == LATEST + 3
    assert (len(found["requests"]), found["counts"]["requests"]) == (LATEST, LATEST + 3)
    assert found["requests"][0]["number"] == LATEST + 3


def test_a_request_shows_whole(hx: RunningEmulator, own: httpx.Client) -> None:
    """With its bodies and headers, as long as it is in the log."""
    hx.server_app().call(create_user(display_name="Ada"))
    whole = own.get("api/request", params={"number": 1}).json()
    assert '"Ada"' in whole["request_body"]
    assert '"Ada"' in whole["reply_body"]
    assert whole["request_headers"]["x-stack-access-type"] == "server"
    assert own.get("api/request", params={"number": 2}).status_code == 404
    assert own.get("api/request", params={"number": "x"}).status_code == 404


def test_projects_are_shown_apart(hx: RunningEmulator, own: httpx.Client) -> None:
    """The page chooses one; an unknown one is empty."""
    hx.server_app().call(create_user())
    assert own.get("api/overview", params={"project": "internal"}).json()["counts"]["users"] == 0
    assert own.get("api/overview", params={"project": "nothing"}).json()["counts"]["users"] == 0
    assert {each["id"] for each in own.get("api/overview").json()["projects"]} == {"internal", hx.project.project_id}


def test_endpoints_of_webhooks_come_and_go(hx: RunningEmulator, own: httpx.Client) -> None:
    """With what was on its way to them."""
    made = own.post("api/webhook-endpoints", json={"url": "http://127.0.0.1:9/", "types": ["user.created"]}).json()
    hx.server_app().call(create_user())
    hx.wait_for_webhooks()
    assert [each["type"] for each in own.get("api/deliveries").json()["items"]] == ["user.created"]
    assert own.get("api/overview").json()["deliveries"][0]["url"] == "http://127.0.0.1:9/"
    own.request("DELETE", "api/webhook-endpoints", json={"id": made["id"]})
    assert own.get("api/overview").json()["endpoints"] == own.get("api/deliveries").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 1},
        {"url": "javascript:alert(1)"},
        {"url": "http://localhost/", "types": "user.created"},
        {"url": "http://localhost/", "types": [1]},
        {"url": "http://localhost/", "secret": "hunter2 is no secret"},
        {"url": "http://localhost/", "secret": 1},
        {"url": "http://localhost/", "project_id": {}},
        {"url": "http://localhost/", "project_id": "nobody's"},
    ],
)
def test_wrong_endpoints_are_refused(hx: RunningEmulator, own: httpx.Client, body: dict[str, Any]) -> None:
    """With the reason, and without the secret."""
    reply = own.post("api/webhook-endpoints", json=body)
    assert reply.status_code in (400, 404)
    assert "hunter2" not in reply.text
    assert own.get("api/overview").json()["endpoints"] == []


def test_a_call_is_made_with_the_keys_of_the_project(hx: RunningEmulator, own: httpx.Client) -> None:
    """Changes are logged, reads are not, and neither uses up a fault."""
    hx.fail_next(503, times=1)
    call = {"access": "server", "method": "POST", "path": "/users", "body": {"display_name": "Ada"}}
    made = own.post("api/call", json=call).json()
    assert (made["status"], made["body"]["display_name"], made["code"]) == (201, "Ada", None)
    read = {"access": "server", "method": "GET", "path": f"/users/{made['body']['id']}"}
    assert own.post("api/call", json=read).json()["body"]["display_name"] == "Ada"
    assert [(each.request.method, each.request.path) for each in hx.requests] == [("POST", "/api/v1/users")]
    assert len(own.get("api/overview").json()["faults"]) == 1
    foreign = own.post("api/call", json={**read, "project_id": "internal"}).json()
    assert foreign["code"] == "USER_NOT_FOUND"


def test_a_preview_calls_nothing(hx: RunningEmulator, own: httpx.Client) -> None:
    """It is the Python alone, with the secrets apart."""
    body = {"display_name": "Ada", "password": "correct horse battery"}
    call = {"access": "server", "method": "POST", "path": "/users", "body": body}
    found = own.post("api/python", json=call).json()
    assert 'app.users.create(display_name="Ada", password=' in found["python"]
    assert "correct horse" not in found["masked"]
    assert hx.requests == []
    assert own.get("api/overview").json()["counts"]["users"] == 0


def test_a_request_is_replayed_as_it_was(hx: RunningEmulator, own: httpx.Client) -> None:
    """With its headers and body, and it is in the log twice."""
    hx.server_app().users.create(display_name="Ada")
    again = own.post("api/replay", json={"number": 1}).json()
    assert (again["status"], again["body"]["display_name"]) == (201, "Ada")
    assert [each.request.content for each in hx.requests] == [hx.requests[0].request.content] * 2
    assert own.post("api/replay", json={"number": 9}).status_code == 404


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"access": "root", "method": "GET", "path": "/users"},
        {"access": "server", "method": "TRACE", "path": "/users"},
        {"access": "server", "method": "GET", "path": "users"},
        {"access": "server", "method": "GET", "path": "/users", "query": {"limit": 1}},
        {"access": "server", "method": "GET", "path": "/users", "query": []},
        {"access": "server", "method": "GET", "path": "/users", "project_id": "nothing"},
        {"access": "server", "method": "GET", "path": "/users", "project_id": 1},
    ],
)
def test_wrong_calls_are_refused(own: httpx.Client, call: dict[str, Any]) -> None:
    assert own.post("api/call", json=call).status_code in (400, 404)


def test_the_overview_has_no_tokens(hx: RunningEmulator, own: httpx.Client) -> None:
    """It is fetched every second, and tokens are fetched on request only."""
    hx.client_app().auth.sign_up_with_password(email="lin@example.com", password="correct horse battery")
    tokens = hx.requests[-1].reply.json()
    found = own.get("api/overview")
    assert len(found.json()["sessions"]) == 1
    assert tokens["refresh_token"] not in found.text
    assert tokens["access_token"] not in found.text
