"""Browser sessions: how long they last, what ends them, and what other sites and stolen cookies can do."""

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.testclient import TestClient

from hexclave.errors import ServerError, UnsafeUseError
from hexclave.integrations.fastapi import SessionUser, SignIn
from hexclave.sign_in import MemorySessions
from hexclave.testing import Fault
from tests.sign_in.conftest import SECRET, Browser, application

REFRESH = "/auth/sessions/current/refresh"


def called(hx, method, path):
    return sum((each.request.method, each.request.path) == (method, f"/api/v1{path}") for each in hx.requests)


def refreshes(hx):
    return called(hx, "POST", REFRESH)


@pytest.fixture(params=["cookies", "server"])
def options(request):
    return {} if request.param == "cookies" else {"sessions": MemorySessions()}


def test_a_session_lasts_over_requests_and_acts_as_its_user(hx, serve, options):
    with serve(**options) as browser:
        assert browser.user() is None
        browser.sign_up()
        assert browser.user() == "ada@example.com"
        assert browser.get("/name").json() == "ada@example.com"
        assert browser.get("/private").status_code == 200


def test_two_browsers_are_kept_apart(browser, another):
    other = another()
    browser.sign_up("ada@example.com")
    other.sign_up("lin@example.com")
    assert (browser.user(), other.user()) == ("ada@example.com", "lin@example.com")


def test_visitors_are_sent_to_the_sign_in_page_and_come_back(browser):
    answer = browser.get("/private?a=b&c=d")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/sign-in?next=%2Fprivate%3Fa%3Db%26c%3Dd")
    assert answer.headers["cache-control"] == "private, no-store"
    browser.sign_up()
    browser.post("/auth/sign-out")
    assert browser.sign_in(next="/private?a=b&c=d").headers["location"] == "/private?a=b&c=d"


def test_scripts_get_401(browser):
    answer = browser.get("/private", headers={"accept": "application/json"})
    assert (answer.status_code, "location" in answer.headers) == (401, False)


@pytest.fixture
def trusted(hx):
    """The project trusts https://app.example.com."""
    domains = {"domains.trustedDomains.a": {"baseUrl": "https://app.example.com", "handlerPath": "/"}}
    hx.admin_app().config.update_override("environment", domains)


@pytest.mark.usefixtures("trusted")
def test_cookies_are_not_for_scripts_or_other_sites(serve):
    with serve(origin="https://app.example.com", base_url="https://app.example.com") as browser:
        answer = browser.sign_up()
        cookies = answer.headers.get_list("set-cookie")
        names = {cookie.partition("=")[0] for cookie in cookies}
        assert names == {"__Host-hexclave-session", "__Host-hexclave-browser"}
        for cookie in cookies:
            assert re.search(r"; Path=/; Secure; HttpOnly; SameSite=Lax$", cookie), cookie
        assert browser.user() == "ada@example.com"


def test_on_localhost_cookies_work_without_https(browser):
    (session, _) = browser.sign_up().headers.get_list("set-cookie")
    assert session.startswith("hexclave-session=")
    assert "Secure" not in session


def test_without_an_origin_only_localhost_is_served(hx, serve):
    with serve(base_url="http://evil.example") as browser, pytest.raises(UnsafeUseError, match="origin="):
        browser.get("/")


@pytest.mark.usefixtures("trusted")
def test_the_host_header_reaches_no_email(hx, serve):
    """Otherwise the link in a password reset could lead to the site of who asked for it."""
    with serve(origin="https://app.example.com", base_url="https://app.example.com") as browser:
        browser.sign_up()
        browser.post("/auth/forgot-password", email="ada@example.com", headers={"host": "evil.example"})
        assert [mail.link.partition("?")[0] for mail in hx.outbox] == [
            "https://app.example.com/auth/verify-email",
            "https://app.example.com/auth/reset-password",
        ]


@pytest.mark.parametrize("origin", ["app.example.com", "https://a/b", "https://u@a", "http://app.example.com", 7, ""])
def test_wrong_origins_stop_the_application(serve, origin):
    with pytest.raises(UnsafeUseError, match="origin"), serve(origin=origin):
        pass


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"secret": "short"}, "at least 32"),
        ({"secrt": "x" * 32}, "Unknown option secrt"),
        ({"prefix": "auth"}, "prefix"),
        ({"after_sign_in": "https://evil.example"}, "after_sign_in"),
        ({"sessions": object()}, "sessions"),
        ({"lifetime": 3600}, "lifetime"),
        ({"translate": "de"}, "translate"),
        ({"templates": "/nowhere"}, "templates"),
    ],
)
def test_wrong_options_stop_the_application(serve, options, said):
    with pytest.raises(UnsafeUseError, match=said), serve(**options):
        pass


