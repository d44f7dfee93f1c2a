"""No secret and no personal data in 10,000 spans, their metrics and logs, of real flows that succeed and fail."""

import json
import logging
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexclave import HexclaveError, Secret
from hexclave.integrations.opentelemetry import instrument
from hexclave.testing import RunningEmulator, emulator
from hexclave.webhooks import Router, sign
from hexclave_api.secret import secrets_in
from tests.integrations.recording import Recorded

SPANS = 10_000
REPEATED = 60
"""Cheap calls in each round, because passwords are slow to hash."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STORES = {"dataVault.stores": {"tokens": {"displayName": "Tokens"}}}


class Run:
    """One round of flows with values that occur nowhere else, which it collects."""

    def __init__(self, hx: RunningEmulator, recorded: Recorded, found: set[str]) -> None:
        self.hx, self.recorded, self.found = hx, recorded, found
        self.server = self.watched(hx.server_app(timeout=5))
        self.router = Router(hx.webhook_secret)
        self.watched(self.router)
        self.router.on("user.deleted")(lambda event: None)

    def watched(self, target: Any) -> Any:
        instrument(target, **self.recorded.providers)
        return target

    def private(self, text: str) -> str:
        self.found.add(text)
        return text

    def fails(self, call: Any, *arguments: Any, **more: Any) -> None:
        with pytest.raises(HexclaveError):
            call(*arguments, **more)

    def __call__(self) -> None:
        hx, server, name = self.hx, self.server, uuid.uuid4().hex
        email, password = self.private(f"{name}@example.com"), self.private(f"correct horse {name}")
        browser = self.watched(hx.client_app())
        browser.auth.sign_up_with_password(email=email, password=password)
        self.fails(hx.client_app().auth.sign_up_with_password, email=email, password=password)
        wrong = self.private(f"wrong {name}")
        self.fails(self.watched(hx.client_app()).auth.sign_in_with_password, email=email, password=wrong)
        browser.auth.sign_in_with_password(email=email, password=password)
        tokens = [browser.auth.get_access_token(), browser.auth.get_refresh_token()]
        self.found |= {token.reveal() for token in tokens if token is not None}
        access = tokens[0].reveal()
        user = browser.me.get()
        self.found.add(user.id)
        server.users.list(query=email)
        server.users.update(user.id, display_name=self.private(f"Ada {name}"), server_metadata={"note": f"note {name}"})
        self.private(f"note {name}")
        key = server.api_keys.create(user.id, description="laptop", expires_at=datetime.now(UTC) + timedelta(days=1))
        self.found |= {secret.reveal() for secret in secrets_in([key.value])}
        server.users.get_by_api_key(key.value)
        self.fails(server.users.get, self.private(str(uuid.uuid4())))
        self.fails(server.users.create, primary_email=email, primary_email_auth_enabled=True)
        server.verifier.verify(access)
        self.fails(server.verifier.verify, access[:-10] + "AAAAAAAAAA")
        server.authenticate({"authorization": f"Bearer {access}"})
        server.authenticate({"x-api-key": key.value.reveal()}, api_keys={"user"})
        server.authenticate({"x-stack-access-token": self.private(f"nonsense.{name}.token")}, mode="api")
        server.data_vault.set(
            "tokens", self.private(f"key {name}"), self.private(f"value {name}"), secret=self.private(f"vault {name}")
        )
        self.handle_deliveries(user.id, email)
        for _ in range(REPEATED):
            browser.me.get()
            server.users.list(query=email, limit=1)
            self.fails(server.users.create, primary_email=email, primary_email_auth_enabled=True)
        browser.auth.sign_out()

    def handle_deliveries(self, user_id: str, email: str) -> None:
        secret, webhook_id = self.hx.webhook_secret, self.private(f"msg_{uuid.uuid4().hex}")
        body = json.dumps({"type": "user.deleted", "data": {"id": user_id, "teams": [], "email": email}}).encode()
        headers = sign(body, secret, webhook_id=webhook_id, sent_at=datetime.now(UTC))
        assert self.router.handle(body, headers).outcome == "handled"
        self.fails(self.router.handle, body, {**headers, "svix-signature": "v1,AAAA"})


def test_no_secret_is_in_ten_thousand_spans(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "hexclave")
    recorded, found = Recorded(), set[str]()
    with emulator() as hx:
        hx.admin_app().config.update_override("environment", STORES)
        project = hx.project
        found |= {project.publishable_client_key, project.secret_server_key, project.super_secret_admin_key}
        found.add(str(Secret(hx.webhook_secret).reveal()))
        rounds = Run(hx, recorded, found)
        while len(recorded.exporter.get_finished_spans()) < SPANS:
            rounds()
    spans = recorded.spans
    assert {"hexclave.verify", "hexclave.authenticate", "hexclave.webhook", "hexclave.create_user"} <= {
        span.name for span in spans
    }
    assert sum("error.type" in (span.attributes or {}) for span in spans) > 1_000
    data = recorded.reader.get_metrics_data()
    assert data is not None
    assert caplog.records
    records = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    text = "\n".join([*(span.to_json(indent=None) for span in spans), data.to_json(indent=None)])
    leaked = {each for each in found if each in text}
    assert not leaked
    secrets = {each for each in found if not each.endswith("@example.com") and not UUID.fullmatch(each)}
    written = "\n".join(records)
    assert not {each for each in secrets if each in written}
    assert len(found) > 100
    # Few names and values: what a backend for traces and metrics can group by.
    assert len({span.name for span in spans}) < 50
    values = {(name, value) for span in spans for name, value in (span.attributes or {}).items()}
    assert len({name for name, _ in values if name != "hexclave.request_id"}) < 20
    assert len([value for name, value in values if name != "hexclave.request_id"]) < 200
