"""Verification of deliveries, and their events."""

import base64
import hmac
import json
import pickle
import time
import traceback
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave.webhooks import (
    InvalidWebhookError,
    MalformedWebhookError,
    UnknownEvent,
    WebhookEvent,
    WebhookHeadersError,
    WebhookSignatureError,
    WebhookTimestampError,
    sign,
    verify,
)
from hexclave_api.models import ProjectPermissionCreatedEvent, TeamDeletedEvent, UserCreatedEvent
from hexclave_api.secret import Secret
from hexclave_api.webhooks import EVENTS

SECRET = f"whsec_{base64.b64encode(b'not a real webhook secret, bytes').decode()}"
OTHER = f"whsec_{base64.b64encode(b'another one that is not real yet').decode()}"
NOW = 1_800_000_000
BODY = json.dumps({"type": "user.created", "data": {"id": "user-1", "display_name": "Ada"}}).encode()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)


def headers(body: bytes = BODY, secret: str = SECRET, *, at: int = NOW, webhook_id: str = "msg_1") -> dict[str, str]:
    return sign(body, secret, webhook_id=webhook_id, sent_at=datetime.fromtimestamp(at, UTC))


def refused(kind: type[HexclaveError], body: Any = BODY, sent: Any = None, secrets: Any = SECRET) -> HexclaveError:
    with pytest.raises(kind) as caught:
        verify(body, headers() if sent is None else sent, secrets)
    assert type(caught.value) is kind
    return caught.value


def event_of(value: object) -> WebhookEvent[Any]:
    body = json.dumps(value).encode()
    return verify(body, headers(body), SECRET)


# Events


def test_a_genuine_delivery_is_a_typed_event() -> None:
    event = verify(BODY, headers(), SECRET)
    assert (event.id, event.type, event.sent_at) == ("msg_1", "user.created", datetime(2027, 1, 15, 8, tzinfo=UTC))
    assert isinstance(event.body, UserCreatedEvent)
    assert (event.body.data.id, event.body.data.display_name) == ("user-1", "Ada")


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_described_event_is_read_by_its_model(kind: str) -> None:
    event = event_of({"type": kind, "data": {"id": "x"}})
    assert type(event.body) is EVENTS[kind]
    assert event.body.type == kind


def test_events_that_only_the_backend_knows_of_are_typed_too() -> None:
    event = event_of({"type": "project_permission.created", "data": {"id": "admin", "user_id": "user-1"}})
    assert isinstance(event.body, ProjectPermissionCreatedEvent)
    assert event.body.data.user_id == "user-1"
    deleted = event_of({"type": "team.deleted", "data": {"id": "team-1"}})
    assert isinstance(deleted.body, TeamDeletedEvent)


@pytest.mark.parametrize("data", [{"id": "1"}, [], None, "x", 7])
def test_an_unknown_event_is_no_error(data: object) -> None:
    event = event_of({"type": "nobody.knows", "data": data, "more": 1})
    assert event.body == UnknownEvent("nobody.knows", data)


def test_an_event_can_be_pickled_for_a_queue() -> None:
    event = verify(BODY, headers(), SECRET)
    assert pickle.loads(pickle.dumps(event)) == event


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"type": "user.created"}',
        b'{"type": 7, "data": {}}',
        b'{"data": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_genuine_body_that_is_no_event_is_refused(body: bytes) -> None:
    refused(MalformedWebhookError, body, headers(body))


def test_a_known_event_with_other_content_is_refused_with_the_place() -> None:
    body = b'{"type": "user.created", "data": "user-1"}'
    assert "/data" in refused(MalformedWebhookError, body, headers(body)).message


# Signatures


@pytest.mark.parametrize("change", [b" ", b"\n", b"\0"])
def test_a_changed_body_is_refused(change: bytes) -> None:
    refused(WebhookSignatureError, BODY + change)
    refused(WebhookSignatureError, change + BODY)
    refused(WebhookSignatureError, BODY.replace(b": ", b":"))


@pytest.mark.parametrize("name", ["svix-id", "svix-timestamp"])
def test_changed_headers_are_refused(name: str) -> None:
    sent = headers()
    sent[name] = sent[name][:-1] + "7"
    refused(WebhookSignatureError, sent=sent)


def test_another_secret_is_refused() -> None:
    refused(WebhookSignatureError, secrets=OTHER)
    refused(WebhookSignatureError, sent=headers(secret=OTHER))


def test_any_of_several_secrets_may_have_signed() -> None:
    for secrets in ([OTHER, SECRET], (SECRET, OTHER), {Secret(SECRET), Secret(OTHER)}, iter([OTHER, SECRET])):
        assert verify(BODY, headers(), secrets).id == "msg_1"
    refused(WebhookSignatureError, secrets=[OTHER, OTHER])


def test_any_of_several_signatures_may_fit() -> None:
    good = headers()["svix-signature"]
    for text in (
        f"{headers(secret=OTHER)['svix-signature']} {good}",
        f"v2,abc v1a,def {good} v1,",
        f"{good} {good}",
        f" {good} ",
    ):
        assert verify(BODY, headers() | {"svix-signature": text}, SECRET).id == "msg_1"


