"""Linked OAuth accounts, one by one, and the tokens of those that are connected."""

from typing import Any

import pytest

from hexclave_api.operations import auth, oauth
from tests.emulator.asking import code
from tests.emulator.consenting import Browser
from tests.emulator.performing import Cast

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def link(cast: Cast, user_id: str, **changes: Any) -> str:
    fields = {
        "provider_config_id": "github",
        "account_id": "1",
        "allow_sign_in": True,
        "allow_connected_accounts": True,
    }
    return cast.server(oauth.create_oauth_provider(user_id=user_id, **{**fields, **changes})).id


def test_servers_see_account_ids_and_clients_do_not(cast: Cast) -> None:
    """Strictly: each gets the fields of its own view."""
    ada = cast.person("ada")
    provider_id = link(cast, ada.id, email="ada@example.org")
    seen = cast.server(oauth.get_oauth_provider_as_server(ada.id, provider_id))
    assert (seen.account_id, seen.email, seen.type, seen.provider_config_id) == (
        "1",
        "ada@example.org",
        "github",
        "github",
    )
    assert ada(oauth.get_oauth_provider("me", provider_id)).id == provider_id
    assert [each.id for each in ada(oauth.list_oauth_providers(user_id="me")).items] == [provider_id]
    assert [each.id for each in cast.server(oauth.list_oauth_providers_as_server()).items] == [provider_id]


