"""Access rules, beyond the recordings."""

import pytest

from tests.emulator.asking import Asker, code


@pytest.fixture
def keys(ask: Asker) -> dict[str, str]:
    ready = ask.emulator.ready
    assert ready is not None
    return {
        "x-stack-access-type": "server",
        "x-stack-project-id": ready.project_id,
        "x-stack-secret-server-key": ready.secret_server_key,
    }


def test_the_new_prefix_wins(ask: Asker, keys: dict[str, str]) -> None:
    """`X-Hexclave-` and `X-Stack-` are equivalent; if both are sent, the first takes precedence."""
    assert ask.plain("GET", "/users", None, keys | {"x-hexclave-secret-server-key": "ssk_wrong"}).status == 401
    renamed = {name.replace("stack", "hexclave"): value for name, value in keys.items()}
    stale = {"x-stack-secret-server-key": "ssk_wrong"}
    assert ask.plain("GET", "/users", None, renamed | stale).status == 200


def test_replies_carry_both_prefixes(ask: Asker, keys: dict[str, str]) -> None:
    """Clients of either name find request id and known error."""
    headers = ask.plain("GET", "/users/x", None, keys).headers
    for name in ("request-id", "known-error"):
        assert headers[f"x-hexclave-{name}"] == headers[f"x-stack-{name}"]


def test_a_publishable_key_is_needed_where_the_project_says_so(ask: Asker, keys: dict[str, str]) -> None:
    """Without the setting client calls need no key."""
    anybody = {"x-stack-access-type": "client", "x-stack-project-id": keys["x-stack-project-id"]}
    assert ask.plain("GET", "/projects/current", None, anybody).status == 200
    from hexclave_emulator.domains.projects import change_settings

    with ask.emulator.transaction() as state:
        project = ask.emulator.project(keys["x-stack-project-id"])
        change_settings(state, project, {"project.requirePublishableClientKey": True})
    refused = ask.plain("GET", "/projects/current", None, anybody)
    assert code(refused) == "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT"


@pytest.mark.parametrize("header", ["allow-restricted-user", "allow-anonymous-user"])
def test_restricted_users_need_a_header(ask: Asker, header: str) -> None:
    """Either header lets them in, with exactly the value `true`."""
    user = ask.server("POST", "/users", {"restricted_by_admin": True}).json()
    token = ask.server("POST", "/auth/sessions", {"user_id": user["id"]}).json()["access_token"]
    refused = ask.client("GET", "/users/me", access_token=token, **{header: "yes"})
    assert (refused.status, code(refused)) == (403, "RESTRICTED_USER_NOT_ALLOWED")
    assert refused.json()["details"] == {"restricted_reason": {"type": "restricted_by_administrator"}}
    assert ask.client("GET", "/users/me", access_token=token, **{header: "true"}).status == 200


def test_keys_expire(ask: Asker) -> None:
    """A key set is valid until its date."""
    made = ask.admin(
        "POST",
        "/internal/api-keys",
        {
            "description": "short",
            "expires_at_millis": ask.emulator.clock.millis() + 60_000,
            "has_publishable_client_key": False,
            "has_secret_server_key": True,
            "has_super_secret_admin_key": False,
        },
    ).json()
    assert ask.server("GET", "/users", secret_server_key=made["secret_server_key"]).status == 200
    ask.emulator.clock.advance(61)
    assert code(ask.server("GET", "/users", secret_server_key=made["secret_server_key"])) == "INVALID_SECRET_SERVER_KEY"


def test_a_refused_caller_changes_nothing(ask: Asker) -> None:
    """The right keys for the wrong operation have no effect."""
    assert ask.client("POST", "/users", {}).status == 401
    assert ask.server("GET", "/users").json()["items"] == []
