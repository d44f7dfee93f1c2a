"""OAuth sign-in over the fake provider, beyond what recordings show."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hexclave_emulator import Emulator, Reply
from hexclave_emulator.domains.sign_in import is_trusted
from tests.emulator.asking import Asker, code
from tests.emulator.consenting import BASE_URL, REDIRECT_URI, Browser, challenge
from tests.emulator.performing import Cast


@pytest.fixture
def browser(ask: Asker) -> Browser:
    return Browser(ask)


def me(ask: Asker, tokens: Reply) -> dict[str, Any]:
    found: dict[str, Any] = ask.client("GET", "/users/me", access_token=tokens.json()["access_token"]).json()
    return found


def location(reply: Reply) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query))


def test_a_returning_user_is_the_same_user(ask: Asker, browser: Browser) -> None:
    """The first sign-in creates a user, the second finds it; name and address come from the provider."""
    first = browser.sign_in(name="Ada")
    second = browser.sign_in(name="Somebody")
    user = me(ask, first)
    assert (user["display_name"], user["primary_email"], user["primary_email_verified"]) == (
        "Ada",
        "ada@example.com",
        True,
    )
    assert me(ask, second)["id"] == user["id"]
    assert (first.json()["is_new_user"], second.json()["is_new_user"]) == (True, False)
    assert user["oauth_providers"] == [{"id": "github", "account_id": "ada@example.com", "email": "ada@example.com"}]


def test_the_callback_needs_the_browser_that_began(ask: Asker, browser: Browser) -> None:
    """A link to another user's callback signs no one in; with JSON there is no cookie to check."""
    refused = Browser(ask).consent(browser.begin())
    assert refused.content.startswith(b"Inner OAuth cookie not found.")
    asked = browser.begin(stack_response_mode="json").json()
    back = browser.visit(asked["location"], {"decision": "allow", "email": "ada@example.com"})
    assert Browser(ask).visit(back.headers["location"]).status == 303


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code_verifier": "w" * 43}, "INVALID_AUTHORIZATION_CODE"),
        ({"code_verifier": ""}, "INVALID_AUTHORIZATION_CODE"),
        ({"code": "0" * 64}, "INVALID_AUTHORIZATION_CODE"),
        ({"client_id": "internal", "client_secret": "__stack_public_client__"}, "INVALID_AUTHORIZATION_CODE"),
        ({"client_secret": "pck_wrong"}, "INVALID_OAUTH_CLIENT_ID_OR_SECRET"),
        ({"redirect_uri": "http://localhost:3000/other"}, None),
    ],
)
def test_a_code_alone_gives_no_tokens(browser: Browser, changes: dict[str, str], expected: str | None) -> None:
    """Verifier, redirect URI and client must match; a failed attempt does not consume the code."""
    finished = browser.consent(browser.begin())
    refused = browser.exchange(finished, **changes)
    assert (refused.status, code(refused)) == (400, expected)
    assert browser.exchange(finished).status == 200


def test_a_code_works_once_and_not_for_long(ask: Asker, browser: Browser) -> None:
    """Five minutes."""
    finished = browser.consent(browser.begin())
    assert browser.exchange(finished).status == 200
    assert code(browser.exchange(finished)) == "INVALID_AUTHORIZATION_CODE"
    finished = browser.consent(browser.begin())
    ask.emulator.clock.advance(301)
    assert code(browser.exchange(finished)) == "INVALID_AUTHORIZATION_CODE"


@pytest.mark.parametrize("grant", [("authorization_code", "code"), ("refresh_token", "refresh_token")])
def test_missing_parameters_are_reported_in_the_oauth_format(browser: Browser, grant: tuple[str, str]) -> None:
    """Not as a known error of the API."""
    refused = browser.tokens("", grant_type=grant[0])
    assert refused.status == 400
    assert code(refused) is None
    assert refused.json() == {
        "error": "invalid_request",
        "error_description": f"Missing parameter: `{grant[1]}`",
    }


def test_plain_challenges_are_over(browser: Browser) -> None:
    """Servers before mid-2026 took them."""
    assert code(browser.begin(code_challenge_method="plain")) == "SCHEMA_ERROR"


def test_untrusted_redirects_get_no_code(ask: Asker, browser: Browser) -> None:
    """And no user is created."""
    refused = browser.consent(browser.begin(redirect_uri="https://evil.example.org"))
    assert code(refused) == "REDIRECT_URL_NOT_WHITELISTED"
    assert ask.server("GET", "/users").json()["items"] == []


