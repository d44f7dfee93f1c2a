"""Sign-ins with old passwords against the emulator, over sockets, in both modes."""

import asyncio
import base64
import hashlib
import logging
import threading
import traceback

import pytest

from hexclave import Secret, Tokens, UnsafeUseError, errors
from hexclave.integrations import password_bridge
from hexclave.integrations.password_bridge import (
    AsyncPasswordBridge,
    OldHash,
    PasswordBridge,
    PasswordResetRequired,
    TooManyAttempts,
)
from hexclave.testing import emulator

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery"
TOTP = base64.b64encode(b"12345678901234567890").decode()


def pbkdf2(password, iterations=10):
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"salt", iterations)
    return f"pbkdf2_sha256${iterations}$salt${base64.b64encode(digest).decode()}"


DECOY = pbkdf2("nobody has this one")


@pytest.fixture(scope="module")
def running():
    with emulator() as hx:
        yield hx


@pytest.fixture
def hx(running):
    running.reset()
    return running


class Old:
    """The table of the old system, and a bridge to it in one mode."""

    def __init__(self, hx, *, is_async, decoy=DECOY):
        self.rows = {EMAIL: pbkdf2(PASSWORD)}
        self.asked, self.deleted = [], []
        self.is_async = is_async
        if is_async:
            apps = hx.async_server_app(), hx.async_client_app()
            self.bridge = AsyncPasswordBridge(*apps, find_hash=self.afind, delete_hash=self.adelete, decoy=decoy)
        else:
            apps = hx.server_app(), hx.client_app()
            self.bridge = PasswordBridge(*apps, find_hash=self.find, delete_hash=self.delete, decoy=decoy)

    def find(self, email):
        self.asked.append(email)
        return self.rows.get(email)

    def delete(self, email):
        self.deleted.append(email)
        self.rows.pop(email, None)

    async def afind(self, email):
        return self.find(email)

    async def adelete(self, email):
        self.delete(email)

    def sign_in(self, password=PASSWORD, email=EMAIL):
        result = self.bridge.sign_in(email=email, password=password)
        return asyncio.run(result) if self.is_async else result


@pytest.fixture(params=[False, True], ids=["blocking", "async"])
def old(hx, request):
    return Old(hx, is_async=request.param)


@pytest.fixture
def ada(hx):
    return hx.server_app().users.create(primary_email=EMAIL, primary_email_auth_enabled=True)


def paths(hx):
    return [(each.request.method, each.request.path.removeprefix("/api/v1")) for each in hx.requests]


def test_an_old_password_is_accepted_once_and_then_belongs_to_the_api(hx, old, ada):
    result = old.sign_in()
    assert result.user_id == ada.id
    assert old.deleted == [EMAIL]
    assert hx.server_app().users.get(ada.id).has_password
    assert old.sign_in(Secret(PASSWORD)).user_id == ada.id
    assert old.asked == [EMAIL]


def test_a_user_with_a_password_signs_in_with_one_request(hx, old, ada):
    hx.server_app().users.update(ada.id, password=PASSWORD)
    before = len(hx.requests)
    old.sign_in()
    assert paths(hx)[before:] == [("POST", "/auth/password/sign-in")]
    assert old.asked == []


def test_the_clients_own_session_is_not_used(hx, ada):
    """Its tokens would fail the sign-in."""
    client = hx.client_app(session=Tokens("eyJ.not-a-real.token", "not-a-real-refresh-token"))
    rows = {EMAIL: pbkdf2(PASSWORD)}
    bridge = PasswordBridge(hx.server_app(), client, find_hash=rows.get, delete_hash=rows.pop, decoy=DECOY)
    assert bridge.sign_in(email=EMAIL, password=PASSWORD).user_id == ada.id


def test_an_old_password_does_not_undo_a_new_one(hx, old, ada):
    hx.server_app().users.update(ada.id, password="a newer password")
    with pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in()
    assert old.deleted == [EMAIL]
    assert old.sign_in("a newer password").user_id == ada.id


def test_a_password_set_in_between_wins(hx, old, ada):
    """The user changes the password after the bridge has seen that there is none."""
    create_session = password_bridge.sessions.create_session

    def slowly(**arguments):
        hx.server_app().users.update(ada.id, password="a newer password")
        return create_session(**arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_bridge.sessions, "create_session", slowly)
        with pytest.raises(errors.EmailPasswordMismatch):
            old.sign_in()
    assert old.sign_in("a newer password").user_id == ada.id


