"""Events of Sentry, as its own SDK would send them."""

import asyncio
import json

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from hexclave import HexclaveError, Retries, Secret
from hexclave.integrations.sentry import HexclaveIntegration
from hexclave.testing import emulator

PASSWORD = "correct horse battery 73"
EMAIL = "sentry@example.com"
DSN = "https://public@sentry.example.com/1"


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self):
        super().__init__()
        self.envelopes = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    @property
    def text(self):
        return b"\n".join(envelope.serialize() for envelope in self.envelopes).decode()

    @property
    def events(self):
        return [json.loads(json.dumps(e.get_event())) for e in self.envelopes if e.get_event() is not None]


@pytest.fixture(scope="module")
def hx():
    with emulator() as hx:
        yield hx


def started(*integrations):
    transport = Kept()
    sentry_sdk.init(
        dsn=DSN, transport=transport, integrations=list(integrations), traces_sample_rate=0, default_integrations=False
    )
    return transport


@pytest.fixture
def plain():
    yield started()
    sentry_sdk.init()


@pytest.fixture
def kept():
    yield started(HexclaveIntegration())
    sentry_sdk.init()


def captured(call, *arguments, **more):
    with pytest.raises(HexclaveError) as caught:
        call(*arguments, **more)
    sentry_sdk.capture_exception(caught.value)


def secrets_of(hx):
    project = hx.project
    keys = {project.publishable_client_key, project.secret_server_key, project.super_secret_admin_key}
    return {each.reveal() if isinstance(each, Secret) else each for each in keys}


def fail_in_many_ways(hx):
    """Capture failures of many kinds, and return the secrets that took part."""
    server, client = hx.server_app(retries=Retries.OFF), hx.client_app(retries=Retries.OFF)
    client.auth.sign_up_with_password(email=EMAIL, password=PASSWORD)
    access, refresh = client.auth.get_access_token().reveal(), client.auth.get_refresh_token().reveal()
    captured(server.users.create, primary_email=EMAIL, primary_email_auth_enabled=True, password=PASSWORD)
    captured(hx.client_app().auth.sign_up_with_password, email=EMAIL, password=PASSWORD)
    captured(hx.client_app().auth.sign_in_with_password, email=EMAIL, password="wrong horse 73")
    captured(server.verifier.verify, access[:-8] + "AAAAAAAA")
    for fault in ({"status": 500, "body": "broken"}, {"status": 200, "body": [1]}, {"reset": True}, {"status": 429}):
        hx.fail_next(**fault)
        captured(client.me.update, display_name="a name 73")

    async def main():
        async with hx.async_server_app(retries=Retries.OFF) as app:
            hx.fail_next(503)
            try:
                await app.users.create(primary_email=EMAIL, password=PASSWORD)
            except HexclaveError as error:
                sentry_sdk.capture_exception(error)

    asyncio.run(main())
    hx.fail_next(path="/api/v1/auth/sessions/current/refresh", status=500)
    hx.clock.advance(3600)
    captured(client.me.get)
    return secrets_of(hx) | {access, refresh}


def test_no_secret_is_in_an_event_even_without_the_integration(hx, plain):
    """Sentry sends the local variables of all frames; this test's own are its business."""
    secrets = fail_in_many_ways(hx)
    assert len(plain.events) >= 10
    ours = [frame for event in plain.events for frame in frames(event) if is_ours(frame)]
    assert any(frame.get("vars") for frame in ours), "Sentry sends local variables"
    text = json.dumps([[frame.get("vars") for frame in ours], [message(event) for event in plain.events]])
    for secret in {*secrets, PASSWORD, "wrong horse 73"}:
        assert secret not in text
    hx.reset()


def test_no_body_is_in_an_event_with_the_integration(hx, kept):
    secrets = fail_in_many_ways(hx)
    ours = [frame for event in kept.events for frame in frames(event) if is_ours(frame)]
    assert ours
    assert not [frame for frame in ours if "vars" in frame]
    text = "\n".join(json.dumps({**event, "exception": [message(event), ours]}) for event in kept.events)
    for private in {*secrets, PASSWORD, EMAIL, "wrong horse 73", "a name 73"}:
        assert private not in text
    hx.reset()


def frames(event):
    return [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]


def message(event):
    return [(value["type"], value["value"]) for value in event["exception"]["values"]]


def is_ours(frame):
    return frame["module"].split(".")[0] in ("hexclave", "hexclave_api")


def test_errors_group_by_class_and_operation(hx, kept):
    app = hx.server_app(retries=Retries.OFF)
    for name in ("Ada", "Lin"):
        captured(app.users.get, f"00000000-0000-4000-8000-{name.encode().hex():0>12}")
    captured(app.users.delete, "00000000-0000-4000-8000-000000000000")
    hx.fail_next(500)
    captured(app.users.get, "00000000-0000-4000-8000-000000000000")
    prints = [event["fingerprint"] for event in kept.events]
    assert prints == [
        ["hexclave", "UserNotFound", "get_user"],
        ["hexclave", "UserNotFound", "get_user"],
        ["hexclave", "UserNotFound", "delete_user"],
        ["hexclave", "ServerError", "get_user"],
    ]
    first = kept.events[0]
    assert first["tags"] == {"hexclave.operation": "get_user", "hexclave.code": "USER_NOT_FOUND"}
    facts = first["contexts"]["hexclave"]
    assert (facts["operation"], facts["method"], facts["status"], facts["attempts"]) == ("get_user", "GET", 404, 1)
    assert facts["request_id"]


def test_a_fingerprint_of_the_program_is_kept(hx, kept):
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = ["mine"]
        captured(hx.server_app().users.get, "00000000-0000-4000-8000-000000000000")
    (event,) = kept.events
    assert event["fingerprint"] == ["mine"]


def test_other_errors_are_left_alone_and_credentials_in_headers_are_filtered(kept):
    def add_request(event, _hint):
        event["request"] = {
            "headers": {
                "X-Stack-Access-Token": "eyJ0.access.token",
                "x-hexclave-refresh-token": "refreshtoken",
                "X-Stack-Auth": "{}",
                "X-Api-Key": "user_key",
                "X-Stack-Project-Id": "project-1",
                "Accept": "text/html",
            }
        }
        return event

    with sentry_sdk.new_scope() as scope:
        scope.add_event_processor(add_request)
        scope.set_transaction_name("page")
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            sentry_sdk.capture_exception(error)
    (event,) = kept.events
    assert "fingerprint" not in event
    assert "hexclave" not in event.get("contexts", {})
    filtered = {name for name, value in event["request"]["headers"].items() if value == "[Filtered]"}
    assert filtered == {"X-Stack-Access-Token", "x-hexclave-refresh-token", "X-Stack-Auth", "X-Api-Key"}
    assert frames(event)[-1]["vars"]


def test_a_client_without_the_integration_gets_events_unchanged(hx, kept):
    transport = started()
    captured(hx.server_app().users.get, "00000000-0000-4000-8000-000000000000")
    assert "fingerprint" not in transport.events[0]
    assert kept.events == []