@pytest.mark.parametrize("version", ["v1a,", "v2,", "V1,", "v1:", "", "v1"])
def test_signatures_of_other_schemes_do_not_count(version: str) -> None:
    text = version + headers()["svix-signature"].removeprefix("v1,")
    refused(WebhookSignatureError, sent=headers() | {"svix-signature": text})


@pytest.mark.parametrize("text", ["v1,", "v1,\u00e9", "v1,\ud800", "v1, ", "v1," + "A" * 100_000, "\0"])
def test_strange_signatures_do_not_fit(text: str) -> None:
    refused(WebhookSignatureError, sent=headers() | {"svix-signature": text})


def test_the_names_of_standard_webhooks_are_read_too() -> None:
    sent = {name.replace("svix", "Webhook"): value for name, value in headers().items()}
    assert verify(BODY, sent, SECRET).id == "msg_1"
    mixed = headers() | {"webhook-id": "msg_2"}
    assert verify(BODY, mixed, SECRET).id == "msg_1"
    del mixed["svix-id"]
    refused(WebhookHeadersError, sent=mixed)


# Headers and time


@pytest.mark.parametrize("name", ["svix-id", "svix-timestamp", "svix-signature"])
def test_every_header_must_be_there_once(name: str) -> None:
    sent = headers()
    value = sent.pop(name)
    assert name in refused(WebhookHeadersError, sent=sent).message
    refused(WebhookHeadersError, sent=[*sent.items(), (name, value), (name, value + "1")])


@pytest.mark.parametrize(
    "text", ["", "now", "-1", "1.5", "1e9", " 1", "0x1", "\u0661" * 10, "9" * 12, "9" * 5000, "nan", "inf", "\0"]
)
def test_a_timestamp_is_a_number_of_seconds(text: str) -> None:
    refused(WebhookHeadersError, sent=headers() | {"svix-timestamp": text})


@pytest.mark.parametrize("webhook_id", ["", "x" * 257])
def test_an_empty_or_endless_id_is_refused(webhook_id: str) -> None:
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{webhook_id}.{NOW}.".encode() + BODY, "sha256")).decode()
    genuine = {"svix-id": webhook_id, "svix-timestamp": str(NOW), "svix-signature": f"v1,{signature}"}
    refused(WebhookHeadersError, sent=genuine)
    with pytest.raises(UnsafeUseError, match="webhook_id"):
        headers(webhook_id=webhook_id)


def test_an_id_may_be_as_long_as_the_longest() -> None:
    assert verify(BODY, headers(webhook_id="x" * 256), SECRET).id == "x" * 256


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_a_delivery_counts_for_five_minutes(age: int) -> None:
    assert verify(BODY, headers(at=NOW - age), SECRET).sent_at.timestamp() == NOW - age


@pytest.mark.parametrize("age", [-301, 301, 86_400])
def test_a_delivery_that_is_played_again_is_refused(age: int) -> None:
    refused(WebhookTimestampError, sent=headers(at=NOW - age))


def test_the_tolerance_can_be_changed() -> None:
    assert verify(BODY, headers(at=NOW - 3600), SECRET, tolerance=timedelta(hours=1)).id == "msg_1"
    with pytest.raises(WebhookTimestampError):
        verify(BODY, headers(at=NOW - 2), SECRET, tolerance=timedelta(seconds=1))


# Mistakes of the caller


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (json.loads(BODY), "parsed"),
        ([], "parsed"),
        (BODY.decode(), "str"),
        (None, "NoneType"),
        (memoryview(BODY), "memoryview"),
    ],
)
def test_a_body_must_be_the_bytes_received(body: object, word: str) -> None:
    error = refused(UnsafeUseError, body)
    assert word in error.message
    assert "request.body" in error.message


def test_a_bytearray_is_bytes() -> None:
    assert verify(bytearray(BODY), headers(), SECRET).id == "msg_1"


@pytest.mark.parametrize(
    "secrets", ["", "whsec_", "whsec_!", "whsec_abc", [], [""], [None], None, 7, b"whsec_", [SECRET, ""], "ssk_x"]
)
def test_a_secret_that_is_none_is_refused_before_anything_is_looked_at(secrets: Any) -> None:
    refused(UnsafeUseError, secrets=secrets)


def test_no_error_shows_a_secret() -> None:
    for body, secrets in ((BODY + b" ", SECRET), (BODY, [SECRET, "whsec_!"]), ("text", [SECRET])):
        with pytest.raises((InvalidWebhookError, UnsafeUseError)) as caught:
            verify(body, headers(), secrets)  # type: ignore[arg-type]
        for frame in traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack:
            if "hexclave/" in frame.filename:
                assert SECRET.removeprefix("whsec_") not in str(frame.locals)
        assert SECRET not in caught.value.explain()


def test_errors_survive_pickling_and_name_the_public_module() -> None:
    error = pickle.loads(pickle.dumps(refused(WebhookSignatureError, BODY + b" ")))
    assert type(error) is WebhookSignatureError
    assert WebhookSignatureError.__module__ == InvalidWebhookError.__module__ == "hexclave.webhooks"