def test_a_password_set_by_a_parallel_sign_in_is_no_refusal(hx, old, ada):
    """It is set between the first request and the look at the user."""
    list_users = password_bridge.users.list_users

    def late(**arguments):
        hx.server_app().users.update(ada.id, password=PASSWORD)
        return list_users(**arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(password_bridge.users, "list_users", late)
        assert old.sign_in().user_id == ada.id


def test_a_short_old_password_does_not_ask_for_a_reset_once_there_is_another(hx, old, ada):
    hx.server_app().users.update(ada.id, password="a newer password")
    old.rows[EMAIL] = pbkdf2("short")
    with pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in("short")


def test_parallel_sign_ins_all_succeed_and_stay_signed_in(hx, ada):
    old = Old(hx, is_async=False)
    rows, both = dict(old.rows), threading.Barrier(4)

    def find(email):
        both.wait(5)
        return rows[email]

    client = hx.client_app()
    bridge = PasswordBridge(hx.server_app(), client, find_hash=find, delete_hash=old.delete, decoy=DECOY)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(bridge.sign_in(email=EMAIL, password=PASSWORD)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(results) == 4
    for result in results:
        session = Tokens(None, result.refresh_token)
        assert client.with_session(session).me.get().id == ada.id


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_a_wrong_password_looks_the_same_with_and_without_an_account(hx, ada, email):
    checked = []
    old = Old(hx, is_async=False, decoy=OldHash("decoy", lambda password: checked.append("decoy") or True))
    old.rows = {EMAIL: OldHash("old", lambda password: checked.append("old") or False)}
    before = len(hx.requests)
    with pytest.raises(errors.EmailPasswordMismatch, match="ncorrect email or password") as caught:
        old.sign_in("a wrong password", email)
    assert len(checked) == 1
    assert paths(hx)[before:] == [("POST", "/auth/password/sign-in")]
    assert caught.value.code == "EMAIL_PASSWORD_MISMATCH"
    assert old.deleted == []


def test_the_password_of_the_decoy_opens_nothing(old, ada):
    del old.rows[EMAIL]
    with pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in("nobody has this one")


@pytest.mark.parametrize("password", ["short", "é" * 71, "🐎" * 36], ids=["short", "long", "units"])
def test_a_password_that_the_api_refuses_needs_a_reset(hx, old, ada, password):
    old.rows[EMAIL] = pbkdf2(password)
    with pytest.raises(PasswordResetRequired, match="8 to 70 characters") as caught:
        old.sign_in(password)
    assert password not in str(caught.value)
    assert not hx.server_app().users.get(ada.id).has_password
    assert old.rows


def test_a_user_who_was_not_imported_is_refused(old, caplog):
    with caplog.at_level(logging.WARNING, "hexclave"), pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in()
    assert "import the user first" in caplog.text
    assert EMAIL not in caplog.text
    assert old.deleted == []


def test_users_whose_names_contain_the_email_are_not_meant(hx, old, ada):
    server = hx.server_app()
    for number in range(101):
        server.users.create(
            display_name=f"{EMAIL} {number}", primary_email=f"x{number}.{EMAIL}", primary_email_auth_enabled=True
        )
    hx.server_app().users.delete(ada.id)
    ada = server.users.create(primary_email=EMAIL, primary_email_auth_enabled=True)
    assert old.sign_in().user_id == ada.id


def test_a_second_factor_is_still_asked_for(hx, old, ada):
    hx.server_app().users.update(ada.id, totp_secret_base64=TOTP)
    with pytest.raises(errors.MultiFactorAuthenticationRequired) as caught:
        old.sign_in()
    assert caught.value.attempt_code
    assert hx.server_app().users.get(ada.id).has_password


def test_a_restricted_user_needs_a_client_that_allows_it(hx, ada):
    override = {"onboarding.requireEmailVerification": True}
    hx.admin_app().config.update_override("environment", override)
    rows = {EMAIL: pbkdf2(PASSWORD)}
    client = hx.client_app(allow_restricted=True)
    bridge = PasswordBridge(hx.server_app(), client, find_hash=rows.get, delete_hash=rows.pop, decoy=DECOY)
    assert bridge.sign_in(email=EMAIL, password=PASSWORD).user_id == ada.id
    assert not rows


def test_guesses_are_limited_for_each_email(old, ada):
    for number in range(10):
        with pytest.raises(errors.EmailPasswordMismatch):
            old.sign_in(f"guess number {number}")
    with pytest.raises(TooManyAttempts) as caught:
        old.sign_in()
    assert 0 < caught.value.retry_after <= 30
    assert len(old.asked) == 10
    with pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in(email="nobody@example.com")


def test_a_hash_that_cannot_be_checked_is_logged_and_not_shown(old, ada, caplog):
    old.rows[EMAIL] = "$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$" + "A" * 43
    with caplog.at_level(logging.WARNING, "hexclave"), pytest.raises(errors.EmailPasswordMismatch):
        old.sign_in()
    assert "argon2 with memory of 99999999 KiB" in caplog.text
    assert "c29tZXNhbHQ" not in caplog.text


def test_no_traceback_shows_the_password_or_the_hash(old, ada):
    def broken(email):
        raise RuntimeError("the table is locked")

    async def abroken(email):
        raise RuntimeError("the table is locked")

    old.bridge._delete_hash = abroken if old.is_async else broken
    secret = Secret(PASSWORD)
    stored = old.rows.pop(EMAIL)
    find = old.bridge._find_hash

    def kept(email):
        return find(email) if old.is_async else stored

    async def akept(email):
        return stored

    old.bridge._find_hash = akept if old.is_async else kept
    with pytest.raises(RuntimeError) as caught:
        old.sign_in(secret)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "\n".join(f"{frame.locals}" for frame in frames.stack if frame.locals and "/tests/" not in frame.filename)
    assert shown
    assert PASSWORD not in shown
    assert "pbkdf2_sha256" not in shown
    # The password is set, so the next sign-in needs neither function.
    assert old.sign_in().user_id == ada.id


@pytest.mark.parametrize("given", [b"$2b$10$", 5])
def test_a_lookup_that_returns_something_else_is_named(old, ada, given):
    old.rows[EMAIL] = given
    with pytest.raises(UnsafeUseError, match="find_hash must return a str, an OldHash or None"):
        old.sign_in()


@pytest.mark.parametrize("arguments", [{"email": None}, {"password": 5}, {"password": b"bytes are no text"}])
def test_values_that_are_not_text_are_refused_before_any_request(hx, old, arguments):
    before = len(hx.requests)
    with pytest.raises(UnsafeUseError, match="must be a str"):
        old.sign_in(**arguments)
    assert len(hx.requests) == before


def test_functions_of_the_other_mode_are_named(hx, ada):
    old = Old(hx, is_async=False)
    bridge = PasswordBridge(hx.server_app(), hx.client_app(), find_hash=old.afind, delete_hash=old.adelete, decoy=DECOY)
    with pytest.raises(UnsafeUseError, match="use AsyncPasswordBridge"):
        bridge.sign_in(email=EMAIL, password=PASSWORD)
    bridge = AsyncPasswordBridge(
        hx.async_server_app(), hx.async_client_app(), find_hash=old.find, delete_hash=old.delete, decoy=DECOY
    )
    with pytest.raises(UnsafeUseError, match="must be async"):
        asyncio.run(bridge.sign_in(email=EMAIL, password=PASSWORD))


def test_wrong_arguments_are_refused_when_the_bridge_is_built(hx):
    server, client = hx.server_app(), hx.client_app()
    right = {"find_hash": dict.get, "delete_hash": dict.pop, "decoy": DECOY}
    for apps, changes, message in [
        ((client, client), {}, "server must be a HexclaveServerApp, not HexclaveClientApp"),
        ((server, hx.async_client_app()), {}, "client must be a HexclaveClientApp, not AsyncHexclaveClientApp"),
        ((server, client), {"find_hash": "column"}, "find_hash must be a function"),
        ((server, client), {"delete_hash": None}, "delete_hash must be a function"),
    ]:
        with pytest.raises(UnsafeUseError, match=message):
            PasswordBridge(*apps, **right | changes)
    with pytest.raises(password_bridge.UnsupportedHashError):
        PasswordBridge(server, client, **right | {"decoy": "not a hash"})
