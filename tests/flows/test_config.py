"""The configuration: its secrets are masked, and sent back unchanged."""

import json
from typing import Any

from hexclave import Secret
from hexclave._messages import Reply
from tests.surface.recording import recorded

STORED = {
    "auth.password.allowSignIn": True,
    "auth": {"oauth": {"providers": {"github": {"clientId": "id", "clientSecret": "provider-secret"}}}},
    "emails.server.password": "mail-password",
    "lists": [{"password": "listed-password"}],
    "dbSync.externalDatabases": {"copy": {"connectionString": "postgres://copy-password"}},
    "sourceOfTruth": {"connectionStrings": {"main": "postgres://main-password"}},
}


def answering(stored: Any) -> Any:
    body = json.dumps({"config_string": json.dumps(stored)}).encode()
    return lambda *_: Reply(200, {"content-type": "application/json"}, body)


def test_secrets_of_the_configuration_do_not_show() -> None:
    app = recorded("admin", answering(STORED)).app
    for read in (app.config.get(), app.config.get_override("environment")):
        shown = f"{read}{read!r}"
        assert "provider-secret" not in shown
        assert "mail-password" not in shown
        assert "listed-password" not in shown
        assert "copy-password" not in shown
        assert "main-password" not in shown
        assert read["emails.server.password"] == Secret("mail-password")
        assert read["auth.password.allowSignIn"] is True


def test_a_configuration_is_written_back_with_its_secrets() -> None:
    read = recorded("admin", answering(STORED)).app.config.get_override("environment")
    recording = recorded("admin", lambda *_: Reply(200, {"content-type": "application/json"}, b'{"success": true}'))
    recording.app.config.replace_override("environment", read)
    ((_, body),) = recording.sent
    assert json.loads(body["config_string"]) == STORED
