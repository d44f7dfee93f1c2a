"""Errors of misuse that say what to do instead."""

import asyncio

import pytest

import hexclave
from hexclave import UnsafeUseError
from hexclave.errors import APIConnectionError, CurrentProjectNotFound, ReadTimeout
from hexclave.retries import Retries
from hexclave.tokens import MemoryTokenStore, Tokens
from hexclave_api.operation import UNSET
from hexclave_api.operations.oauth import create_cross_domain_redirect
from hexclave_api.pagination import AsyncPage, AsyncPages, Page, Pages, Part
from tests.playing import FakeClock, access_token, context, known_error, operation, play, reply

SSK = "ssk_not_a_real_key_2222222222222222222222222222"
CLIENTS = [hexclave.HexclaveClientApp, hexclave.AsyncHexclaveClientApp]
SERVERS = [hexclave.HexclaveServerApp, hexclave.AsyncHexclaveServerApp]


@pytest.mark.parametrize("cls", CLIENTS)
def test_a_resource_of_another_app_says_which_app_has_it(cls):
    app = cls("p1")
    with pytest.raises(AttributeError, match=rf"{cls.__name__} has no users: it needs a server or admin app, such as"):
        _ = app.users
    with pytest.raises(AttributeError, match="has no project_keys: it needs an admin app, such as"):
        _ = app.project_keys
    assert not hasattr(app, "users")


@pytest.mark.parametrize("cls", SERVERS)
def test_a_client_resource_says_so_too(cls):
    with pytest.raises(
        AttributeError, match=r"has no auth: it needs a client app, such as (Async)?HexclaveClientApp\."
    ):
        _ = cls("p1", SSK).auth


@pytest.mark.parametrize("cls", CLIENTS + SERVERS)
def test_a_name_that_no_app_has_is_an_ordinary_attribute_error(cls):
    app = cls("p1", *([SSK] if cls in SERVERS else []))
    with pytest.raises(AttributeError, match=f"^{cls.__name__} has no userz\\.$"):
        _ = app.userz
    with pytest.raises(AttributeError):
        _ = app.__wrapped__


def test_an_async_app_is_closed_with_async_with():
    with (
        pytest.raises(TypeError, match="AsyncHexclaveServerApp is an async app: use `async with`"),
        hexclave.AsyncHexclaveServerApp("p1", SSK),
    ):
        pass


def test_a_blocking_app_is_closed_with_with():
    async def main():
        async with hexclave.HexclaveServerApp("p1", SSK):
            pass

    with pytest.raises(TypeError, match="HexclaveServerApp is a blocking app: use `with`, or AsyncHexclaveServerApp"):
        asyncio.run(main())


ABOUT_THE_USER = [
    {"needs": ("access_token",)},
    {"needs": ("refresh_token",)},
    {"path": ("users", "me", "notification-preferences")},
    {"path": ("auth", "sessions"), "query": {"user_id": "me"}},
    {"method": "POST", "path": ("teams",), "body": {"user_id": "me"}},
]


@pytest.mark.parametrize("changes", ABOUT_THE_USER)
@pytest.mark.parametrize("access", ["client", "server"])
def test_a_call_about_the_user_is_not_sent_when_signed_out(changes, access):
    played = play(context(access, session=MemoryTokenStore()), operation(**changes))
    assert isinstance(played.error, UnsafeUseError)
    assert "get_user requires a signed-in user" in str(played.error)
    assert "app.auth.sign_in_with_password" in str(played.error)
    assert played.sent == []


@pytest.mark.parametrize("changes", [{"path": ("users", "me")}, {"path": ("teams",), "query": {"user_id": "u1"}}])
def test_a_call_that_works_signed_out_is_sent(changes):
    """Asking for the user asks whether there is one: `me.find()` returns `None`."""
    assert play(context("client", session=MemoryTokenStore()), operation(**changes), reply()).error is None


@pytest.mark.parametrize("failure", [APIConnectionError("The API cannot be reached."), ReadTimeout("Silence.")])
def test_a_failure_on_the_way_names_the_host_and_what_was_tried(failure):
    played = play(context(retries=Retries(attempts=2)), operation(), failure, failure)
    assert played.error is failure
    assert "GET /users/u1 at https://api.example.com:443 after 2 attempts" in str(failure)
    assert "https://api.example.com:443" in failure.explain()


def test_an_unknown_project_names_the_host_that_does_not_know_it():
    played = play(context(), operation(), known_error(400, "CURRENT_PROJECT_NOT_FOUND"))
    assert isinstance(played.error, CurrentProjectNotFound)
    assert "at https://api.example.com:443" in str(played.error)
    other = play(context(), operation(), known_error(404, "USER_NOT_FOUND"))
    assert "example.com" not in str(other.error)


@pytest.mark.parametrize("access", ["server", "admin"])
def test_advice_about_a_publishable_key_can_be_followed(access):
    played = play(context(access), operation(needs=("publishable_client_key",)))
    assert "use a client app that has one" in str(played.error)


def pages():
    return Pages(lambda _: operation())


@pytest.mark.parametrize("kind", [Page, AsyncPage])
def test_a_page_says_where_its_length_and_items_are(kind):
    page = kind(Part(["a"]), pages(), None)
    with pytest.raises(TypeError, match=r"len\(page\.items\)"):
        len(page)
    with pytest.raises(TypeError, match=r"page\.items\[…\]"):
        page[0]
    assert page
    if kind is Page:
        assert list(page) == ["a"]


def test_a_list_of_an_async_app_says_that_it_is_awaited():
    listed = AsyncPages(pages(), None)
    for name in ("items", "next", "next_cursor"):
        with pytest.raises(AttributeError, match=f"no {name}: await it for the first page"):
            getattr(listed, name)
    with pytest.raises(TypeError, match="async for"):
        list(listed)
    with pytest.raises(TypeError, match=r"len\(page\.items\)"):
        len(listed)
    assert listed
    assert listed._pages.cursor is UNSET


@pytest.mark.parametrize("access", ["client", "server", "admin"])
def test_a_redirect_to_another_domain_needs_a_session_and_no_publishable_key(access):
    """Server and admin apps have none, and the API compares the refresh token with the session of the access token."""
    what = create_cross_domain_redirect(
        redirect_uri="https://other.example.com", state="s", code_challenge="c" * 43, code_challenge_method="S256"
    )
    app = context(access, session=Tokens(access_token(FakeClock()), "refresh-1"))
    app = app._replace(publishable_client_key=None)
    played = play(app, what, reply(200, {"redirect_url": "https://other.example.com?code=c"}))
    assert played.error is None
    assert played.sent[0].headers["x-stack-refresh-token"] == "refresh-1"
    assert played.sent[0].headers["x-stack-access-token"] == app.session.store.load().access_token.reveal()
