"""The fake provider's page, and the SDK's OAuth flow through it over a socket."""

import asyncio
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave.errors import InvalidAuthorizationCode, OAuthCallbackError
from hexclave.testing import RunningEmulator, emulator
from hexclave_emulator import Emulator, HttpRequest
from hexclave_emulator.domains import fake_provider
from tests.emulator.asking import Asker
from tests.emulator.consenting import BASE_URL, Browser

CALLBACK = "http://localhost:3000/callback"
ASK = Asker(Emulator())
URL = Browser(ASK).begin().headers["location"]


class Form(HTMLParser):
    """The fields of a page's form with their values; a checked box has the value `on`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.buttons: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "input" and name is not None:
            is_box = given.get("type") == "checkbox"
            if not is_box or "checked" in given:
                self.fields[name] = "on" if is_box else given.get("value") or ""
        elif tag == "button":
            self.buttons.append(given.get("value"))


def consent(url: str, decision: str = "allow", **fields: str) -> str:
    """Submit the page like a browser; return the URL at which the app would receive the browser."""
    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(url)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        form = Form(page.text)
        assert form.buttons == ["allow", "deny"]
        reply = browser.post(page.url, data=form.fields | {"decision": decision} | fields, follow_redirects=False)
        while not reply.headers["location"].startswith(CALLBACK):
            reply = browser.get(reply.headers["location"], follow_redirects=False)
        return reply.headers["location"]


def test_the_sdk_signs_in_over_the_consent_page() -> None:
    """Blocking: the session holds the tokens, and the code cannot be used again."""
    with emulator() as hx:
        app = hx.client_app()
        started = app.auth.start_oauth("github", redirect_uri=CALLBACK, after_callback_redirect_url="/after")
        callback = consent(started.url.reveal(), email="ada@example.com", name="Ada")
        tokens = app.auth.finish_oauth(started, callback_url=callback)
        assert (tokens.is_new_user, tokens.after_callback_redirect_url) == (True, "/after")
        assert app.me.get().display_name == "Ada"
        with pytest.raises(InvalidAuthorizationCode):
            hx.client_app().auth.finish_oauth(started, callback_url=callback)


def test_the_sdk_links_an_account_and_gets_its_token() -> None:
    """Awaiting: with the scopes that were asked for."""

    async def walk(hx: RunningEmulator) -> None:
        async with hx.async_client_app() as app:
            await app.auth.sign_up_with_password(email="ada@example.com", password="correct horse battery")
            started = await app.auth.start_oauth(
                "google", redirect_uri=CALLBACK, link=True, provider_scopes=["calendar", "mail"]
            )
            callback = await asyncio.to_thread(
                consent, started.url.reveal(), email="other@example.com", account_id="4711"
            )
            tokens = await app.auth.finish_oauth(started, callback_url=callback)
            assert not tokens.is_new_user
            assert [account.provider_account_id async for account in app.connected_accounts.list()] == ["4711"]
            token = await app.connected_accounts.get_access_token("google", scopes=["mail"])
            same = await app.connected_accounts.get_access_token("google", provider_account_id="4711")
            assert token == same

    with emulator() as hx:
        asyncio.run(walk(hx))


def test_the_sdk_hears_of_a_denial() -> None:
    """On the page that the app chose for errors."""
    with emulator() as hx:
        app = hx.client_app()
        started = app.auth.start_oauth("github", redirect_uri=CALLBACK, error_redirect_uri=CALLBACK)
        denied = f"{consent(started.url.reveal(), 'deny')}&state={started.state.reveal()}"
        with pytest.raises(OAuthCallbackError) as failure:
            app.auth.finish_oauth(started, callback_url=denied)
        assert failure.value.code == "OAUTH_PROVIDER_ACCESS_DENIED"


def test_wrong_input_is_kept_and_explained() -> None:
    """The page is shown again with the input, escaped."""
    evil = '"><script>alert(1)</script>'
    reply = Browser(ASK).visit(URL, {"decision": "allow", "email": "nonsense", "name": evil})
    page = reply.content.decode()
    assert reply.status == 400
    assert 'role="alert"' in page
    assert "<script" not in page
    assert Form(page).fields["name"] == evil


def test_the_page_runs_no_scripts() -> None:
    """Nor does another page embed it."""
    policy = Browser(ASK).visit(URL).headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("old", "new"),
    [("state=", "state=x"), ("callback%2Fgithub", "callback%2Fspotify"), ("localhost%3A8102", "evil.example.org")],
)
def test_the_provider_redirects_to_its_api_alone(old: str, new: str) -> None:
    """Any other target is refused."""
    reply = Browser(ASK).visit(URL.replace(old, new), {"decision": "allow", "email": "ada@example.com"})
    assert reply.status == 400
    assert "location" not in reply.headers


def test_accounts_of_before_are_suggested(ask: Asker) -> None:
    """Those of the same provider."""
    browser = Browser(ask)
    browser.sign_in(email="ada@example.com")
    assert b'<option value="ada@example.com">' in browser.visit(browser.begin().headers["location"]).content
    assert b"<option" not in browser.visit(browser.begin("spotify").headers["location"]).content


@given(
    st.sampled_from(["GET", "POST", "PUT", "HEAD"]),
    st.dictionaries(st.sampled_from(["state", "redirect_uri"]), st.text()),
    st.binary(),
)
def test_any_request(method: str, query: dict[str, str], content: bytes) -> None:
    """Every request gets a page or a refusal."""
    known = dict(httpx.URL(URL).params)
    request = HttpRequest(method, fake_provider.PATH, list((known | query).items()), {}, content, BASE_URL)
    assert ASK.emulator.handle(request).status in (200, 303, 400, 405)
