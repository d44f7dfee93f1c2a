"""Contact channels: the email addresses of users, and their verification."""

import pytest

from hexclave_api.models import ContactChannel
from hexclave_api.operations import contact_channels as channels
from hexclave_emulator import Emulator
from hexclave_emulator.domains.contact_channels import CHANNELS
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast, Person, code_of

CALLBACK = "http://localhost:3000/verify"
NOWHERE = "3f0e7e4c-5a7b-4a53-9d0e-0a4f6f7d1b22"
TAKEN = (409, "CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE")


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def added(person: Person, value: str, *, used_for_auth: bool = False, is_primary: bool = False) -> ContactChannel:
    return person(
        channels.create_contact_channel(user_id="me", value=value, used_for_auth=used_for_auth, is_primary=is_primary)
    )


def listed(person: Person) -> list[tuple[str, bool, bool, bool]]:
    """Return value, primary, verified, used for sign-in; oldest first, which the API itself does not promise."""
    state = person.ask.emulator.state
    found = {each.id: each for each in person(channels.list_contact_channels(user_id="me")).items}
    ordered = [found[each.id] for each in state[CHANNELS].where(user_id=person.id) if each.id in found]
    return [(each.value, each.is_primary, each.is_verified, each.used_for_auth) for each in ordered]


def test_clients_add_what_is_not_verified(ada: Person) -> None:
    """The address is kept in lower case, and once."""
    added(ada, "Ada@Work.example.com", used_for_auth=True)
    assert listed(ada) == [(ada.email, True, True, True), ("ada@work.example.com", False, False, True)]
    again = channels.create_contact_channel(user_id="me", value="ADA@work.example.com", used_for_auth=False)
    assert ada.refused(again) == (400, "Contact channel already exists")


def test_only_servers_say_that_an_address_is_verified(cast: Cast, ask: Asker, ada: Person) -> None:
    """For a client, the field does not exist."""
    body = {"user_id": ada.id, "value": "a@example.com", "type": "email", "used_for_auth": False, "is_verified": True}
    assert ask.client("POST", "/contact-channels", body, **ada.headers).status == 400
    made = cast.server(
        channels.create_contact_channel_as_server(
            user_id=ada.id, value="a@example.com", used_for_auth=False, is_verified=True
        )
    )
    assert made.is_verified
    assert ask.client("PATCH", f"/contact-channels/me/{made.id}", {"is_verified": False}, **ada.headers).status == 400


def test_there_is_one_primary_address(ada: Person, ask: Asker) -> None:
    """A new one takes the place of the old one, and the user shows it; none is possible, too."""
    new = added(ada, "new@example.com", is_primary=True)
    assert listed(ada)[0][:2] == (ada.email, False)
    assert ask.server("GET", f"/users/{ada.id}").json()["primary_email"] == "new@example.com"
    ada(channels.update_contact_channel("me", new.id, is_primary=False))
    assert ask.server("GET", f"/users/{ada.id}").json()["primary_email"] is None
    ada(channels.update_contact_channel("me", new.id, is_primary=True))
    ada(channels.delete_contact_channel("me", new.id))
    assert listed(ada) == [(ada.email, False, True, True)]


def test_an_address_signs_one_user_in(cast: Cast, ada: Person) -> None:
    """Others may have it, but not to sign in with it, neither from the start nor by a change."""
    bob = cast.person("bob")
    asking = channels.create_contact_channel(user_id="me", value=ada.email, used_for_auth=True)
    assert bob.refused(asking) == TAKEN
    assert bob.reply(asking).json()["details"] == {
        "type": "email",
        "contact_channel_value": ada.email,
        "would_work_if_email_was_verified": False,
    }
    shared = added(bob, ada.email)
    assert bob.refused(channels.update_contact_channel("me", shared.id, used_for_auth=True)) == TAKEN
    (mine,) = [each for each in bob(channels.list_contact_channels(user_id="me")).items if each.is_primary]
    assert bob.refused(channels.update_contact_channel("me", mine.id, value=ada.email)) == TAKEN


