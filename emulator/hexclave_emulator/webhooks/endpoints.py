"""Webhook endpoints and their pending deliveries. `deliveries.py` does the sending."""

import json
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

import attrs

from hexclave_emulator.checking.origins import origin_of
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

if TYPE_CHECKING:
    from hexclave_emulator.webhooks.events import Event

RETRY_AFTER_MILLIS: Final = tuple(1000 * s for s in (5, 300, 1800, 7200, 18000, 36000, 36000))
"""Delay of each attempt after the previous one, as in Svix."""


@attrs.frozen(kw_only=True, repr=False)
class Endpoint:
    """An endpoint for events of a project."""

    id: str
    project_id: str
    url: str
    secret: str
    """`whsec_…`, the secret for verification with `hexclave.webhooks`."""
    types: list[str]
    """Such as `user.created`; empty for all."""

    def __repr__(self) -> str:
        return f"<Endpoint {self.id} {self.url}>"


@attrs.frozen(kw_only=True)
class Delivery:
    """A delivery of an event to an endpoint."""

    id: str
    project_id: str
    endpoint_id: str
    message_id: str
    """The `svix-id`, the same in every attempt and for every endpoint."""
    type: str
    body: str
    progress: str = "pending"
    """`pending`, `delivered` or `failed`."""
    attempts: list[JsonObject]
    """Each with `at_millis`, and `status` or `error`."""
    next_attempt_at_millis: int


ENDPOINTS: Final = table("webhook_endpoints", Endpoint, indexes=("project_id",))
DELIVERIES: Final = table("webhook_deliveries", Delivery, indexes=("project_id", "endpoint_id", "progress"))


@attrs.frozen(kw_only=True)
class Webhook:
    """An event as received by an endpoint."""

    id: str
    """The `svix-id`, by which receivers detect duplicates."""
    type: str
    """Such as `user.created`."""
    data: JsonObject
    body: bytes
    """The signed content, byte for byte."""
    headers: dict[str, str] = attrs.field(repr=False)

    @classmethod
    def of(cls, event: "Event", secret: str) -> Self:
        """Return the event, signed now with the secret."""
        message, body = message_id(event.id), body_of(event.type, event.data)
        headers = signed(body, secret, message)
        return cls(id=message, type=event.type, data=event.data, body=body.encode(), headers=headers)


def new_secret() -> str:
    """Return a signing secret in Svix's format."""
    return "whsec_" + b64encode(secrets.token_bytes(24)).decode()


def add_endpoint(
    state: State, project_id: str, url: str, *, types: Sequence[str] = (), secret: str | None = None
) -> Endpoint:
    """Send events of the project to this URL from now on.

    Raises:
        ValueError: the URL is not one of http or https, or the secret is not `whsec_` and base64.
    """
    try:
        origin_of(url)
        readable = url.isascii()
    except ValueError:
        readable = False
    if not readable:
        raise ValueError(f"{url!r} is not a valid webhook URL, such as http://localhost:8000/webhooks")
    secret = new_secret() if secret is None else secret
    signed("", secret, "msg_")
    return state[ENDPOINTS].insert(
        Endpoint(id=f"ep_{secrets.token_hex(12)}", project_id=project_id, url=url, secret=secret, types=list(types))
    )


def delete_endpoint(state: State, endpoint_id: str) -> None:
    """Delete the endpoint and its pending deliveries."""
    for delivery in state[DELIVERIES].where(endpoint_id=endpoint_id):
        state[DELIVERIES].delete(delivery.id)
    state[ENDPOINTS].delete(endpoint_id)


def schedule(state: State, project_id: str, event_id: str, event_type: str, data: JsonObject, *, now: int) -> None:
    """Schedule an event for every endpoint that wants it, in the transaction that reports the event."""
    for endpoint in state[ENDPOINTS].where(project_id=project_id):
        if not endpoint.types or event_type in endpoint.types:
            schedule_for(state, endpoint, event_id, event_type, data, now=now)


def schedule_for(
    state: State, endpoint: Endpoint, event_id: str, event_type: str, data: JsonObject, *, now: int
) -> Delivery:
    """Schedule an event for one endpoint."""
    return state[DELIVERIES].insert(
        Delivery(
            id=new_id(),
            project_id=endpoint.project_id,
            endpoint_id=endpoint.id,
            message_id=message_id(event_id),
            type=event_type,
            body=body_of(event_type, data),
            attempts=[],
            next_attempt_at_millis=now,
        )
    )


def message_id(event_id: str) -> str:
    """Return the `svix-id` of an event."""
    return f"msg_{event_id.replace('-', '')}"


def body_of(event_type: str, data: JsonObject) -> str:
    """Return the body to send, byte for byte."""
    return json.dumps({"data": data, "type": event_type}, separators=(",", ":"))


def signed(body: str, secret: str, message: str) -> dict[str, str]:
    """Return the headers of an attempt."""
    from hexclave.webhooks import sign  # imported late, so that an emulator without webhooks starts sooner

    # Real time, not the emulator's: receivers check the age against their own clock, which tests do not move.
    headers = sign(body.encode(), secret, webhook_id=message, sent_at=datetime.now(UTC))
    return {"content-type": "application/json", "user-agent": "Svix-Webhooks (Hexclave emulator)", **headers}
