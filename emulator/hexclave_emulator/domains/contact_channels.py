"""Email addresses of users: primary, used for sign-in, verified."""

from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class ContactChannel:
    id: str
    project_id: str
    user_id: str
    value: str
    type: str = "email"
    is_primary: bool = False
    is_verified: bool = False
    used_for_auth: bool = False
    created_at_millis: int


VERIFY: Final = "verify_email"
"""The type of the code that verifies a channel; `data` has the user and the email address."""

CHANNELS: Final = table("contact_channels", ContactChannel, indexes=("user_id", "value"))


def channel_view(channel: ContactChannel) -> JsonObject:
    """Return the channel as seen with any key."""
    return {
        "id": channel.id,
        "user_id": channel.user_id,
        "type": channel.type,
        "value": channel.value,
        "is_primary": channel.is_primary,
        "is_verified": channel.is_verified,
        "used_for_auth": channel.used_for_auth,
    }


def primary_channel(state: State, user_id: str) -> ContactChannel | None:
    """Return the user's primary email address."""
    return next((each for each in state[CHANNELS].where(user_id=user_id) if each.is_primary), None)


def sign_in_channel(state: State, project_id: str, email: str) -> ContactChannel | None:
    """Return the channel used to sign in with this address, ignoring case."""
    return state[CHANNELS].first(value=email.lower(), project_id=project_id, used_for_auth=True)
