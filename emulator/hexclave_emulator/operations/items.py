"""`/payments/items`: a customer's quantity of an item."""

from datetime import UTC, datetime
from typing import Final

from hexclave_emulator.checking.rules import between
from hexclave_emulator.domains.customers import require_customer, require_own
from hexclave_emulator.domains.projects import project_setting
from hexclave_emulator.domains.purchases import QUANTITY_CHANGES, QuantityChange, item_quantity
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_LARGEST: Final = 2**31 - 1


@route("GET", "/payments/items/{customer_type}/{customer_id}/{item_id}", access=CLIENT)
def get_item(request: Request, state: State) -> Reply:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    require_own(request, state, customer_type, customer_id, "Clients can only access their own user or team items.")
    item = _find(request, customer_id)
    require_customer(request, state, customer_type, customer_id)
    item_id = request.params["item_id"]
    quantity = item_quantity(state, request.project.id, customer_type, customer_id, item_id, request.now)
    return ok({"id": item_id, "display_name": item.get("displayName", item_id), "quantity": quantity})


@route(
    "POST",
    "/payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity",
    access=SERVER,
    rules={"body.delta": between(-_LARGEST, _LARGEST)},
)
def change_quantity(request: Request, state: State) -> Reply:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    _find(request, customer_id)
    require_customer(request, state, customer_type, customer_id)
    item_id, delta = request.params["item_id"], request.body["delta"]
    has = item_quantity(state, request.project.id, customer_type, customer_id, item_id, request.now)
    if has + delta < 0 and not request.query["allow_negative"]:
        raise known("ITEM_QUANTITY_INSUFFICIENT_AMOUNT", item_id=item_id, customer_id=customer_id, quantity=delta)
    state[QUANTITY_CHANGES].insert(
        QuantityChange(
            id=new_id(),
            project_id=request.project.id,
            customer_type=customer_type,
            customer_id=customer_id,
            item_id=item_id,
            quantity=delta,
            description=request.body.get("description"),
            expires_at_millis=_moment(request.body.get("expires_at")),
            created_at_millis=request.now,
        )
    )
    return ok({})


def _find(request: Request, customer_id: str) -> JsonObject:
    item_id, customer_type = request.params["item_id"], request.params["customer_type"]
    items: JsonObject = project_setting(request.project, "payments.items") or {}
    if item_id not in items:
        raise known("ITEM_NOT_FOUND", item_id=item_id)
    item: JsonObject = items[item_id]
    if item.get("customerType", "user") != customer_type:
        raise known(
            "ITEM_CUSTOMER_TYPE_DOES_NOT_MATCH",
            item_id=item_id,
            customer_id=customer_id,
            item_customer_type=item.get("customerType", "user"),
            actual_customer_type=customer_type,
        )
    return item


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise plain(400, "expires_at is not a moment in ISO 8601") from None