def test_another_address_must_be_verified_anew(cast: Cast, ada: Person) -> None:
    """Unless the server says at once that it is; the user cannot have the same address twice."""
    (own,) = ada(channels.list_contact_channels(user_id="me")).items
    assert not ada(channels.update_contact_channel("me", own.id, value="Other@example.com", type_="email")).is_verified
    assert listed(ada) == [("other@example.com", True, False, True)]
    verified = channels.update_contact_channel_as_server(ada.id, own.id, value="third@example.com", is_verified=True)
    assert cast.server(verified).is_verified
    second = added(ada, "second@example.com")
    doubled = channels.update_contact_channel("me", second.id, value="third@example.com")
    assert ada.refused(doubled) == (400, "Contact channel already exists")


@pytest.mark.parametrize(
    ("verb", "status"), [("list", 403), ("create", 403), ("read", 403), ("update", 403), ("delete", 403)]
)
def test_clients_see_their_own_user_alone(cast: Cast, ada: Person, verb: str, status: int) -> None:
    """Each operation refuses with the API's message; without a user there is nothing to compare."""
    bob = cast.person("bob")
    (theirs,) = bob(channels.list_contact_channels(user_id="me")).items
    operation = {
        "list": channels.list_contact_channels(user_id=bob.id),
        "create": channels.create_contact_channel(user_id=bob.id, value="x@example.com", used_for_auth=False),
        "read": channels.get_contact_channel(bob.id, theirs.id),
        "update": channels.update_contact_channel(bob.id, theirs.id, is_primary=True),
        "delete": channels.delete_contact_channel(bob.id, theirs.id),
    }[verb]
    assert ada.refused(operation) == (status, f"Client can only {verb} contact channels for their own user.")
    assert cast.visitor.refused(operation) == (400, "CANNOT_GET_OWN_USER_WITHOUT_USER")


def test_missing_items(cast: Cast, ada: Person) -> None:
    """Reading says 404, changing and deleting 400; another user's channel is not there either."""
    bob = cast.person("bob")
    (theirs,) = bob(channels.list_contact_channels(user_id="me")).items
    for channel_id in (NOWHERE, theirs.id):
        assert ada.refused(channels.get_contact_channel("me", channel_id)) == (404, "Contact channel not found.")
        changing = channels.update_contact_channel("me", channel_id, is_primary=True)
        assert ada.refused(changing) == (400, "Contact channel not found")
        assert ada.refused(channels.delete_contact_channel("me", channel_id)) == (400, "Contact channel not found")
        sending = channels.send_contact_channel_code("me", channel_id, callback_url=CALLBACK)
        assert ada.refused(sending) == (404, "Contact channel not found")


def test_users_must_exist(cast: Cast) -> None:
    """Servers of April fail instead."""
    for_missing_user = {"user_id": NOWHERE, "value": "x@example.com", "used_for_auth": False}
    operation = channels.create_contact_channel_as_server(**for_missing_user)  # type: ignore[arg-type]
    assert cast.server.refused(operation) == (400, "USER_ID_DOES_NOT_EXIST")
    sending = channels.send_contact_channel_code(NOWHERE, NOWHERE, callback_url=CALLBACK)
    assert cast.server.refused(sending) == (400, "USER_ID_DOES_NOT_EXIST")
    older = Emulator(release="2026-04")
    assert Cast(Asker(older)).server.refused(operation) == (500, "Something went wrong.")
    older.close()


def test_servers_list_by_user_by_channel_and_all(cast: Cast, ada: Person) -> None:
    """Filters narrow; without any the whole project comes."""
    bob = cast.person("bob")
    assert len(cast.server(channels.list_contact_channels()).items) == 2
    (theirs,) = cast.server(channels.list_contact_channels(user_id=bob.id)).items
    (found,) = cast.server(channels.list_contact_channels(contact_channel_id=theirs.id)).items
    assert found.value == bob.email
    assert cast.server(channels.list_contact_channels(user_id=ada.id, contact_channel_id=theirs.id)).items == ()


def test_the_mail_verifies_the_address(cast: Cast, ada: Person) -> None:
    """Every code is valid once, even after the address is verified; then no more are sent."""
    new = added(ada, "new@example.com")
    sending = channels.send_contact_channel_code("me", new.id, callback_url=CALLBACK)
    ada(sending)
    ada(sending)
    first, second = [code_of(mail) for mail in cast.mails("new@example.com")]
    assert cast.mails("new@example.com")[0].link == f"{CALLBACK}?code={first}"
    assert cast.visitor(channels.check_contact_channel_code(code=first)).is_code_valid
    cast.visitor(channels.verify_contact_channel(code=first))
    assert ("new@example.com", False, True, False) in listed(ada)
    used = (409, "VERIFICATION_CODE_ALREADY_USED")
    assert cast.visitor.refused(channels.verify_contact_channel(code=first)) == used
    cast.visitor(channels.verify_contact_channel(code=second))
    assert ada.refused(sending) == (409, "EMAIL_ALREADY_VERIFIED")


