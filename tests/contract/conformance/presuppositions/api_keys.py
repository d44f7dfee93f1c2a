"""Existing API keys of users and teams."""

from typing import Any

from hexclave_emulator.domains.api_keys import API_KEYS, ApiKey, key_value
from tests.contract.conformance.recording import Exchange
from tests.contract.conformance.world import World, presupposes, views


@presupposes(40)
def make_api_keys(world: World) -> None:
    """Create keys when they first appear; a key whose secret no request has gets one with the same ending."""
    for exchange, view in views(world, "id", "type", "value", "is_public", "description"):
        if not world.is_presupposed(view["id"]) or world.state[API_KEYS].get(view["id"]) is not None:
            continue
        revoked = None if exchange.method == "PATCH" else view.get("manually_revoked_at_millis")
        world.state[API_KEYS].insert(
            ApiKey(
                id=view["id"],
                project_id=exchange.project_id or "",
                user_id=view.get("user_id"),
                team_id=view.get("team_id"),
                value=_value(world, view),
                description=view["description"],
                is_public=view["is_public"],
                created_at_millis=view["created_at_millis"],
                expires_at_millis=view.get("expires_at_millis"),
                manually_revoked_at_millis=revoked,
            )
        )


def _value(world: World, view: dict[str, Any]) -> str:
    sent = (each.body["api_key"] for each in world.library if _is_check(each) and each.reply.get("id") == view["id"])
    made = key_value(view["id"], view["type"], is_public=view["is_public"])
    return next(sent, made[:-4] + view["value"]["last_four"])


def _is_check(exchange: Exchange) -> bool:
    return exchange.route.endswith("-api-keys/check") and exchange.succeeded
