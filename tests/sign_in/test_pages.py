"""The pages: what each is for, what it refuses, and what it gives away."""

import ast
import base64
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hexclave import sign_in
from hexclave.sign_in import TEXTS
from hexclave.sign_in._handler import _ROUTES
from hexclave.sign_in._problems import _PROBLEMS
from hexclave.sign_in._throttle import PER_ACCOUNT
from hexclave.testing import Fault
from hexclave_emulator.operations.mfa import totp_digits
from tests.sign_in.conftest import PASSWORD, hidden_field
from tests.sign_in.test_values import HOSTILE

POSTS = sorted(name for name, route in _ROUTES.items() if route.post is not None)
JSON = {"accept": "application/json"}


def where(answer):
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return answer.headers["location"]


def problem(answer, status=422):
    assert answer.status_code == status, answer.text
    return answer.text.partition('role="alert">')[2].partition("<")[0]


def code_in(link):
    return parse_qs(urlsplit(link).query)["code"][0]


# -- every route


@pytest.mark.parametrize("name", POSTS)
def test_no_form_is_taken_without_a_token_of_this_browser(browser, another, name):
    browser.sign_up()
    cookies = dict(browser.client.cookies)
    foreign = another()
    other = foreign.token()
    for token in ("", "x", other, browser.token()[:-2], "é"):
        answer = browser.client.post(f"/auth/{name}", data={"csrf_token": token}, follow_redirects=False)
        assert problem(answer, 403).startswith("This form has expired"), token
    own = {"csrf_token": browser.token()}
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert browser.client.post(f"/auth/{name}", data=own, headers=headers).status_code == 403
    assert browser.user() == "ada@example.com"
    assert dict(browser.client.cookies)["hexclave-session"] == cookies["hexclave-session"]


@pytest.mark.parametrize("signed_in", [False, True])
def test_forms_with_nothing_or_nonsense_in_them_are_answered(browser, signed_in):
    if signed_in:
        browser.sign_up()
    for name in POSTS:
        for fields in (
            {},
            {"id": "../x", "email": "\x00", "code": "é" * 45, "totp": "٣٣٣٣٣٣", "response": "[", "name": ""},
        ):
            if name == "sign-out":
                continue
            answer = browser.post(f"/auth/{name}", **fields)
            assert answer.status_code in (303, 400, 403, 404, 406, 409, 422, 429), (name, answer.status_code)


@pytest.mark.parametrize("name", sorted(_ROUTES))
def test_pages_are_never_cached_framed_or_leaked(browser, name):
    for signed_in in (False, True):
        if signed_in:
            browser.sign_up()
        answer = browser.get(f"/auth/{name}")
        assert answer.status_code in (200, 303, 400, 405, 422), answer.status_code
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        if answer.status_code != 303:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["", "nothing", "static/../_handler.py", "static/", "static/%2e%2e/x", "sign-in/x"])
def test_there_is_nothing_else(browser, name):
    assert browser.get(f"/auth/{name}").status_code == 404


def test_no_page_shows_a_token(hx, browser):
    browser.sign_up()
    (user,) = hx.server_app().users.list()
    texts = [browser.get(f"/auth/{name}").text for name in sorted(_ROUTES)]
    texts += [browser.get(f"/auth/{name}", headers=JSON).text for name in sorted(_ROUTES)]
    for text in texts:
        assert "eyJ" not in text
    assert user.id in "".join(texts)


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_destinations_lead_home(hx, serve, path):
    with serve() as browser:
        browser.sign_up()
        browser.post("/auth/sign-out")
        assert where(browser.sign_in(next=path or "")) == "/"
        assert where(browser.get("/auth/sign-in", params={"next": path or ""})) == "/"


def test_large_and_odd_bodies_are_refused(browser):
    assert browser.client.post("/auth/sign-in", content=b"x" * 70_000).status_code == 413
    assert browser.client.post("/auth/sign-in", content=b"\xff\x00").status_code == 403
    assert browser.client.put("/auth/sign-in").status_code == 405


