"""A recording reveals the state before it: traffic of one emulator, without its beginning, replayed on another."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from hexclave_emulator import Emulator, HttpRequest
from hexclave_emulator.mail.messages import MAILS
from tests.contract.conformance.recording import Exchange
from tests.contract.conformance.replay import replay
from tests.contract.conformance.report import details

CALLBACK = "http://localhost:3000/x"


class Recorder:
    """Sends requests to an emulator and records them after `begin()`."""

    def __init__(self) -> None:
        self.emulator = Emulator(release="2026-04")
        self.emulator.clock.freeze()
        self.exchanges: list[Exchange] = []

    def begin(self) -> None:
        self.exchanges.clear()

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Return the reply to the server, or to a client with this access token."""
        ready = self.emulator.ready
        assert ready is not None
        headers = {"x-stack-project-id": ready.project_id}
        if who in ("server", "admin"):
            key = "secret-server-key" if who == "server" else "super-secret-admin-key"
            value = ready.secret_server_key if who == "server" else ready.super_secret_admin_key
            headers |= {"x-stack-access-type": who, f"x-stack-{key}": value}
        else:
            headers |= {"x-stack-access-type": "client", "x-stack-access-token": who}
        if body is not None:
            headers["content-type"] = "application/json"
        self.emulator.clock.advance(1)
        path, _, query_text = f"/api/v1{path}".partition("?")
        query = dict(parse_qsl(query_text))
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.emulator.handle(HttpRequest(method, path, list(query.items()), headers, content))
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        said = reply.json() if is_json else reply.content.decode() or None
        received = {name.lower(): value for name, value in reply.headers.items()}
        number = len(self.exchanges) + 1
        self.exchanges.append(
            Exchange("own", number, None, method, path, query, headers, body, reply.status, received, said)
        )
        return said

    def user(self, name: str) -> tuple[str, str]:
        """Return the id of a new user with a verified address, and an access token."""
        address = {"primary_email": f"{name}@example.com", "primary_email_verified": True, "display_name": name}
        user_id = self.ask("server", "POST", "/users", address)["id"]
        return user_id, self.ask("server", "POST", "/auth/sessions", {"user_id": user_id})["access_token"]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def check(recorder: Recorder, *statuses: int) -> None:
    """Check that every reply is replayed unchanged; `statuses` checks that the scenario does what it should."""
    assert [each.status for each in recorder.exchanges] == list(statuses)
    different = [each for each in replay(recorder.exchanges, recorder.exchanges) if each.differences]
    assert not different, details({"own": different})


def test_members_of_before_are_known(recorder: Recorder) -> None:
    """Members, their order and their permissions in the team."""
    (ada, ada_token), (bob, bob_token), (eve, _) = [recorder.user(name) for name in ("ada", "bob", "eve")]
    team = recorder.ask("server", "POST", "/teams", {"display_name": "Engines", "creator_user_id": ada})["id"]
    recorder.ask("server", "POST", f"/team-memberships/{team}/{bob}", {})
    recorder.begin()
    recorder.ask("server", "POST", f"/team-memberships/{team}/{bob}", {})
    recorder.ask("server", "POST", f"/team-memberships/{team}/{eve}", {})
    recorder.ask(bob_token, "GET", f"/team-member-profiles?team_id={team}")
    recorder.ask(bob_token, "DELETE", f"/team-memberships/{team}/{eve}")
    recorder.ask(ada_token, "DELETE", f"/team-memberships/{team}/{eve}")
    recorder.ask(bob_token, "DELETE", f"/team-memberships/{team}/me")
    recorder.ask(bob_token, "PATCH", f"/teams/{team}", {"display_name": "x"})
    recorder.ask("server", "GET", f"/team-permissions?team_id={team}&recursive=true")
    check(recorder, 409, 201, 200, 401, 200, 200, 404, 200)


def test_invitations_of_before_are_known(recorder: Recorder) -> None:
    """Users who join during the scenario were not members before it."""
    (ada, ada_token), (_, bob_token) = [recorder.user(name) for name in ("ada", "bob")]
    team = recorder.ask("server", "POST", "/teams", {"display_name": "Engines", "creator_user_id": ada})["id"]
    invitation = {"team_id": team, "email": "bob@example.com", "callback_url": CALLBACK}
    recorder.ask(ada_token, "POST", "/team-invitations/send-code", invitation)
    recorder.begin()
    (found,) = recorder.ask(bob_token, "GET", "/team-invitations?user_id=me")["items"]
    recorder.ask(bob_token, "POST", f"/team-invitations/{found['id']}/accept?user_id=me", {})
    recorder.ask(bob_token, "GET", f"/teams/{team}")
    recorder.ask(bob_token, "DELETE", f"/team-invitations/{found['id']}?team_id={team}")
    check(recorder, 200, 200, 200, 401)


def test_keys_and_permissions_of_before_are_known(recorder: Recorder) -> None:
    """Keys work, definitions are listed, and grants hold."""
    ada, token = recorder.user("ada")
    given = {"user_id": ada, "description": "old", "expires_at_millis": None}
    key = recorder.ask("server", "POST", "/user-api-keys", given)
    recorder.ask("admin", "POST", "/project-permission-definitions", {"id": "read", "description": "Read"})
    recorder.ask("server", "POST", f"/project-permissions/{ada}/read", {})
    recorder.begin()
    recorder.ask(token, "GET", f"/user-api-keys/{key['id']}")
    recorder.ask("server", "POST", "/user-api-keys/check", {"api_key": key["value"]})
    recorder.ask(token, "PATCH", f"/user-api-keys/{key['id']}", {"revoked": True})
    recorder.ask("server", "POST", "/user-api-keys/check", {"api_key": key["value"]})
    recorder.ask("admin", "GET", "/project-permission-definitions")
    recorder.ask(token, "GET", "/project-permissions?user_id=me")
    check(recorder, 200, 200, 200, 401, 200, 200)


def test_channels_and_preferences_of_before_are_known(recorder: Recorder) -> None:
    """Addresses keep their ids, and a code from an email is found in the other emulator's email."""
    _, token = recorder.user("ada")
    second = {"user_id": "me", "value": "second@example.com", "type": "email", "used_for_auth": False}
    recorder.ask(token, "POST", "/contact-channels", second)
    marketing = "/emails/notification-preference/me/4f6f8873-3d04-46bd-8bef-18338b1a1b4c"
    recorder.ask(token, "PATCH", marketing, {"enabled": False})
    recorder.begin()
    channels = recorder.ask(token, "GET", "/contact-channels?user_id=me")["items"]
    (channel,) = [each for each in channels if each["value"] == second["value"]]  # in no particular order
    place = f"/contact-channels/me/{channel['id']}"
    recorder.ask(token, "POST", f"{place}/send-verification-code", {"callback_url": CALLBACK})
    code = recorder.emulator.state[MAILS].where(to="second@example.com")[0].code
    recorder.ask(token, "POST", "/contact-channels/verify", {"code": code})
    recorder.ask(token, "PATCH", place, {"is_primary": True})
    recorder.ask(token, "GET", "/users/me")
    recorder.ask(token, "DELETE", place)
    recorder.ask(token, "DELETE", place)
    recorder.ask(token, "GET", "/emails/notification-preference/me")
    check(recorder, 200, 200, 200, 200, 200, 200, 400, 200)