def test_failures_go_where_the_app_wants_them(ask: Asker, browser: Browser, cast: Cast) -> None:
    """To the error page, if the project trusts it; partial changes are rolled back."""
    error_page = "http://localhost:3000/error?from=oauth"
    failed = browser.consent(browser.begin(error_redirect_uri=error_page), decision="deny")
    assert failed.status == 307
    assert location(failed) == {
        "from": "oauth",
        "errorCode": "OAUTH_PROVIDER_ACCESS_DENIED",
        "message": location(failed)["message"],
        "details": "{}",
    }
    untrusted = browser.consent(browser.begin(error_redirect_uri="https://evil.example.org"), decision="deny")
    assert code(untrusted) == "OAUTH_PROVIDER_ACCESS_DENIED"
    cast.settings(auth__allowSignUp=False)
    refused = browser.consent(browser.begin(error_redirect_url=error_page))
    assert location(refused)["errorCode"] == "SIGN_UP_NOT_ENABLED"


def test_a_slow_user_begins_again(ask: Asker, browser: Browser) -> None:
    """After ten minutes at the provider."""
    begun = browser.begin()
    back = browser.visit(begun.headers["location"], {"decision": "allow", "email": "ada@example.com"})
    ask.emulator.clock.advance(601)
    assert code(browser.visit(back.headers["location"])) == "OUTER_OAUTH_TIMEOUT"
    assert browser.visit(begun.headers["location"]).status == 400


def test_callbacks_cannot_be_made_up(browser: Browser) -> None:
    """A provider's code belongs to its flow, the flow to its provider, and a finished flow is over."""
    first, second = browser.begin(), browser.begin("spotify")
    back = browser.visit(first.headers["location"], {"decision": "allow", "email": "ada@example.com"})
    stolen = location(back)["code"]
    other = location(second)["state"]
    callback = f"{BASE_URL}/api/v1/auth/oauth/callback"
    assert browser.visit(f"{callback}/spotify?code={stolen}&state={other}").content == (
        b"Inner OAuth callback failed due to invalid grant. Please try again."
    )
    assert browser.visit(f"{callback}/github?code={stolen}&state={other}").status == 400
    assert browser.visit(back.headers["location"]).status == 303
    assert browser.visit(back.headers["location"]).content == b"Invalid OAuth state. Please try signing in again."


@pytest.mark.parametrize(
    ("strategy", "owner_verified", "verified", "expected"),
    [
        ("link_method", True, True, "linked"),
        ("link_method", False, True, "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"),
        ("link_method", True, False, "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"),
        ("raise_error", True, True, "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE"),
        ("allow_duplicates", True, True, "new"),
    ],
)
def test_an_address_that_is_taken(
    ask: Asker, browser: Browser, cast: Cast, strategy: str, owner_verified: bool, verified: bool, expected: str
) -> None:
    """The account is linked to the owner of its address depending on the project's setting, and on verification by both
    sides.
    """
    owner = cast.person("ada", primary_email_verified=owner_verified)
    cast.settings(auth__oauth__accountMergeStrategy=strategy)
    back = browser.visit(
        browser.begin().headers["location"],
        {"decision": "allow", "email": owner.email, **({"email_verified": "on"} if verified else {})},
    )
    finished = browser.visit(back.headers["location"])
    if expected == "linked":
        assert me(ask, browser.exchange(finished))["id"] == owner.id
    elif expected == "new":
        assert me(ask, browser.exchange(finished))["id"] != owner.id
    else:
        assert code(finished) == expected


def test_linking(ask: Asker, browser: Browser, cast: Cast) -> None:
    """An account is linked to the signed-in user, unless another user signs in with it."""
    ada, bob = cast.person("ada"), cast.person("bob")
    link = {"type": "link", "token": ada.headers["access_token"]}
    linked = browser.sign_in(start=link, email="other@example.com")
    assert me(ask, linked)["id"] == ada.id
    assert [each["email"] for each in me(ask, linked)["oauth_providers"]] == ["other@example.com"]
    assert me(ask, browser.sign_in(start=link, email="other@example.com"))["id"] == ada.id
    refused = browser.consent(browser.begin(type="link", token=bob.headers["access_token"]), email="other@example.com")
    assert code(refused) == "OAUTH_CONNECTION_ALREADY_CONNECTED_TO_ANOTHER_USER"


@pytest.mark.parametrize("token", ["nonsense", "expired", "foreign"])
def test_tokens_of_the_beginning_are_checked(ask: Asker, browser: Browser, cast: Cast, token: str) -> None:
    """An invalid token links no account."""
    made = token
    if token == "expired":
        made = cast.person("ada").headers["access_token"]
        ask.emulator.clock.advance(601)
    elif token == "foreign":
        internal = {"x-stack-access-type": "client", "x-stack-project-id": "internal"}
        made = ask.plain("POST", "/auth/anonymous/sign-up", {}, internal).json()["access_token"]
    refused = browser.begin(type="link", token=made)
    assert (refused.status, code(refused)) == {
        "nonsense": (401, "UNPARSABLE_ACCESS_TOKEN"),
        "expired": (401, "ACCESS_TOKEN_EXPIRED"),
        "foreign": (403, None),
    }[token]