def test_head_has_no_body(browser):
    answer = browser.client.head("/auth/sign-in")
    assert (answer.status_code, answer.content) == (200, b"")


# -- passwords


def test_sign_in_with_a_password(browser, another):
    assert where(browser.sign_up()) == "/"
    other = another()
    assert problem(other.sign_in(password="wrong password")) == "Incorrect email or password."
    assert where(other.sign_in()) == "/"
    assert other.user() == "ada@example.com"
    assert where(other.get("/auth/sign-in?next=/private")) == "/private"


def test_unknown_accounts_look_like_wrong_passwords(hx, browser, another):
    browser.sign_up()
    other = another()
    wrong = other.sign_in(password="wrong password")
    before = len(hx.requests)
    unknown = other.sign_in("lin@example.com")
    calls = [each.request.path for each in hx.requests[before:] if "password" in each.request.path]

    def shown(answer, email):
        return answer.text.replace(email, "").replace(hidden_field(answer.text, "csrf_token"), "")

    assert shown(wrong, "ada@example.com") == shown(unknown, "lin@example.com")
    assert wrong.status_code == unknown.status_code
    assert len(calls) == 1, "as many calls as for an account that exists"


def test_sign_up_says_what_to_correct(browser, another):
    for email, password, said in (
        ("ada", PASSWORD, "valid email"),
        ("a b@example.com", PASSWORD, "valid email"),
        ("ada@example.com", "short", "8 to 70"),
        ("ada@example.com", "x" * 71, "8 to 70"),
    ):
        answer = browser.post("/auth/sign-up", email=email, password=password)
        assert said in problem(answer)
        assert 'aria-invalid="true"' in answer.text
        assert password not in answer.text or password == "short"
    browser.sign_up()
    assert "already exists" in problem(another().post("/auth/sign-up", email="ada@example.com", password=PASSWORD))


def test_user_input_is_escaped(browser):
    answer = browser.post("/auth/sign-in", email='"><script>x@y', password="z")
    assert "<script>x" not in answer.text
    answer = browser.get("/auth/sign-in?next=/%22%3E%3Cscript%3Ex")
    assert "<script>x" not in answer.text
    assert "<script>x" not in browser.get("/auth/reset-password?code=%22%3E%3Cscript%3Ex").text


def test_attempts_are_limited(browser):
    for _ in range(PER_ACCOUNT):
        assert browser.sign_in(password="wrong password").status_code == 422
    assert "Too many" in problem(browser.sign_in(), 429)
    assert browser.sign_in("lin@example.com").status_code == 422


def test_reset_a_password(hx, browser, another):
    browser.sign_up()
    other = another()
    known = other.post("/auth/forgot-password", email="ada@example.com")
    link = hx.outbox[-1].link
    sent = len(hx.outbox)
    unknown = other.post("/auth/forgot-password", email="nobody@example.com")
    assert where(known) == where(unknown) == "/auth/sign-in"
    assert len(hx.outbox) == sent
    assert urlsplit(link).path == "/auth/reset-password"
    code = hidden_field(other.get(f"/auth/reset-password?code={code_in(link)}").text, "code")
    assert "8 to 70" in problem(other.post("/auth/reset-password", code=code, password="short"))
    assert where(other.post("/auth/reset-password", code=code, password="another password")) == "/auth/sign-in"
    assert "has been changed" in other.get("/auth/sign-in").text
    assert "invalid or has expired" in problem(other.post("/auth/reset-password", code=code, password="and another"))
    assert where(other.sign_in(password="another password")) == "/"


# -- codes from emails


def test_sign_in_with_a_typed_code(hx, browser):
    assert where(browser.post("/auth/send-code", email="ada@example.com", next="/private")) == "/auth/code"
    assert "ada@example.com" in browser.get("/auth/code").text
    assert "six characters" in problem(browser.post("/auth/code", code="1"))
    assert "invalid or has expired" in problem(browser.post("/auth/code", code="AAAAAA"))
    short = hx.outbox[-1].short_code
    assert where(browser.post("/auth/code", code=f" {short.lower()} ")) == "/private"
    assert browser.user() == "ada@example.com"