def test_the_app_is_closed_with_the_application(hx):
    api = FastAPI()
    made = []

    def make_app():
        made.append(hx.async_client_app())
        return made[-1]

    SignIn(api, make_app, secret=SECRET)
    with TestClient(api, base_url="http://localhost") as client:
        assert client.get("/auth/sign-in").status_code == 200
        (app,) = made
    with pytest.raises(UnsafeUseError, match="closed"):
        asyncio.run(app.project.get())


def test_an_application_without_sign_in_says_what_to_do():
    api = FastAPI()

    @api.get("/")
    async def home(user: SessionUser): ...

    with pytest.raises(UnsafeUseError, match="add SignIn"), TestClient(api) as client:
        client.get("/")


# -- what other sites can do


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://localhost:1"},
        {"origin": "https://localhost"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "origin": "http://localhost"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_requests_of_other_sites_have_no_session(browser, headers):
    browser.sign_up()
    for own in ({"origin": "http://localhost"}, {"sec-fetch-site": "same-origin", "origin": "null"}, {}):
        assert browser.client.post("/private", headers=own).status_code == 200
    before = dict(browser.client.cookies)
    accept = {"accept": "application/json"}
    refused = browser.client.post("/private", headers={**headers, **accept})
    assert refused.status_code == 401
    assert dict(browser.client.cookies) == before


def test_websockets_of_other_sites_have_no_session(hx):
    api = application(hx)
    browser = Browser(TestClient(api, base_url="http://localhost"), api)
    browser.sign_up()

    def greeted(origin):
        with browser.client.websocket_connect("ws://localhost/live", headers={"origin": origin}) as socket:
            return socket.receive_text()

    assert greeted("http://localhost") != "nobody"
    assert greeted("https://evil.example") == "nobody"


def test_a_form_can_be_sent_within_the_hour_whenever_the_browser_first_came(browser):
    browser.sign_up()
    began, settings = time.time(), browser.pages.settings
    tokens = []
    for minutes in (0, 50):
        object.__setattr__(settings, "now", lambda at=began + minutes * 60: at)
        tokens.append(browser.token())
    object.__setattr__(settings, "now", lambda: began + 70 * 60)
    sent = browser.client.post("/auth/account/name", data={"csrf_token": tokens[1], "name": "Ada"})
    assert sent.status_code != 403
    object.__setattr__(settings, "now", lambda: began + 200 * 60)
    assert browser.client.post("/auth/account/name", data={"csrf_token": tokens[1]}).status_code == 403


# -- what ends a session


def test_signing_out_ends_the_session_at_the_api(hx, browser):
    browser.sign_up()
    stolen = dict(browser.client.cookies)
    assert browser.post("/auth/sign-out").headers["location"] == "/"
    assert browser.user() is None
    assert called(hx, "DELETE", "/auth/sessions/current") == 1
    browser.client.cookies.update(stolen)
    assert browser.user() is None, "this process knows that the session has ended"


def test_an_old_cookie_after_signing_out_is_worth_75_seconds_in_another_process(hx, serve):
    with serve() as browser:
        browser.sign_up()
        stolen = dict(browser.client.cookies)
        browser.post("/auth/sign-out")
    with serve() as elsewhere:
        elsewhere.client.cookies.update(stolen)
        assert elsewhere.user() == "ada@example.com"
        assert elsewhere.get("/fresh").status_code == 303, "asking the API finds out at once"
        assert elsewhere.user() is None
    with serve() as elsewhere:
        elsewhere.client.cookies.update(stolen)
        hx.clock.advance(80)
        age(elsewhere, 80)
        assert elsewhere.user() is None


def test_an_old_cookie_of_a_session_on_the_server_is_worthless(hx, serve):
    sessions = MemorySessions()
    with serve(sessions=sessions) as browser:
        browser.sign_up()
        stolen = dict(browser.client.cookies)
        browser.post("/auth/sign-out")
    with serve(sessions=sessions) as elsewhere:
        elsewhere.client.cookies.update(stolen)
        assert elsewhere.user() is None


def test_a_revoked_session_ends(hx, browser, another):
    browser.sign_up()
    other = another()
    other.sign_in()
    app = hx.server_app()
    (user,) = app.users.list()
    for session in app.sessions.list(user.id):
        app.sessions.revoke(user.id, session.id)
    assert browser.get("/fresh").status_code == 303
    assert browser.user() is None
    assert other.get("/fresh").status_code == 303


def test_signing_in_changes_the_session_id_and_the_csrf_token(hx, serve):
    """Values that an attacker put into a browser before are worthless afterwards."""
    opened = []

    class Recording(MemorySessions):
        def open(self, session_id, /):
            opened.append(session_id)
            return super().open(session_id)

    with serve(sessions=Recording()) as browser:
        browser.sign_up()
        planted, token = opened[-1], browser.token()
        browser.post("/auth/sign-out")
        browser.sign_in()
        assert opened[-1] != planted
        assert browser.client.post("/auth/sign-out", data={"csrf_token": token}).status_code == 403


def test_a_late_sign_out_of_another_tab_keeps_the_new_session(hx, serve):
    with serve(sessions=MemorySessions()) as browser:
        browser.sign_up()
        old = dict(browser.client.cookies)
        browser.post("/auth/sign-out")
        browser.sign_in()
        new = dict(browser.client.cookies)
        browser.client.cookies.clear()
        browser.client.cookies.update(old)
        assert browser.user() is None
        browser.client.cookies.clear()
        browser.client.cookies.update(new)
        assert browser.user() == "ada@example.com"


# -- refreshing


def age(browser, seconds):
    """Let the app's own clock go on, by which it knows the age of tokens."""
    browser.pages.settings.app._performer.context.shared.clock_skew += seconds


def test_new_tokens_reach_the_cookie_of_every_reply_also_streamed_ones(hx, serve):
    for path in ("/private", "/stream", "/name", "/auth/account"):
        hx.reset()
        with serve() as browser:
            browser.sign_up()
            before = browser.client.cookies["hexclave-session"]
            hx.clock.advance(100)
            age(browser, 100)
            assert browser.get(path).status_code == 200
            assert refreshes(hx) == 1
            assert browser.client.cookies["hexclave-session"] != before
        with serve() as elsewhere:
            elsewhere.client.cookies.update(browser.client.cookies)
            age(elsewhere, 100)
            assert elsewhere.user() == "ada@example.com"
            assert refreshes(hx) == 1


def test_pages_that_do_not_ask_who_comes_are_not_marked(browser):
    browser.sign_up()
    answer = browser.get("/open")
    assert "cache-control" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert browser.get("/private").headers["cache-control"] == "private, no-store"


def test_parallel_requests_refresh_once(hx, serve, options):
    with serve(**options) as browser:
        browser.sign_up()
        hx.clock.advance(3600)
        age(browser, 3600)
        cookies = dict(browser.client.cookies)
        if isinstance(browser.application, Flask):
            with ThreadPoolExecutor(50) as pool:
                others = [browser.another(cookies=cookies) for _ in range(200)]
                assert {each.status_code for each in pool.map(lambda one: one.get("/private"), others)} == {200}
            assert refreshes(hx) == 1
            return

        async def at_once():
            transport = httpx.ASGITransport(browser.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", cookies=cookies) as client:
                return await asyncio.gather(*(client.get("/private") for _ in range(200)))

        answers = asyncio.run(at_once())
        assert {answer.status_code for answer in answers} == {200}
        assert refreshes(hx) == 1


def test_an_unavailable_api_does_not_end_sessions(hx, browser):
    browser.sign_up()
    cookies = dict(browser.client.cookies)
    hx.clock.advance(100)
    age(browser, 100)
    hx.inner.faults.add(Fault(path=f"/api/v1{REFRESH}", status=500, times=100))
    assert browser.user() == "ada@example.com", "the access token is still good"
    object.__setattr__(browser.pages.settings, "now", lambda: time.time() + 3600)
    with pytest.raises(ServerError):
        browser.get("/private")
    answer = browser.get("/auth/account")
    assert (answer.status_code, "set-cookie" in answer.headers) == (503, False)
    assert dict(browser.client.cookies) == cookies
    hx.inner.faults.clear()
    assert browser.user() == "ada@example.com"


def test_tampered_truncated_and_foreign_cookies_are_no_session(hx, browser, serve):
    browser.sign_up()
    value = browser.client.cookies["hexclave-session"]
    middle = len(value) // 2
    swapped = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]
    for wrong in (
        swapped,
        value[:-1],
        value[:middle],
        value + "A",
        "1." + "A" * 900,
        "",
        browser.client.cookies["hexclave-browser"],
    ):
        fresh = browser.another(cookies={"hexclave-session": wrong})
        assert fresh.user() is None, wrong


def test_cookies_of_another_project_are_no_session(hx, serve):
    with serve() as browser:
        browser.sign_up()
        cookies = dict(browser.client.cookies)
    with serve(app_options={"project_id": "00000000-0000-4000-8000-000000000000"}) as other:
        other.client.cookies.update(cookies)
        assert other.user() is None


def test_a_new_secret_keeps_sessions_while_the_old_one_is_listed(serve):
    with serve() as browser:
        browser.sign_up()
        cookies = dict(browser.client.cookies)
    with serve(secret=["n" * 40, SECRET]) as rotated:
        rotated.client.cookies.update(cookies)
        assert rotated.user() == "ada@example.com"
    with serve(secret="n" * 40) as after:
        after.client.cookies.update(cookies)
        assert after.user() is None
