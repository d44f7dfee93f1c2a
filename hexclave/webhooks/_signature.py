"""Signatures of deliveries, in the format of Svix and Standard Webhooks."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from hexclave._request_headers import header_values
from hexclave.errors import UnsafeUseError
from hexclave.webhooks._errors import WebhookHeadersError, WebhookSignatureError, WebhookTimestampError
from hexclave_api.secret import Secret, SecretText

Secrets: TypeAlias = SecretText | Iterable[SecretText]

TOLERANCE: Final = timedelta(minutes=5)

_PREFIXES: Final = ("svix", "webhook")
_HEADERS: Final = frozenset(f"{prefix}-{name}" for prefix in _PREFIXES for name in ("id", "timestamp", "signature"))
_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}")
_LONGEST_ID: Final = 256


@attrs.frozen
class Envelope:
    """The headers of a verified delivery."""

    id: str
    timestamp: int
    """Unix time of the signature."""


def check_tolerance(tolerance: object) -> None:
    """Raise unless the value is a duration.

    Raises:
        UnsafeUseError: it is not a `timedelta`, or is negative.
    """
    if not isinstance(tolerance, timedelta) or tolerance < timedelta(0):
        raise UnsafeUseError(f"tolerance must be a timedelta, such as timedelta(minutes=5), not {tolerance!r}.")


def check(body: bytes, headers: object, secrets: list[Secret], tolerance: timedelta = TOLERANCE) -> Envelope:
    """Verify a delivery and return its headers.

    Raises:
        WebhookHeadersError: a header is missing or malformed.
        WebhookSignatureError: no signature matches one of the secrets.
        WebhookTimestampError: the timestamp is outside the tolerance.
        UnsafeUseError: `body` is not bytes, or `headers` are not headers.
    """
    _check_raw(body)
    check_tolerance(tolerance)
    sent = header_values(headers, _HEADERS)
    prefix = next((prefix for prefix in _PREFIXES if f"{prefix}-signature" in sent), _PREFIXES[0])
    webhook_id, timestamp, signatures = (_single(sent, f"{prefix}-{name}") for name in ("id", "timestamp", "signature"))
    # Deliveries are deduplicated by ID, so an empty one would stand for all without an ID.
    if not webhook_id or len(webhook_id) > _LONGEST_ID or not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookHeadersError(f"The header {prefix}-id or {prefix}-timestamp is malformed.")
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    expected = [_sign(secret, signed) for secret in secrets]
    given = [
        signature[3:].encode("utf-8", "surrogatepass")
        for signature in signatures.split(" ")
        if signature.startswith("v1,")
    ]
    if not any(hmac.compare_digest(one, other) for one in expected for other in given):
        raise WebhookSignatureError("The webhook's signature does not match its body and the secret.")
    if abs(time.time() - int(timestamp)) > tolerance.total_seconds():
        raise WebhookTimestampError(f"The webhook was not signed within {tolerance.total_seconds():g} s of now.")
    return Envelope(webhook_id, int(timestamp))


def read_secrets(secrets: Secrets) -> list[Secret]:
    """Return the secrets, wrapped and validated.

    Raises:
        UnsafeUseError: there are none, or one is not `whsec_` and base64.
    """
    given: Iterable[object] = (secrets,) if isinstance(secrets, str) or not isinstance(secrets, Iterable) else secrets
    wrapped = [Secret(secret) if isinstance(secret, str) and secret else secret for secret in given]
    # A traceback with locals must not show a secret.
    del secrets, given
    readable = [secret for secret in wrapped if isinstance(secret, Secret) and _is_readable(secret)]
    if not wrapped or len(readable) < len(wrapped):
        raise UnsafeUseError(
            "A webhook secret must be whsec_ followed by base64: copy it from the endpoint's page in the dashboard."
        )
    return readable


def sign(body: bytes, secret: SecretText, *, webhook_id: str, sent_at: datetime) -> dict[str, str]:
    """Return the headers of a signed delivery of `body`, to test your handlers.

    Raises:
        UnsafeUseError: the secret is malformed, or `webhook_id` is empty or longer than 256 characters.
    """
    if not 0 < len(webhook_id) <= _LONGEST_ID:
        raise UnsafeUseError(f"webhook_id must be a str of 1 to {_LONGEST_ID} characters.")
    try:
        (wrapped,) = read_secrets(secret)
    finally:
        del secret
    timestamp = int(sent_at.timestamp())
    signature = _sign(wrapped, f"{webhook_id}.{timestamp}.".encode() + body).decode()
    return {"svix-id": webhook_id, "svix-timestamp": str(timestamp), "svix-signature": f"v1,{signature}"}


def _is_readable(secret: Secret) -> bool:
    try:
        return len(_key(secret)) > 0
    except ValueError:
        return False


def _key(secret: Secret) -> bytes:
    return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True)


def _sign(secret: Secret, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256))


def _single(sent: dict[str, list[str]], name: str) -> str:
    values = set(sent.get(name, ()))
    if len(values) != 1:
        how = "missing" if not values else "sent more than once"
        raise WebhookHeadersError(f"The header {name} is {how}.")
    return values.pop()


def _check_raw(body: object) -> None:
    if isinstance(body, bytes | bytearray):
        return
    what = "is already parsed" if isinstance(body, dict | list) else f"is a {type(body).__name__}"
    raise UnsafeUseError(
        f"The body {what}, but the signature covers the raw bytes: pass request.body (Django), "
        "request.get_data() (Flask) or await request.body() (FastAPI, Starlette)."
    )