def test_a_code_is_of_use_only_in_the_browser_that_asked_for_it(hx, browser, another):
    browser.post("/auth/send-code", email="ada@example.com")
    other = another()
    assert where(other.post("/auth/code", code=hx.outbox[-1].short_code)) == "/auth/sign-in"
    other.post("/auth/send-code", email="eve@example.com")
    eve = hx.outbox[-1].short_code
    assert problem(browser.post("/auth/code", code=eve))


def test_a_code_can_be_guessed_ten_times(hx, browser):
    browser.post("/auth/send-code", email="ada@example.com")
    answers = [browser.post("/auth/code", code=f"AAAAA{number}").status_code for number in range(10)]
    assert answers == [422] * 10
    assert browser.post("/auth/code", code=hx.outbox[-1].short_code).status_code == 429


def test_opening_a_magic_link_uses_nothing_up(hx, browser, another):
    browser.post("/auth/send-code", email="ada@example.com", next="/private")
    link = hx.outbox[-1].link
    other = another()
    for _ in range(2):  # a program that checks links
        page = other.get(link)
        assert page.status_code == 200
    code = hidden_field(page.text, "code")
    assert where(other.post("/auth/magic-link", code=code, next="/private")) == "/private"
    assert other.user() == "ada@example.com"
    other.post("/auth/sign-out")
    assert "invalid or has expired" in problem(other.post("/auth/magic-link", code=code))


def test_codes_do_not_reveal_who_has_an_account(hx, browser, another):
    browser.sign_up()
    hx.admin_app().config.update_override("environment", {"auth.allowSignUp": False})
    other = another()
    assert where(other.post("/auth/send-code", email="ada@example.com")) == "/auth/code"
    sent = len(hx.outbox)
    stranger = another()
    assert where(stranger.post("/auth/send-code", email="nobody@example.com")) == "/auth/code"
    assert len(hx.outbox) == sent
    assert stranger.get("/auth/code").text.count("sent a code") == 1
    assert "invalid or has expired" in problem(stranger.post("/auth/code", code="AAAAAA"))


def test_verify_an_email(hx, browser, another):
    browser.sign_up()
    link = hx.outbox[-1].link
    page = browser.get(link)
    assert not hx.server_app().users.list().items[0].primary_email_verified
    code = hidden_field(page.text, "code")
    assert where(browser.post("/auth/verify-email", code=code)) == "/"
    assert hx.server_app().users.list().items[0].primary_email_verified
    assert "not verified" not in browser.get("/auth/account").text
    assert problem(another().post("/auth/verify-email", code=code))


def test_invitations(hx, browser, another):
    app = hx.server_app()
    team = app.teams.create(display_name="Engines")
    app.teams.invitations.send(team.id, email="lin@example.com", callback_url="http://localhost/auth/invitation")
    link = hx.outbox[-1].link
    path = f"{urlsplit(link).path}?{urlsplit(link).query}"
    asked = browser.get(path)
    assert where(asked).startswith("/auth/sign-in?next=%2Fauth%2Finvitation%3Fcode%3D")
    browser.sign_up("lin@example.com")
    verify = hidden_field(browser.get(hx.outbox[-1].link).text, "code")
    browser.post("/auth/verify-email", code=verify)
    page = browser.get(path)
    assert "Engines" in page.text
    assert where(browser.post("/auth/invitation", code=code_in(link))) == "/"
    (member,) = app.teams.members.list(team.id)
    assert member is not None
    assert problem(browser.get("/auth/invitation?code=wrong"))


# -- second factor


def totp_of(key):
    """The secret of a key for authenticator apps, as the API has it."""
    key = "".join(key.split())
    return base64.b64encode(base64.b32decode(key + "=" * (-len(key) % 8))).decode()