def test_clients_keep_to_themselves(cast: Cast) -> None:
    """Reading, listing, changing and deleting."""
    ada, bob = cast.person("ada"), cast.person("bob")
    provider_id = link(cast, bob.id)
    for operation, words in [
        (oauth.get_oauth_provider(bob.id, provider_id), "read"),
        (oauth.list_oauth_providers(user_id=bob.id), "list"),
        (oauth.list_oauth_providers(), "list"),
        (oauth.update_oauth_provider(bob.id, provider_id, allow_sign_in=False), "update"),
        (oauth.delete_oauth_provider(bob.id, provider_id), "delete"),
    ]:
        assert ada.refused(operation) == (403, f"Client can only {words} OAuth providers for their own user.")
    assert cast.visitor.refused(oauth.list_oauth_providers(user_id="me")) == (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")


def test_changing_and_deleting(cast: Cast) -> None:
    """Clients can switch, servers also rename; another user's link is not found."""
    ada, bob = cast.person("ada"), cast.person("bob")
    provider_id = link(cast, ada.id)
    assert not ada(oauth.update_oauth_provider("me", provider_id, allow_sign_in=False)).allow_sign_in
    changed = cast.server(oauth.update_oauth_provider_as_server(ada.id, provider_id, account_id="2", email="a@b.com"))
    assert (changed.account_id, changed.email, changed.allow_sign_in) == ("2", "a@b.com", False)
    assert bob.refused(oauth.get_oauth_provider("me", provider_id)) == (
        404,
        f"OAuth provider {provider_id} for user {bob.id} not found",
    )
    assert ada(oauth.delete_oauth_provider("me", provider_id)).success
    assert cast.server.refused(oauth.delete_oauth_provider(ada.id, provider_id))[0] == 404


def test_an_account_signs_one_user_in(cast: Cast) -> None:
    """And a user has one account per provider for sign-in; others are only for their tokens."""
    ada, bob = cast.person("ada"), cast.person("bob")
    link(cast, ada.id)
    taken = "OAUTH_PROVIDER_ACCOUNT_ID_ALREADY_USED_FOR_SIGN_IN"
    fields: dict[str, Any] = {"provider_config_id": "github", "allow_connected_accounts": True}

    def refused(user_id: str, account_id: str, *, allow_sign_in: bool) -> tuple[int, str]:
        return cast.server.refused(
            oauth.create_oauth_provider(user_id=user_id, account_id=account_id, allow_sign_in=allow_sign_in, **fields)
        )

    assert refused(bob.id, "1", allow_sign_in=True) == (400, taken)
    assert refused(ada.id, "2", allow_sign_in=True) == (
        400,
        "The same provider type with sign-in enabled already exists for this user.",
    )
    assert refused(ada.id, "1", allow_sign_in=False) == (
        400,
        "The same provider type with the same account ID already exists for this user.",
    )
    second = link(cast, bob.id, allow_sign_in=False)
    assert bob.refused(oauth.update_oauth_provider("me", second, allow_sign_in=True)) == (400, taken)
    assert not bob(oauth.get_oauth_provider("me", second)).allow_sign_in


def test_the_requirements_of_links(cast: Cast) -> None:
    """A provider that is set up, and a user."""
    fields: dict[str, Any] = {"account_id": "1", "allow_sign_in": True, "allow_connected_accounts": True}
    ada = cast.person("ada")
    assert cast.server.refused(oauth.create_oauth_provider(user_id=ada.id, provider_config_id="nope", **fields)) == (
        404,
        "OAuth provider nope not found or not configured",
    )
    unknown = oauth.create_oauth_provider(user_id=UNKNOWN, provider_config_id="github", **fields)
    assert cast.server.refused(unknown) == (404, "USER_NOT_FOUND")


@pytest.mark.parametrize("switched_off", ["allow_sign_in", "allow_connected_accounts"])
def test_switches_do_what_they_say(cast: Cast, switched_off: str) -> None:
    """Without sign-in the account counts as a new one, linked by its address; without connecting it gives no token."""
    browser = Browser(cast.ask)
    tokens = browser.sign_in(email="ada@example.com").json()
    headers = {"access_token": tokens["access_token"]}
    linked = cast.ask.client("GET", "/oauth-providers?user_id=me", **headers).json()["items"][0]
    assert (
        cast.ask.client("PATCH", f"/oauth-providers/me/{linked['id']}", {switched_off: False}, **headers).status == 200
    )
    again = browser.sign_in(email="ada@example.com", account_id="ada@example.com").json()
    refused = cast.ask.client("POST", "/connected-accounts/me/github/access-token", {}, **headers)
    if switched_off == "allow_sign_in":
        assert len(cast.ask.client("GET", "/oauth-providers?user_id=me", **headers).json()["items"]) == 2
        assert refused.status == 201
    else:
        assert not again["is_new_user"]
        assert code(refused) == "OAUTH_CONNECTION_NOT_CONNECTED_TO_USER"


def test_tokens_of_connected_accounts(cast: Cast) -> None:
    """With the scopes that were granted; they are renewed before they expire, and removed with the link."""
    browser = Browser(cast.ask)
    session = browser.sign_in(start={"provider_scope": "mail"}, email="ada@example.com").json()
    user_id = cast.ask.client("GET", "/users/me", access_token=session["access_token"]).json()["id"]

    def token(**fields: str) -> str:
        return cast.server(
            oauth.get_connected_account_access_token_by_provider(user_id, "github", **fields)
        ).access_token

    first = token(scope="mail")
    cast.ask.emulator.clock.advance(54 * 60)
    assert token() == first
    cast.ask.emulator.clock.advance(2 * 60)
    assert token() != first
    assert cast.server.refused(
        oauth.get_connected_account_access_token_by_provider(user_id, "github", scope="mail files")
    ) == (400, "OAUTH_CONNECTION_DOES_NOT_HAVE_REQUIRED_SCOPE")
    (linked,) = cast.server(oauth.list_oauth_providers_as_server(user_id=user_id)).items
    cast.server(oauth.delete_oauth_provider(user_id, linked.id))
    link(cast, user_id, account_id="ada@example.com")
    assert cast.server.refused(oauth.get_connected_account_access_token_by_provider(user_id, "github")) == (
        400,
        "OAUTH_CONNECTION_DOES_NOT_HAVE_REQUIRED_SCOPE",
    )


def test_shared_keys_give_no_tokens(cast: Cast) -> None:
    """Nor extra scopes."""
    ada = cast.person("ada")
    link(cast, ada.id)
    cast.settings(auth__oauth__providers={"github": {"type": "github", "isShared": True, "allowSignIn": True}})
    assert ada.refused(oauth.get_connected_account_access_token_by_provider("me", "github")) == (
        400,
        "OAUTH_ACCESS_TOKEN_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS",
    )
    asked = Browser(cast.ask).begin(token=ada.headers["access_token"], provider_scope="mail")
    assert code(asked) == "OAUTH_EXTRA_SCOPE_NOT_AVAILABLE_WITH_SHARED_OAUTH_KEYS"


def test_clients_get_their_own_tokens_alone(cast: Cast) -> None:
    """Not those of others, nor their lists."""
    ada, bob = cast.person("ada"), cast.person("bob")
    assert ada.refused(oauth.get_connected_account_access_token_by_provider(bob.id, "github"))[0] == 403
    assert ada.refused(oauth.list_connected_accounts(bob.id))[0] == 403
    assert cast.server(oauth.list_connected_accounts(bob.id)).items == ()


def test_tokens_that_others_sign_are_refused(cast: Cast) -> None:
    """By name, if the project is configured for them."""
    apple = auth.sign_in_with_apple(id_token="x")
    assert cast.visitor.refused(apple) == (400, "APPLE_BUNDLE_ID_NOT_CONFIGURED")
    provider = {"type": "apple", "allowSignIn": True, "appleBundles": {"a": {"bundleId": "com.example.app"}}}
    cast.settings(auth__oauth__providers={"apple": provider})
    assert cast.visitor.refused(apple) == (400, "INVALID_APPLE_CREDENTIALS")
    cast.settings(auth__oauth__providers={})
    assert cast.visitor.refused(apple) == (400, "OAUTH_PROVIDER_NOT_FOUND_OR_NOT_ENABLED")
    external = auth.exchange_external_auth_token(provider_id="clerk-integration", token="x")
    assert cast.visitor.refused(external) == (400, "EXTERNAL_AUTH_PROVIDER_NOT_CONFIGURED")
    empty = {"provider_id": "clerk-integration", "token": ""}
    assert code(cast.ask.client("POST", "/auth/external/token", empty)) == "SCHEMA_ERROR"
