"""`/emails/notification-preference`: which emails a user wants."""

from hexclave_emulator.checking.rules import USER_ID, UUID
from hexclave_emulator.domains.notifications import CATEGORIES, Category, choose, wants
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, page
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import CLIENT, Request, route
from hexclave_emulator.state.tables import State


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
    """Return the user in the path, who must be the caller for clients."""
    user_id = request.user_id(request.params["user_id"])
    if request.is_client and user_id != request.user.id:
        raise plain(403, otherwise)
    return find_user(state, request.project.id, user_id).id
