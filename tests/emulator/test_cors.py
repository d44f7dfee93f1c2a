"""CORS headers for requests and replies."""

import pytest

from hexclave_emulator import Emulator, HttpRequest
from tests.emulator.asking import Asker


@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_headers_are_listed_by_name(ask: Asker, method: str) -> None:
    """A star would not cover `authorization`, nor anything in requests with credentials."""
    headers = ask.plain(method, "/check-version").headers
    allowed = headers["access-control-allow-headers"].split(", ")
    assert {"content-type", "authorization", "x-stack-access-token", "x-hexclave-allow-restricted-user"} <= set(allowed)
    assert "*" not in allowed
    assert headers["vary"].startswith("origin, ")
    assert "x-stack-known-error" in headers["access-control-expose-headers"]


def test_older_servers_know_one_prefix() -> None:
    """And no header for restricted users."""
    headers = Asker(Emulator(release="2026-04")).plain("OPTIONS", "/").headers
    assert "hexclave" not in headers["access-control-allow-headers"]
    assert "restricted" not in headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    ("origin", "is_let_in"), [("http://localhost:3000", True), ("https://evil.example.org", False)]
)
def test_a_page_may_begin_to_sign_in(emulator: Emulator, origin: str, is_let_in: bool) -> None:
    """With its cookies, if the sign-in leads back to that page's origin."""
    request = HttpRequest(
        "GET",
        "/api/v1/auth/oauth/authorize/github",
        [("redirect_uri", "http://localhost:3000/cb")],
        {"origin": origin},
    )
    headers = emulator.handle(request).headers
    assert ("access-control-allow-credentials" in headers) is is_let_in
    assert headers["access-control-allow-origin"] == (origin if is_let_in else "*")


def test_items_take_the_query_of_their_list(ask: Asker) -> None:
    """The API validates all operations on one resource against one schema."""
    user = ask.server("POST", "/users", {}).json()["id"]
    key = ask.server("POST", "/user-api-keys", {"user_id": user, "description": "x", "expires_at_millis": None}).json()
    changed = ask.server("PATCH", f"/user-api-keys/{key['id']}?user_id={user}", {"description": "y"})
    assert (changed.status, changed.json()["description"]) == (200, "y")
    assert ask.server("PATCH", f"/user-api-keys/{key['id']}?other=1", {"description": "z"}).status == 400
