"""`/emails/notification-preference`: which e-mails a user wants."""

from typing import Final

import attrs

from hexclave.emulator.domains.users import find_user
from hexclave.emulator.exchange import JsonObject, Reply, ok, page
from hexclave.emulator.ids import new_id
from hexclave.emulator.refusals import plain
from hexclave.emulator.routing import CLIENT, Request, route
from hexclave.emulator.rules import USER_ID, UUID
from hexclave.emulator.state import State, table


@attrs.frozen
class Category:
    """A kind of e-mail."""

    id: str
    name: str
    can_disable: bool


CATEGORIES: Final = (
    Category("7bb82d33-2f54-4a3d-9d23-82739e0d66ef", "Transactional", can_disable=False),
    Category("4f6f8873-3d04-46bd-8bef-18338b1a1b4c", "Marketing", can_disable=True),
)
"""All there are, with the ids that every project knows them by."""


@attrs.frozen(kw_only=True)
class Preference:
    """A user's own choice."""

    id: str
    project_id: str
    user_id: str
    category_id: str
    enabled: bool


PREFERENCES: Final = table("notification_preferences", Preference, indexes=("user_id",))


def wants(state: State, user_id: str, category_id: str) -> bool:
    """Whether the user receives e-mails of this category; without a choice everything is wanted."""
    chosen = state[PREFERENCES].first(user_id=user_id, category_id=category_id)
    return chosen is None or chosen.enabled


def choose(state: State, project_id: str, user_id: str, category_id: str, *, enabled: bool) -> None:
    """Keep the user's choice."""
    chosen = state[PREFERENCES].first(user_id=user_id, category_id=category_id)
    if chosen is not None:
        state[PREFERENCES].update(chosen, enabled=enabled)
        return
    state[PREFERENCES].insert(
        Preference(id=new_id(), project_id=project_id, user_id=user_id, category_id=category_id, enabled=enabled)
    )


def _view(state: State, user_id: str, category: Category) -> JsonObject:
    return {
        "notification_category_id": category.id,
        "notification_category_name": category.name,
        "enabled": wants(state, user_id, category.id),
        "can_disable": category.can_disable,
    }


@route("GET", "/emails/notification-preference/{user_id}", access=CLIENT, rules={"params.user_id": USER_ID})
def list_preferences(request: Request, state: State) -> Reply:
    user_id = _user_id(request, state, "You can only view your own notification preferences")
    return page([_view(state, user_id, each) for each in CATEGORIES])


@route(
    "PATCH",
    "/emails/notification-preference/{user_id}/{notification_category_id}",
    access=CLIENT,
    rules={"params.user_id": USER_ID, "params.notification_category_id": UUID},
)
def patch_preference(request: Request, state: State) -> Reply:
    category = next((each for each in CATEGORIES if each.id == request.params["notification_category_id"]), None)
    if category is None:
        raise plain(404, "Notification category not found")
    user_id = _user_id(request, state, "You can only manage your own notification preferences")
    choose(state, request.project.id, user_id, category.id, enabled=request.body["enabled"])
    return ok(_view(state, user_id, category))


def _user_id(request: Request, state: State, otherwise: str) -> str:
    """The user of the path, who is the caller when a client asks."""
    user_id = request.user_id(request.params["user_id"])
    if request.is_client and user_id != request.user.id:
        raise plain(403, otherwise)
    return find_user(state, request.project.id, user_id).id
