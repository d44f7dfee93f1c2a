"""Webhook events."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import attrs

from hexclave.webhooks._errors import MalformedWebhookError
from hexclave.webhooks._signature import Envelope
from hexclave_api.model import Model
from hexclave_api.operation import JsonValue
from hexclave_api.reading import WireError
from hexclave_api.webhooks import EVENTS

Body = TypeVar("Body")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen
class UnknownEvent:
    """The body of an event whose type is unknown to this version of the SDK."""

    type: str
    data: JsonValue


@attrs.frozen
class WebhookEvent(Generic[Body]):
    """A delivered event. Events may be delivered several times and out of order."""

    id: str
    """ID of the event, the same for all its deliveries."""
    sent_at: datetime
    """When this delivery was signed."""
    type: str
    """The event type, such as `user.created`."""
    body: Body
    """The payload: `body.data` is the user, team or other resource of the event."""


def read_event(envelope: Envelope, body: bytes) -> WebhookEvent[Any]:
    """Parse the event of a verified delivery.

    Raises:
        MalformedWebhookError: the body is not an event.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str) or "data" not in value:
        raise MalformedWebhookError("The webhook's body is not a JSON object with a type and data.")
    return WebhookEvent(envelope.id, _EPOCH + timedelta(seconds=envelope.timestamp), kind, _content(kind, value))


def _content(kind: str, value: dict[str, Any]) -> Model | UnknownEvent:
    if kind not in EVENTS:
        return UnknownEvent(kind, value["data"])
    try:
        return EVENTS[kind].from_dict(value)
    except WireError as error:
        failure = str(error)
    raise MalformedWebhookError(f"The webhook's body is not a valid {kind} event: {failure}.")
