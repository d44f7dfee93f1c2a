"""API keys of users and teams, beyond what recordings show."""

import re
import zlib

import pytest

from hexclave.api_keys import read_api_key
from hexclave_api.operations import api_keys
from hexclave_api.operations.permissions import grant_team_permission
from hexclave_api.operations.teams import add_team_member, create_team
from hexclave_emulator.domains.api_keys import key_value
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast, Person

NOWHERE = "3f0e7e4c-5a7b-4a53-9d0e-0a4f6f7d1b22"
NOT_FOUND = (404, "API_KEY_NOT_FOUND")
REVOKE = "/integrations/credential-scanning/revoke"


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.person("ada")


def made(person: Person, *, expires_at_millis: int | None = None, is_public: bool = False) -> str:
    """Return the text of a new key of the user."""
    operation = api_keys.create_user_api_key(
        user_id="me", description="a key", expires_at_millis=expires_at_millis, is_public=is_public
    )
    return person(operation).value.reveal()


@pytest.mark.parametrize("is_public", [False, True])
@pytest.mark.parametrize("kind", ["user", "team"])
def test_a_key_is_written_as_the_api_writes_it(kind: str, is_public: bool) -> None:
    """Prefix, secret, id, type, flags and marker, and the CRC-32 of it all; the SDK's parser agrees."""
    text = key_value(NOWHERE, kind, is_public=is_public)  # type: ignore[arg-type]
    prefix, flags = ("pk", "3") if is_public else ("sk", "1")
    plain = NOWHERE.replace("-", "")
    assert re.fullmatch(rf"{prefix}_[0-9a-hjkmnp-tv-z]{{45}}{plain}{kind}{flags}574ck4u7h[0-9a-f]{{8}}", text)
    assert text[-8:] == f"{zlib.crc32(text[:-8].encode()):08x}"
    read = read_api_key(text)
    assert (read.id, read.owner, read.is_public) == (NOWHERE, kind, is_public)


def test_the_secret_is_shown_once(cast: Cast, ada: Person) -> None:
    """Afterwards there are its last four characters, and the newest key comes first."""
    first, second = made(ada), made(ada, is_public=True)
    assert read_api_key(first).id != read_api_key(second).id
    found = ada(api_keys.list_user_api_keys(user_id="me")).items
    assert [each.value.last_four for each in found] == [second[-4:], first[-4:]]
    assert [each.is_public for each in found] == [True, False]
    assert cast.server(api_keys.check_user_api_key(api_key=first)).user_id == ada.id


def test_keys_expire(cast: Cast, ada: Person) -> None:
    """At their moment; a key without one never does."""
    clock = cast.ask.emulator.clock
    clock.freeze()
    short, endless = made(ada, expires_at_millis=clock.millis() + 1000), made(ada)
    clock.advance(1)
    assert cast.server(api_keys.check_user_api_key(api_key=short)).expires_at_millis == clock.millis()
    clock.advance(0.001)
    assert cast.server.refused(api_keys.check_user_api_key(api_key=short)) == (401, "API_KEY_EXPIRED")
    clock.advance(10**8)
    assert cast.server(api_keys.check_user_api_key(api_key=endless)).expires_at_millis is None


def test_revoking_is_for_good(cast: Cast, ask: Asker, ada: Person) -> None:
    """The moment is kept, however often it is asked for, and the description can still change."""
    text = made(ada)
    key_id = read_api_key(text).id
    revoked = ada(api_keys.update_user_api_key(key_id, revoked=True)).manually_revoked_at_millis
    cast.ask.emulator.clock.advance(60)
    assert ada(api_keys.update_user_api_key(key_id, revoked=True)).manually_revoked_at_millis == revoked
    assert ada(api_keys.update_user_api_key(key_id, description="old")).description == "old"
    assert ask.client("PATCH", f"/user-api-keys/{key_id}", {"revoked": False}, **ada.headers).status == 400
    assert cast.server.refused(api_keys.check_user_api_key(api_key=text)) == (401, "API_KEY_REVOKED")


def test_the_date_of_a_key_cannot_be_changed(ask: Asker, ada: Person) -> None:
    """The API knows no such field in a change."""
    key_id = read_api_key(made(ada)).id
    changed = ask.client("PATCH", f"/user-api-keys/{key_id}", {"expires_at_millis": 5}, **ada.headers)
    assert changed.headers["x-stack-known-error"] == "SCHEMA_ERROR"


