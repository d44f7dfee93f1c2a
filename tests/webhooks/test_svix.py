"""The official package and ours accept and refuse the same deliveries."""

import base64
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave.webhooks import InvalidWebhookError, MalformedWebhookError, sign, verify

svix = pytest.importorskip("svix.webhooks", reason="svix is not installed")

bodies = st.text(st.characters(exclude_categories=["Cs"])).map(str.encode)
secrets = st.binary(min_size=24, max_size=64).map(lambda key: f"whsec_{base64.b64encode(key).decode()}")
ids = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-", min_size=1, max_size=40)
now = st.integers(-290, 290).map(lambda age: datetime.fromtimestamp(int(time.time()) - age, UTC))


@given(bodies, secrets, ids, now)
def test_the_official_package_takes_what_we_sign(body: bytes, secret: str, webhook_id: str, sent_at: datetime) -> None:
    headers = sign(body, secret, webhook_id=webhook_id, sent_at=sent_at)
    svix.Webhook(secret).verify(body, headers)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(secret).verify(body + b" ", headers)


@given(bodies, secrets, ids, now)
def test_we_take_what_the_official_package_signs(body: bytes, secret: str, webhook_id: str, sent_at: datetime) -> None:
    signature = svix.Webhook(secret).sign(webhook_id, sent_at, body.decode())
    headers = {
        "svix-id": webhook_id,
        "svix-timestamp": str(int(sent_at.timestamp())),
        "svix-signature": signature,
    }
    with suppress(MalformedWebhookError):  # The signature is valid, but the body is not an event.
        assert verify(body, headers, secret).id == webhook_id
    with pytest.raises(InvalidWebhookError):
        verify(body + b" ", headers, secret)


@pytest.mark.parametrize("age", [-310, 310])
def test_both_refuse_what_is_too_old_or_from_the_future(age: int) -> None:
    secret = f"whsec_{base64.b64encode(bytes(24)).decode()}"
    sent_at = datetime.fromtimestamp(time.time() - age, UTC)
    headers = sign(b"{}", secret, webhook_id="msg_1", sent_at=sent_at)
    with pytest.raises(svix.WebhookVerificationError):
        svix.Webhook(secret).verify(b"{}", headers)
    with pytest.raises(InvalidWebhookError):
        verify(b"{}", headers, secret)
