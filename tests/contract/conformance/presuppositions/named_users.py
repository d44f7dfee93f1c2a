"""Users who are never shown and have no token, but are named in a reply or a successful request."""

from typing import Final

from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.users import USERS, User
from tests.contract.conformance.addressing import addressed
from tests.contract.conformance.recording import objects
from tests.contract.conformance.world import World, presupposes, views

_FIELDS: Final = ("user_id", "creator_user_id")
_GONE: Final = ("USER_NOT_FOUND", "USER_ID_DOES_NOT_EXIST", "CANNOT_GET_OWN_USER_WITHOUT_USER", "SCHEMA_ERROR")


@presupposes(23)
def make_named_users(world: World) -> None:
    """Create the bare user in the project of the request, with the name in its first team profile."""
    profiles = reversed(views(world, "team_id", "user_id", "display_name"))
    names = {view["user_id"]: view["display_name"] for exchange, view in profiles if exchange.method == "GET"}
    for exchange in world.exchanges:
        named = [found.get("user_id") for found in objects(exchange.reply)] if exchange.code not in _GONE else []
        if exchange.succeeded and exchange.method != "GET":
            named += [addressed(world, exchange).get(name) for name in _FIELDS]
        for user_id in named:
            if not isinstance(user_id, str) or not world.is_presupposed(user_id):
                continue
            if world.state[USERS].get(user_id) is None and world.state[PROJECTS].get(exchange.project_id or ""):
                world.state[USERS].insert(
                    User(
                        id=user_id,
                        project_id=exchange.project_id or "",
                        display_name=names.get(user_id),
                        signed_up_at_millis=world.begins,
                        last_active_at_millis=world.begins,
                    )
                )