def authenticator(hx, key):
    return totp_digits(totp_of(key), hx.clock.seconds())


def with_second_factor(hx, browser):
    browser.sign_up()
    key = browser.get("/auth/account/mfa", headers=JSON).json()["key"].replace(" ", "")
    assert browser.get("/auth/account/mfa", headers=JSON).json()["key"].replace(" ", "") == key
    assert "Incorrect code" in problem(browser.post("/auth/account/mfa", totp="000000"))
    assert where(browser.post("/auth/account/mfa", totp=authenticator(hx, key))) == "/auth/account"
    return key


def test_sign_in_with_a_second_factor(hx, browser, another):
    key = with_second_factor(hx, browser)
    other = another()
    assert where(other.sign_in(next="/private")) == "/auth/mfa"
    assert other.user() is None
    assert "six digits" in problem(other.post("/auth/mfa", totp="12345"))
    assert "Incorrect code" in problem(other.post("/auth/mfa", totp="000000"))
    assert where(other.post("/auth/mfa", totp=authenticator(hx, key))) == "/private"
    assert other.user() == "ada@example.com"
    assert where(other.post("/auth/mfa", totp=authenticator(hx, key))) == "/auth/sign-in"
    assert where(other.post("/auth/account/mfa-off")) == "/auth/account"
    assert where(another().sign_in()) == "/"


def test_a_second_factor_is_of_use_only_after_the_first_in_the_same_browser(hx, browser, another):
    key = with_second_factor(hx, browser)
    another().sign_in()
    stranger = another()
    assert where(stranger.get("/auth/mfa")) == "/auth/sign-in"
    assert where(stranger.post("/auth/mfa", totp=authenticator(hx, key))) == "/auth/sign-in"
    assert stranger.user() is None


def test_digits_can_be_guessed_ten_times(hx, browser, another):
    key = with_second_factor(hx, browser)
    other = another()
    other.sign_in()
    for _ in range(PER_ACCOUNT):
        other.post("/auth/mfa", totp="000000")
    assert other.post("/auth/mfa", totp=authenticator(hx, key)).status_code == 429


# -- the account page


def test_the_account_page_needs_a_session(browser):
    for name, route in _ROUTES.items():
        if name.startswith("account"):
            assert route.needs_user, name
    assert where(browser.get("/auth/account")) == "/auth/sign-in?next=%2Fauth%2Faccount"
    assert where(browser.post("/auth/account/delete", confirm="yes")) == "/auth/sign-in"
    assert browser.get("/auth/account", headers=JSON).status_code == 401


def test_change_the_name(browser):
    browser.sign_up()
    assert where(browser.post("/auth/account/name", name=" Ada Lovelace ")) == "/auth/account"
    page = browser.get("/auth/account").text
    assert 'value="Ada Lovelace"' in page
    assert "Your name has been changed." in page
    assert "Your name has been changed." not in browser.get("/auth/account").text


def test_change_the_password_and_end_other_sessions(browser, another):
    browser.sign_up()
    other = another()
    other.sign_in()
    wrong = browser.post("/auth/account/password", old_password="wrong password", password="another password")
    assert "current password is incorrect" in problem(wrong)
    right = browser.post("/auth/account/password", old_password=PASSWORD, password="another password")
    assert where(right) == "/auth/account"
    assert browser.get("/fresh").status_code == 200
    assert other.get("/fresh").status_code == 303


def test_emails(hx, browser):
    browser.sign_up()
    assert where(browser.post("/auth/account/add-email", email="lovelace@example.com")) == "/auth/account"
    browser.post("/auth/verify-email", code=code_in(hx.outbox[-1].link))
    emails = {each["email"]: each for each in browser.get("/auth/account", headers=JSON).json()["emails"]}
    second = emails["lovelace@example.com"]
    assert second["is_verified"]
    assert where(browser.post("/auth/account/primary-email", id=second["id"])) == "/auth/account"
    first = emails["ada@example.com"]
    assert where(browser.post("/auth/account/verify-email", id=first["id"])) == "/auth/account"
    assert hx.outbox[-1].to == "ada@example.com"
    assert where(browser.post("/auth/account/remove-email", id=first["id"])) == "/auth/account"
    assert [each["email"] for each in browser.get("/auth/account", headers=JSON).json()["emails"]] == [
        "lovelace@example.com"
    ]


