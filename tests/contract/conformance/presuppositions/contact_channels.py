"""Existing contact channels and notification preferences of users."""

import attrs

from hexclave_emulator.domains.contact_channels import CHANNELS, ContactChannel
from hexclave_emulator.domains.notifications import choose
from hexclave_emulator.domains.users import USERS
from tests.contract.conformance.addressing import addressed, template
from tests.contract.conformance.world import World, presupposes, views


@presupposes(41)
def make_contact_channels(world: World) -> None:
    """Create channels when they first appear. The one with the user's known address exists already and gets its
    recorded id.
    """
    for _, view in views(world, "id", "user_id", "value", "is_primary", "used_for_auth"):
        user = world.state[USERS].get(view["user_id"])
        if user is None or not world.is_presupposed(view["id"]) or world.state[CHANNELS].get(view["id"]) is not None:
            continue
        known = world.state[CHANNELS].first(user_id=user.id, value=view["value"])
        if known is None:
            known = ContactChannel(
                id=view["id"],
                project_id=user.project_id,
                user_id=user.id,
                value=view["value"],
                is_primary=view["is_primary"],
                is_verified=view["is_verified"],
                used_for_auth=view["used_for_auth"],
                created_at_millis=world.begins,
            )
        else:
            world.state[CHANNELS].delete(known.id)
        # Other sources of an address do not always reveal whether it is used for sign-in.
        world.state[CHANNELS].insert(attrs.evolve(known, id=view["id"], used_for_auth=view["used_for_auth"]))


@presupposes(42)
def make_preferences(world: World) -> None:
    """Set the preferences that the first list of a user shows, unless they were changed before."""
    told: set[str] = set()
    for exchange in world.exchanges:
        operation, user_id = template(world, exchange), addressed(world, exchange).get("user_id")
        if "/emails/notification-preference/" not in operation or not exchange.succeeded or user_id in told:
            continue
        told.add(str(user_id))
        if operation.startswith("GET "):
            for item in exchange.reply["items"]:
                category_id = item["notification_category_id"]
                choose(world.state, exchange.project_id or "", str(user_id), category_id, enabled=item["enabled"])