def test_team_keys_are_for_those_who_manage_them(cast: Cast, ada: Person) -> None:
    """Others do not even learn that keys exist."""
    bob = cast.person("bob")
    team = ada(create_team(display_name="Engines"))
    cast.server(add_team_member(team.id, bob.id))
    creating = api_keys.create_team_api_key(team_id=team.id, description="k", expires_at_millis=None)
    key = ada(creating)
    reading = api_keys.get_team_api_key(key.id, team_id=team.id)
    listing = api_keys.list_team_api_keys(team_id=team.id)
    changing = api_keys.update_team_api_key(key.id, team_id=team.id, description="x")
    for operation in (creating, reading, listing, changing):
        assert bob.refused(operation) == NOT_FOUND
        assert cast.visitor.refused(operation) == (401, "USER_AUTHENTICATION_REQUIRED")
    cast.server(grant_team_permission(team.id, bob.id, "$manage_api_keys"))
    assert bob(reading).value.last_four == key.value.reveal()[-4:]
    assert [each.id for each in bob(listing).items] == [key.id]


def test_kinds_are_apart(cast: Cast, ada: Person) -> None:
    """A user's key is no team key, and the other way round."""
    team = ada(create_team(display_name="Engines"))
    of_team = ada(api_keys.create_team_api_key(team_id=team.id, description="k", expires_at_millis=None))
    of_user = read_api_key(made(ada))
    assert ada.refused(api_keys.get_user_api_key(of_team.id)) == NOT_FOUND
    assert ada.refused(api_keys.get_team_api_key(of_user.id, team_id=team.id)) == NOT_FOUND
    assert cast.server.refused(api_keys.check_user_api_key(api_key=of_team.value)) == (400, "WRONG_API_KEY_TYPE")


def test_a_missing_owner_gets_no_key(cast: Cast) -> None:
    """Servers of April fail here, as recordings show."""
    for_missing_user = api_keys.create_user_api_key(user_id=NOWHERE, description="k", expires_at_millis=None)
    assert cast.server.refused(for_missing_user) == (400, "USER_ID_DOES_NOT_EXIST")
    for_no_team = api_keys.create_team_api_key(team_id=NOWHERE, description="k", expires_at_millis=None)
    assert cast.server.refused(for_no_team) == (404, "TEAM_NOT_FOUND")


def test_keys_go_with_their_user(cast: Cast, ask: Asker, ada: Person) -> None:
    """The key of a deleted user is unknown."""
    text = made(ada)
    ask.server("DELETE", f"/users/{ada.id}")
    assert cast.server.refused(api_keys.check_user_api_key(api_key=text)) == NOT_FOUND


def test_switched_off_keys_cannot_be_used(cast: Cast, ada: Person) -> None:
    """Neither made nor listed nor checked."""
    text = made(ada)
    cast.settings(apiKeys__enabled__user=False)
    refused = (400, "User API keys are not enabled for this project.")
    assert cast.server.refused(api_keys.check_user_api_key(api_key=text)) == refused
    assert ada.refused(api_keys.list_user_api_keys(user_id="me")) == refused
    assert ada.refused(api_keys.get_user_api_key(read_api_key(text).id)) == refused


def test_a_leaked_key_is_revoked_and_its_user_notified(cast: Cast, ask: Asker, ada: Person) -> None:
    """Without any key of the project, once; reporting it again changes nothing."""
    text = made(ada)
    assert ask.plain("POST", REVOKE, {"api_key": text}).json() == {"success": True}
    assert ask.plain("POST", REVOKE, {"api_key": text}).json() == {"success": True}
    assert cast.server.refused(api_keys.check_user_api_key(api_key=text)) == (401, "API_KEY_REVOKED")
    assert [mail.kind for mail in cast.mails(ada.email)] == ["api_key_revoked"]
    assert text not in cast.mails(ada.email)[0].text


def test_a_leaked_key_of_a_team_is_reported_to_its_managers(cast: Cast, ask: Asker, ada: Person) -> None:
    """Members without the permission get no email."""
    bob = cast.person("bob")
    team = ada(create_team(display_name="Engines"))
    cast.server(add_team_member(team.id, bob.id))
    key = ada(api_keys.create_team_api_key(team_id=team.id, description="k", expires_at_millis=None))
    ask.plain("POST", REVOKE, {"api_key": key.value.reveal()})
    assert (len(cast.mails(ada.email)), len(cast.mails(bob.email))) == (1, 0)


@pytest.mark.parametrize("body", [{}, {"api_key": None}, {"api_key": 5}, {"api_key": "x", "more": 1}, [], "x", None])
def test_scanners_must_name_a_key(ask: Asker, body: object) -> None:
    """Anything but one text is a SCHEMA_ERROR."""
    reply = ask.plain("POST", REVOKE, body)
    assert (reply.status, reply.headers.get("x-stack-known-error")) == (400, "SCHEMA_ERROR")