def test_sessions_of_other_browsers_can_be_ended(browser, another):
    browser.sign_up()
    other = another()
    other.sign_in()
    sessions = browser.get("/auth/account", headers=JSON).json()["sessions"]
    assert sorted(each["is_current"] for each in sessions) == [False, True]
    (foreign,) = [each["id"] for each in sessions if not each["is_current"]]
    assert where(browser.post("/auth/account/revoke-session", id=foreign)) == "/auth/account"
    assert other.get("/fresh").status_code == 303
    assert browser.get("/fresh").status_code == 200


def test_shared_values_are_immutable(browser, another):
    browser.sign_up()
    other = another()
    other.sign_up("eve@example.com")
    mine = browser.get("/auth/account", headers=JSON).json()
    for action in ("primary-email", "remove-email", "verify-email"):
        other.post(f"/auth/account/{action}", id=mine["emails"][0]["id"])
    other.post("/auth/account/revoke-session", id=mine["sessions"][0]["id"])
    assert browser.get("/fresh").status_code == 200
    assert browser.get("/auth/account", headers=JSON).json()["emails"] == mine["emails"]


def test_delete_the_account(hx, browser):
    browser.sign_up()
    assert "Confirm" in problem(browser.post("/auth/account/delete"))
    assert where(browser.post("/auth/account/delete", confirm="yes")) == "/"
    assert browser.user() is None
    assert list(hx.server_app().users.list()) == []


def test_restricted_users_are_sent_to_their_account(hx, browser):
    hx.admin_app().config.update_override("environment", {"onboarding.requireEmailVerification": True})
    browser.sign_up()
    assert where(browser.get("/private")) == "/auth/account"
    assert browser.get("/private", headers=JSON).status_code == 403
    assert "verify your email" in browser.get("/auth/account").text
    browser.post("/auth/verify-email", code=code_in(hx.outbox[-1].link))
    assert browser.get("/private").status_code == 200


# -- providers


def at_provider(hx, url, email="ada@example.com"):
    """Return the URL that the provider redirects to after a sign-in there."""
    import httpx

    with httpx.Client(trust_env=False) as client:
        page = client.get(url, follow_redirects=True)
        fields = {name: hidden_field(page.text, name) for name in FIELDS if f'name="{name}"' in page.text}
        answer = client.post(page.url, data={**fields, "email": email, "decision": "allow"})
        while "localhost/auth" not in answer.headers["location"]:
            answer = client.get(answer.headers["location"])
        return answer.headers["location"]


FIELDS = ("state", "account_id")


def start(browser, **fields):
    return where(browser.post("/auth/oauth", provider="github", **fields))


def test_sign_in_with_a_provider(hx, browser):
    url = start(browser, next="/private")
    assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
    callback = at_provider(hx, url)
    assert where(browser.get(callback)) == "/private"
    assert browser.user() == "ada@example.com"
    assert "not started in this browser" in problem(browser.get(callback), 400), "a callback works once"


def test_a_callback_of_another_browser_is_refused(hx, browser, another):
    """Otherwise an attacker could sign a victim in as himself, or take the code of a victim."""
    callback = at_provider(hx, start(browser))
    victim = another()
    start(victim)
    assert "not started in this browser" in problem(victim.get(callback), 400)
    assert victim.user() is None
    assert where(browser.get(callback)) == "/"


