"""Whether a delivery is genuine: the scheme of Svix, which is that of Standard Webhooks."""

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
    """The headers of a genuine delivery."""

    id: str
    timestamp: int
    """Unix time at which it was signed."""


def check_tolerance(tolerance: object) -> None:
    """Refuse what is no duration.

    Raises:
        UnsafeUseError: it is none, or negative.
    """
    if not isinstance(tolerance, timedelta) or tolerance < timedelta(0):
        raise UnsafeUseError(f"tolerance must be a timedelta, such as timedelta(minutes=5), not {tolerance!r}.")


def check(body: bytes, headers: object, secrets: list[Secret], tolerance: timedelta = TOLERANCE) -> Envelope:
    """The envelope of a delivery that one of the secrets signed within the tolerance.

    Raises:
        WebhookHeadersError, WebhookSignatureError, WebhookTimestampError: as their names say.
        UnsafeUseError: `body` is not what was received byte for byte, or `headers` are none.
    """
    _check_raw(body)
    check_tolerance(tolerance)
    sent = header_values(headers, _HEADERS)
    prefix = next((prefix for prefix in _PREFIXES if f"{prefix}-signature" in sent), _PREFIXES[0])
    webhook_id, timestamp, signatures = (_single(sent, f"{prefix}-{name}") for name in ("id", "timestamp", "signature"))
    # Deliveries are told apart by their id, so an empty one would stand for all that have none.
    if not webhook_id or len(webhook_id) > _LONGEST_ID or not _TIMESTAMP.fullmatch(timestamp):
        raise WebhookHeadersError(f"The header {prefix}-id or {prefix}-timestamp is unreadable.")
    signed = f"{webhook_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    expected = [_sign(secret, signed) for secret in secrets]
    given = [
        signature[3:].encode("utf-8", "surrogatepass")
        for signature in signatures.split(" ")
        if signature.startswith("v1,")
    ]
    if not any(hmac.compare_digest(one, other) for one in expected for other in given):
        raise WebhookSignatureError("The webhook's signature does not fit its body and the secret.")
    if abs(time.time() - int(timestamp)) > tolerance.total_seconds():
        raise WebhookTimestampError(f"The webhook was not signed within {tolerance.total_seconds():g} s of now.")
    return Envelope(webhook_id, int(timestamp))


def read_secrets(secrets: Secrets) -> list[Secret]:
    """The secrets, wrapped and checked.

    Raises:
        UnsafeUseError: there is none, or one is not `whsec_` and base64.
    """
    given: Iterable[object] = (secrets,) if isinstance(secrets, str) or not isinstance(secrets, Iterable) else secrets
    wrapped = [Secret(secret) if isinstance(secret, str) and secret else secret for secret in given]
    # A traceback with locals must not show a secret.
    del secrets, given
    readable = [secret for secret in wrapped if isinstance(secret, Secret) and _is_readable(secret)]
    if not wrapped or len(readable) < len(wrapped):
        raise UnsafeUseError("A webhook secret is whsec_ and base64, as the endpoint's page in the dashboard shows it.")
    return readable


def sign(body: bytes, secret: SecretText, *, webhook_id: str, sent_at: datetime) -> dict[str, str]:
    """The headers that make a genuine delivery of `body`; for tests of your handlers.

    Raises:
        UnsafeUseError: the secret is none, or `webhook_id` is empty or longer than 256 characters.
    """
    if not 0 < len(webhook_id) <= _LONGEST_ID:
        raise UnsafeUseError(f"webhook_id must be a text of 1 to {_LONGEST_ID} characters.")
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
        how = "missing" if not values else "there more than once"
        raise WebhookHeadersError(f"The header {name} is {how}.")
    return values.pop()


def _check_raw(body: object) -> None:
    if isinstance(body, bytes | bytearray):
        return
    what = "was parsed already" if isinstance(body, dict | list) else f"is a {type(body).__name__}"
    raise UnsafeUseError(
        f"The body {what}, but the signature covers the bytes as they were received: pass request.body (Django), "
        "request.get_data() (Flask) or await request.body() (FastAPI, Starlette)."
    )
