"""Users beyond what recordings show."""

import pytest

from tests.emulator.asking import Asker, code


def emails(ask: Asker, query: str) -> list[str | None]:
    return [user["primary_email"] for user in ask.server("GET", f"/users{query}").json()["items"]]


@pytest.fixture
def people(ask: Asker) -> dict[str, str]:
    ids = {}
    for name, domain in [("ada", "example.com"), ("bob", "example.org"), ("eve", "example.com")]:
        ask.emulator.clock.advance(1)
        ids[name] = ask.server("POST", "/users", {"primary_email": f"{name}@{domain}"}).json()["id"]
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["ada@example.com", "bob@example.org", "eve@example.com"]),
        ("?desc=true", ["eve@example.com", "bob@example.org", "ada@example.com"]),
        ("?query=BOB", ["bob@example.org"]),
        ("?excluded_email_domains=example.com,example.net", ["bob@example.org"]),
        ("?order_by=last_active_at", ["bob@example.org", "eve@example.com", "ada@example.com"]),
    ],
)
def test_lists(ask: Asker, people: dict[str, str], query: str, found: list[str]) -> None:
    """Searching, ordering and leaving out."""
    ask.emulator.clock.advance(1)
    ask.server("POST", "/auth/sessions", {"user_id": people["ada"]})
    assert emails(ask, query) == found


def test_pages_join_to_the_whole_list(ask: Asker, people: dict[str, str]) -> None:
    """Following cursors gives every user once, in order."""
    found, cursor = [], ""
    while True:
        page = ask.server("GET", f"/users?limit=1{cursor}").json()
        found += [user["id"] for user in page["items"]]
        if page["pagination"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['pagination']['next_cursor']}"
    assert found == list(people.values())


def test_deleting_a_user_ends_its_sessions(ask: Asker, people: dict[str, str]) -> None:
    """Nothing of the user stays behind."""
    tokens = ask.server("POST", "/auth/sessions", {"user_id": people["ada"]}).json()
    assert ask.server("DELETE", f"/users/{people['ada']}").json() == {"success": True}
    refused = ask.client("POST", "/auth/sessions/current/refresh", {}, refresh_token=tokens["refresh_token"])
    assert code(refused) == "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"
    assert (
        ask.server("POST", "/users", {"primary_email": "ada@example.com", "primary_email_auth_enabled": True}).status
        == 201
    )


def test_a_new_password_ends_all_sessions(ask: Asker, people: dict[str, str]) -> None:
    """Sessions of anyone who knew the old one end."""
    tokens = ask.server("POST", "/auth/sessions", {"user_id": people["ada"]}).json()
    ask.server("PATCH", f"/users/{people['ada']}", {"password": "correct horse"})
    refused = ask.client("POST", "/auth/sessions/current/refresh", {}, refresh_token=tokens["refresh_token"])
    assert code(refused) == "REFRESH_TOKEN_NOT_FOUND_OR_EXPIRED"


def test_changes_are_reported_as_events(ask: Asker) -> None:
    """Each change of a user is an event with the user as seen by servers; a refused request reports none."""
    from hexclave_emulator.webhooks.events import EVENTS

    user = ask.server("POST", "/users", {"display_name": "Ada"}).json()
    ask.server("PATCH", f"/users/{user['id']}", {"display_name": "Ada L."})
    ask.server("PATCH", f"/users/{user['id']}", {"selected_team_id": user["id"]})
    ask.server("DELETE", f"/users/{user['id']}")
    events = list(ask.emulator.state[EVENTS])
    assert [event.type for event in events] == ["user.created", "user.updated", "user.deleted"]
    assert events[1].data["display_name"] == "Ada L."
    assert events[2].data == {"id": user["id"], "teams": []}


def test_metadata_takes_any_json(ask: Asker) -> None:
    """Also what is no object."""
    for value in (None, 1, "text", [1, {"a": None}], {"deep": {"er": [True]}}, 1.5):
        user = ask.server("POST", "/users", {"server_metadata": value}).json()
        assert ask.server("GET", f"/users/{user['id']}").json()["server_metadata"] == value


def test_an_unverified_address_cannot_take_an_account_over(ask: Asker) -> None:
    """A code for an address that another user signs in with, unverified, is refused."""
    account = {"email": "ada@example.com", "password": "correct horse"}
    assert ask.client("POST", "/auth/password/sign-up", account).status == 200
    body = {"email": "ada@example.com", "callback_url": "http://localhost:3000/callback"}
    assert ask.client("POST", "/auth/otp/send-sign-in-code", body).status == 200
    mail = ask.emulator.outbox[-1]
    assert (mail.to, mail.kind) == ("ada@example.com", "sign_in")
    refused = ask.client("POST", "/auth/otp/sign-in", {"code": mail.code})
    assert code(refused) == "USER_EMAIL_ALREADY_EXISTS"
    assert refused.json()["details"] == {"email": "ada@example.com", "would_work_if_email_was_verified": True}


def test_a_typed_code_signs_in(ask: Asker) -> None:
    """The six characters that a user types, in capitals as in the email, with the nonce of the reply."""
    body = {"email": "ada@example.com", "callback_url": "http://localhost:3000/callback?next=1"}
    nonce = ask.client("POST", "/auth/otp/send-sign-in-code", body).json()["nonce"]
    mail = ask.emulator.outbox[-1]
    assert mail.short_code is not None
    assert mail.link == f"http://localhost:3000/callback?next=1&code={mail.code}"
    result = ask.client("POST", "/auth/otp/sign-in", {"code": mail.short_code + nonce}).json()
    assert result["is_new_user"] is True
    assert ask.client("GET", "/users/me", access_token=result["access_token"]).json()["primary_email_verified"] is True


def test_a_code_runs_out(ask: Asker) -> None:
    """By the emulator's clock."""
    body = {"email": "ada@example.com", "callback_url": "http://localhost:3000/"}
    ask.client("POST", "/auth/otp/send-sign-in-code", body)
    ask.emulator.clock.advance(3600)
    refused = ask.client("POST", "/auth/otp/sign-in", {"code": ask.emulator.outbox[-1].code})
    assert code(refused) == "VERIFICATION_CODE_EXPIRED"


def test_a_bcrypt_hash_from_elsewhere_signs_in(ask: Asker) -> None:
    """Imported users keep their passwords."""
    import bcrypt

    fields = {
        "primary_email": "ada@example.com",
        "primary_email_auth_enabled": True,
        "password_hash": bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode(),
    }
    assert ask.server("POST", "/users", fields).status == 201
    body = {"email": "ada@example.com", "password": "correct horse"}
    assert ask.client("POST", "/auth/password/sign-in", body).status == 200
    assert code(ask.client("POST", "/auth/password/sign-in", body | {"password": "x"})) == "EMAIL_PASSWORD_MISMATCH"


def test_a_second_factor_stops_sign_in(ask: Asker) -> None:
    """A user with an authenticator app gets an attempt code instead of tokens, and no session."""
    fields = {"primary_email": "ada@example.com", "primary_email_auth_enabled": True, "password": "correct horse"}
    user = ask.server("POST", "/users", fields).json()
    ask.server("PATCH", f"/users/{user['id']}", {"totp_secret_base64": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="})
    refused = ask.client("POST", "/auth/password/sign-in", {"email": "ada@example.com", "password": "correct horse"})
    assert code(refused) == "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
    assert len(refused.json()["details"]["attempt_code"]) == 45
    assert ask.server("GET", f"/auth/sessions?user_id={user['id']}").json()["items"] == []
