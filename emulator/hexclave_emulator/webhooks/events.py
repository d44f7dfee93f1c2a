"""Webhook events reported by the API. They and their deliveries are stored with the request's changes."""

from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table
from hexclave_emulator.webhooks.endpoints import schedule


@attrs.frozen(kw_only=True)
class Event:
    id: str
    project_id: str
    type: str
    """Such as `user.created`."""
    data: JsonObject
    created_at_millis: int


EVENTS: Final = table("events", Event, indexes=("project_id",))


def emit(state: State, project_id: str, event_type: str, data: JsonObject, *, now: int) -> Event:
    """Report an event when the request is committed."""
    event = Event(id=new_id(), project_id=project_id, type=event_type, data=data, created_at_millis=now)
    schedule(state, project_id, event.id, event_type, data, now=now)
    return state[EVENTS].insert(event)