def test_codes_and_states_of_two_sign_ins_cannot_be_mixed(hx, browser):
    first, second = start(browser), start(browser)
    one, other = (parse_qs(urlsplit(at_provider(hx, url)).query) for url in (first, second))
    mixed = f"/auth/oauth-callback?code={one['code'][0]}&state={other['state'][0]}"
    assert browser.get(mixed).status_code in (400, 422)
    assert browser.user() is None


@pytest.mark.parametrize("query", ["", "state=x&code=y", "code=y", "error=access_denied", "state=&code="])
def test_invented_callbacks_are_refused(browser, query):
    start(browser)
    assert browser.get(f"/auth/oauth-callback?{query}").status_code == 400
    assert browser.user() is None


def test_a_refusal_of_the_provider_is_reported(hx, browser):
    url = start(browser)
    state = parse_qs(urlsplit(url).query)["state"][0]
    answer = browser.get(f"/auth/oauth-callback?state={state}&error=access_denied&error_description=<b>")
    assert "failed or was cancelled" in problem(answer)


def test_unknown_providers_are_refused(browser):
    assert "not available" in problem(browser.post("/auth/oauth", provider="https://evil.example"), 404)


def test_connect_and_disconnect_an_account(hx, browser):
    browser.sign_up()
    url = start(browser, link="yes")
    callback = at_provider(hx, url, "lovelace@example.com")
    assert where(browser.get(callback)) == "/auth/account"
    assert browser.user() == "ada@example.com"
    (account,) = browser.get("/auth/account", headers=JSON).json()["connected"]
    assert (account["type"], account["email"]) == ("github", "lovelace@example.com")
    assert where(browser.post("/auth/account/disconnect", id=account["id"])) == "/auth/account"
    assert browser.get("/auth/account", headers=JSON).json()["connected"] == []


def test_an_account_is_connected_only_to_who_asked_for_it(hx, browser):
    browser.sign_up()
    callback = at_provider(hx, start(browser, link="yes"), "lovelace@example.com")
    browser.post("/auth/sign-out")
    assert browser.get(callback).status_code == 400
    assert browser.user() is None


def test_an_account_is_not_connected_after_the_session_has_ended(hx, browser):
    browser.sign_up()
    callback = at_provider(hx, start(browser, link="yes"), "lovelace@example.com")
    app = hx.server_app()
    (user,) = app.users.list()
    for session in app.sessions.list(user.id):
        app.sessions.revoke(user.id, session.id)
    assert browser.get("/fresh").status_code == 303
    assert "Another user has signed in" in problem(browser.get(callback), 409)
    assert browser.user() is None


def test_the_token_in_a_link_to_a_provider_does_not_reach_scripts(browser):
    browser.sign_up()
    token = browser.get("/auth/account", headers=JSON).json()["csrf_token"]
    form = {"provider": "github", "link": "yes"}
    answer = browser.client.post("/auth/oauth", json=form, headers={**JSON, "x-csrf-token": token})
    assert answer.status_code == 406
    assert "eyJ" not in answer.text


# -- what is enabled, texts, templates


def test_only_enabled_methods_are_shown(hx, serve):
    hx.admin_app().config.update_override(
        "environment",
        {"auth.password.allowSignIn": False, "auth.passkey.allowSignIn": False, "auth.oauth.providers": {}},
    )
    with serve() as browser:
        page = browser.get("/auth/sign-in").text
        assert "password" not in page
        assert "passkey" not in page
        assert "Continue with" not in page
        assert "Send me a code" in page
        assert browser.get("/auth/sign-in").headers["content-security-policy"].split("; ")[-1] == "form-action 'self'"


def test_the_project_is_asked_once_a_minute(hx, serve):
    with serve() as browser:
        for _ in range(5):
            browser.get("/auth/sign-in")
    assert sum(each.request.path.endswith("/projects/current") for each in hx.requests) == 1


def test_texts_are_translated(serve):
    with serve(translate=lambda text, request: {"en": "de", "Sign in": "Anmelden"}.get(text, text)) as browser:
        page = browser.get("/auth/sign-in").text
        assert '<html lang="de">' in page
        assert "<button>Anmelden</button>" in page