def test_an_anonymous_user_keeps_its_id(ask: Asker, browser: Browser) -> None:
    """Signing up by OAuth turns it into a regular user."""
    anonymous = ask.client("POST", "/auth/anonymous/sign-up", {}).json()
    tokens = browser.sign_in(start={"token": anonymous["access_token"]})
    user = me(ask, tokens)
    assert (user["id"], user["is_anonymous"]) == (anonymous["user_id"], False)
    assert [each["id"] for each in user["oauth_providers"]] == ["github"]


def test_a_second_factor_uses_the_code_up(browser: Browser, cast: Cast) -> None:
    """The sign-in goes on with the attempt code."""
    account = {"id": "github", "account_id": "ada@example.com", "email": "ada@example.com"}
    ada = cast.person("ada", oauth_providers=[account])
    cast.ask.server("PATCH", f"/users/{ada.id}", {"totp_secret_base64": "AAAA"})
    finished = browser.consent(browser.begin())
    assert code(browser.exchange(finished)) == "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
    assert code(browser.exchange(finished)) == "INVALID_AUTHORIZATION_CODE"


def test_a_session_goes_to_another_domain(ask: Asker, browser: Browser) -> None:
    """With the same refresh token; neither half of the session is enough to take it there."""
    tokens = browser.sign_in().json()
    headers = {"access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"]}
    after = "http://localhost:3000/after"
    body = {
        "redirect_uri": REDIRECT_URI,
        "state": "s",
        "code_challenge": challenge(),
        "after_callback_redirect_url": after,
    }
    made = ask.client("POST", "/auth/oauth/cross-domain/authorize", body, **headers).json()["redirect_url"]
    carried = browser.tokens(dict(parse_qsl(urlsplit(made).query))["code"]).json()
    assert carried["refresh_token"] == tokens["refresh_token"]
    assert (carried["is_new_user"], carried["after_callback_redirect_url"]) == (False, after)
    others = browser.sign_in().json()["refresh_token"]
    for refresh_token in ("x", others):
        mixed = headers | {"refresh_token": refresh_token}
        assert ask.client("POST", "/auth/oauth/cross-domain/authorize", body, **mixed).status == 401
    untrusted = body | {"after_callback_redirect_url": "https://evil.example.org"}
    assert code(ask.client("POST", "/auth/oauth/cross-domain/authorize", untrusted, **headers)) == (
        "REDIRECT_URL_NOT_WHITELISTED"
    )
    assert code(ask.client("POST", "/auth/oauth/cross-domain/authorize", body)) == "USER_AUTHENTICATION_REQUIRED"


@pytest.mark.parametrize("odd", ["short", "x" * 129, "!" * 43])
def test_challenges_of_other_domains_have_a_form(ask: Asker, browser: Browser, odd: str) -> None:
    """43 to 128 characters that need no encoding."""
    tokens = browser.sign_in().json()
    body = {"redirect_uri": REDIRECT_URI, "state": "s", "code_challenge": odd}
    headers = {"access_token": tokens["access_token"], "refresh_token": tokens["refresh_token"]}
    assert code(ask.client("POST", "/auth/oauth/cross-domain/authorize", body, **headers)) == "SCHEMA_ERROR"


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1].evil.example.org/cb",
        "http://evil.example.org:80@localhost/cb",
        "http://evil.example.org\\@localhost/cb",
        "http://localhost\t.evil.example.org/cb",
        "http://evil-localhost/cb",
    ],
)
def test_a_host_that_only_looks_local_is_not_trusted(emulator: Emulator, url: str) -> None:
    """Browsers interpret unusual authorities differently, so they are never redirect targets."""
    assert emulator.ready is not None
    project = emulator.project(emulator.ready.project_id)
    assert is_trusted(project, "http://localhost:3000/cb")
    assert not is_trusted(project, url)


def test_owners_see_which_provider_is_which(cast: Cast) -> None:
    """The id in the settings, and the provider that it stands for."""
    providers = {"work": {"type": "github", "isShared": False, "clientId": "a", "clientSecret": "b"}}
    cast.settings(auth__oauth__providers=providers)
    [shown] = cast.ask.admin("GET", "/internal/projects/current").json()["config"]["oauth_providers"]
    assert (shown["provider_config_id"], shown["id"], shown["type"]) == ("work", "github", "standard")