def test_codes_for_verifying_verify_alone(cast: Cast, ada: Person) -> None:
    """They do not sign in, and a sign-in code does not verify; they end after seven days."""
    new = added(ada, "new@example.com")
    ada(channels.send_contact_channel_code("me", new.id, callback_url=CALLBACK))
    code = code_of(cast.mails("new@example.com")[0])
    assert cast.ask.client("POST", "/auth/otp/sign-in", {"code": code}).status == 404
    cast.ask.client("POST", "/auth/otp/send-sign-in-code", {"email": ada.email, "callback_url": CALLBACK})
    sign_in = code_of(cast.mails(ada.email)[0])
    not_found = (404, "VERIFICATION_CODE_NOT_FOUND")
    assert cast.visitor.refused(channels.verify_contact_channel(code=sign_in)) == not_found
    cast.ask.emulator.clock.advance(7 * 24 * 3600 + 1)
    assert cast.visitor.refused(channels.verify_contact_channel(code=code)) == (400, "VERIFICATION_CODE_EXPIRED")


def test_a_deleted_address_cannot_be_verified(cast: Cast, ada: Person) -> None:
    """The code is used up all the same."""
    new = added(ada, "new@example.com")
    ada(channels.send_contact_channel_code("me", new.id, callback_url=CALLBACK))
    ada(channels.delete_contact_channel("me", new.id))
    code = code_of(cast.mails("new@example.com")[0])
    verifying = channels.verify_contact_channel(code=code)
    assert cast.visitor.refused(verifying) == (400, "Contact channel not found. Was your contact channel deleted?")
    assert cast.visitor.refused(verifying) == (409, "VERIFICATION_CODE_ALREADY_USED")


def test_codes_are_sent_to_trusted_places_for_oneself(cast: Cast, ada: Person) -> None:
    """A callback elsewhere or another user's channel is refused, and no email is sent."""
    new = added(ada, "new@example.com")
    bob = cast.person("bob")
    elsewhere = channels.send_contact_channel_code("me", new.id, callback_url="https://evil.example.org")
    assert ada.refused(elsewhere) == (400, "REDIRECT_URL_NOT_WHITELISTED")
    for_ada = channels.send_contact_channel_code(ada.id, new.id, callback_url=CALLBACK)
    assert bob.refused(for_ada) == (400, "Can only send verification code for your own user")
    assert cast.mails("new@example.com") == []
    cast.server(for_ada)
    assert len(cast.mails("new@example.com")) == 1


def test_signing_up_by_password_sends_the_same_code(cast: Cast, ask: Asker) -> None:
    """The code from sign-up verifies the address."""
    body = {"email": "new@example.com", "password": "correct horse", "verification_callback_url": CALLBACK}
    tokens = ask.client("POST", "/auth/password/sign-up", body).json()
    cast.visitor(channels.verify_contact_channel(code=code_of(cast.mails("new@example.com")[0])))
    assert ask.client("GET", "/users/me", access_token=tokens["access_token"]).json()["primary_email_verified"]


@pytest.mark.parametrize("value", ["", "nobody", "a@", "a b@example.com", None, [], "x" * 2000 + "@example.com"])
def test_an_address_is_an_address(ask: Asker, ada: Person, value: object) -> None:
    """Anything else is a SCHEMA_ERROR, when adding and when changing."""
    body = {"user_id": "me", "value": value, "type": "email", "used_for_auth": False}
    assert ask.client("POST", "/contact-channels", body, **ada.headers).status == 400
    (own,) = ada(channels.list_contact_channels(user_id="me")).items
    changed = ask.client("PATCH", f"/contact-channels/me/{own.id}", {"value": value, "type": "email"}, **ada.headers)
    assert (changed.status, changed.headers.get("x-stack-known-error")) == (400, "SCHEMA_ERROR")


def test_a_change_without_a_type_takes_any_text(ada: Person) -> None:
    """A gap of the real API: it looks at the value when the type stands beside it."""
    (own,) = ada(channels.list_contact_channels(user_id="me")).items
    assert ada(channels.update_contact_channel("me", own.id, value="No Address")).value == "No Address"