def test_templates_are_replaced(tmp_path, serve):
    (tmp_path / "hexclave").mkdir()
    (tmp_path / "hexclave" / "sign-out.html").write_text("<h1>{{ _('Sign out') }}, {{ project }}</h1>", "utf-8")
    with serve(templates=tmp_path) as browser:
        assert browser.get("/auth/sign-out").text == "<h1>Sign out, Emulated project</h1>"
        assert "Forgot" in browser.get("/auth/sign-in").text


def test_pages_are_where_the_application_says(serve):
    with serve(prefix="/account/login") as browser:
        page = browser.get("/account/login/sign-in")
        assert 'action="/account/login/sign-in"' in page.text
        assert browser.get("/auth/sign-in").status_code == 404
        assert where(browser.get("/private")).startswith("/account/login/sign-in?")


def test_static_files_are_served(browser):
    style = browser.get("/auth/static/sign-in.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert browser.get("/auth/static/passkeys.js").headers["content-type"].startswith("text/javascript")


# -- scripts


def test_scripts_sign_in_with_json(browser, another):
    browser.sign_up()
    other = another()
    shown = other.get("/auth/sign-in", headers=JSON).json()
    assert (shown["page"], shown["user"], shown["methods"]["password"]) == ("sign-in", None, True)

    def post(path, **fields):
        return other.client.post(path, json=fields, headers={**JSON, "x-csrf-token": shown["csrf_token"]})

    wrong = post("/auth/sign-in", email="ada@example.com", password="wrong password")
    assert (wrong.status_code, wrong.json()["problem"]) == (422, "Incorrect email or password.")
    right = post("/auth/sign-in", email="ada@example.com", password=PASSWORD, next="/private")
    assert (right.status_code, right.json()) == (200, {"redirect": "/private"})
    assert other.user() == "ada@example.com"
    assert post("/auth/sign-out").status_code == 403, "the session has a new token"


def test_an_anonymous_user_who_signs_up_keeps_the_id(hx, serve):
    with serve() as browser:
        from hexclave.sign_in._sealing import Sealer, checked_secrets
        from tests.sign_in.conftest import SECRET

        visitor = hx.client_app(allow_anonymous=True)
        result = visitor.auth.sign_up_anonymously()
        sealer = Sealer(checked_secrets(SECRET), hx.project.project_id)
        tokens = {"access_token": result.access_token.reveal(), "refresh_token": result.refresh_token.reveal()}
        browser.client.cookies.set("hexclave-session", sealer.seal("hexclave-session", {**tokens, "at": time.time()}))
        assert browser.get("/auth/sign-in").status_code == 200
        browser.sign_up()
        (user,) = hx.server_app().users.list()
        assert user.id == result.user_id


def test_a_sign_out_that_fails_can_be_repeated(hx, browser):
    browser.sign_up()
    hx.inner.faults.add(Fault(method="DELETE", status=500, times=10))
    assert browser.post("/auth/sign-out").status_code == 503
    assert browser.user() == "ada@example.com"
    hx.inner.faults.clear()
    assert where(browser.post("/auth/sign-out")) == "/"
    assert browser.user() is None


def test_every_text_is_in_the_list_for_translators():
    """Return the texts of templates and handlers, found in their source."""
    room = Path(sign_in.__file__).parent
    said = set()
    for template in room.rglob("*.html"):
        said |= set(re.findall(r"_\('([^']+)'\)", template.read_text("utf-8")))
    for source in room.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYING:
                said |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    said |= {text for _, text, _ in _PROBLEMS}
    said = {each for each in said if isinstance(each, str)}
    assert said <= TEXTS
    assert {each for each in TEXTS if not any(each in path.read_text("utf-8") for path in sources(room))} == set()


SAYING = ("Problem", "notify", "_change")


def sources(room):
    return [*room.rglob("*.html"), *(path for path in room.rglob("*.py") if path.name != "_texts.py")]
