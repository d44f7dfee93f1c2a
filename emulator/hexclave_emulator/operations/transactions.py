"""`/internal/payments/transactions`: purchases, grants, manual changes and refunds."""

import base64
import json
from collections.abc import Sequence
from typing import Final

from hexclave_emulator.checking.rules import between
from hexclave_emulator.domains.payment_amounts import money
from hexclave_emulator.domains.purchases import PURCHASES, QUANTITY_CHANGES, REFUNDS, Purchase, QuantityChange, Refund
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.tables import State

_NOTHING_ADJUSTED: Final[JsonObject] = {"adjusted_transaction_id": None, "adjusted_entry_index": None}
_NEXT: Final = "txnId"


@route("GET", "/internal/payments/transactions", access=ADMIN, rules={"query.limit": between(1, 200)})
def list_transactions(request: Request, state: State) -> Reply:
    query = request.query
    found: list[tuple[str, JsonObject]] = []
    refunds: dict[str, list[Refund]] = {}
    for refund in state[REFUNDS].where(project_id=request.project.id):
        refunds.setdefault(refund.purchase_id, []).append(refund)
    for purchase in state[PURCHASES].where(project_id=request.project.id):
        bought = _bought(purchase, refunds.get(purchase.id, ()))
        found.append((f"{'sub-start' if purchase.interval else 'otp'}:{purchase.id}", bought))
        found += [(f"refund:{each.id}", _refunded(purchase, each)) for each in refunds.get(purchase.id, ())]
    found += [
        (f"miqc:{each.id}", _changed(each)) for each in state[QUANTITY_CHANGES].where(project_id=request.project.id)
    ]
    found = [(key, each) for key, each in found if _is_wanted(query, each)]
    found.sort(key=lambda item: item[1]["created_at_millis"])
    found.reverse()
    keys = [key for key, _ in found]
    if "cursor" in query:
        start = _cursor_key(query["cursor"])
        if start not in keys:
            raise plain(400, "Invalid cursor")
        found = found[keys.index(start) + 1 :]
    limit = query.get("limit", 50)
    following = _cursor(*found[limit - 1]) if limit < len(found) else None
    return ok({"transactions": [each for _, each in found[:limit]], "next_cursor": following})


def _bought(purchase: Purchase, refunds: Sequence[Refund]) -> JsonObject:
    owner = _NOTHING_ADJUSTED | _customer(purchase)
    id_name = "subscription_id" if purchase.interval else "one_time_purchase_id"
    entries: list[JsonObject] = []
    if purchase.is_paid:
        price = purchase.product["prices"].get(purchase.price_id) or {}
        amount = {name: value for name, value in price.items() if name.isupper()}
        entries.append({"type": "money_transfer", **owner, "charged_amount": amount, "net_amount": amount})
    entries.append(
        {
            "type": "product_grant",
            **owner,
            "product_id": purchase.product_id,
            "product": purchase.product,
            "price_id": purchase.price_id,
            "quantity": purchase.quantity,
            id_name: purchase.id,
        }
    )
    entries += [
        {
            "type": "item_quantity_change",
            **owner,
            "item_id": item_id,
            "quantity": item["quantity"] * purchase.quantity,
        }
        for item_id, item in purchase.product["included_items"].items()
    ]
    adjusted = [{"transaction_id": each.id, "entry_index": 0} for each in refunds]
    view = _transaction(purchase.id, purchase.created_at_millis, "purchase", entries)
    return view | {"adjusted_by": adjusted, "test_mode": purchase.test_mode}


def _refunded(purchase: Purchase, refund: Refund) -> JsonObject:
    entries: list[JsonObject] = []
    if refund.quantity:
        entries.append(
            {
                "type": "product_revocation",
                "adjusted_transaction_id": purchase.id,
                "adjusted_entry_index": purchase.grant_entry,
                **_customer(purchase),
                "quantity": refund.quantity,
            }
        )
    if refund.amount_cents or not entries:
        amount = {"USD": money(-refund.amount_cents)}
        owner = {
            "adjusted_transaction_id": purchase.id,
            "adjusted_entry_index": 0 if purchase.is_paid else None,
            **_customer(purchase),
        }
        entries.append({"type": "money_transfer", **owner, "charged_amount": amount, "net_amount": amount})
    return _transaction(refund.id, refund.created_at_millis, "refund", entries)


def _changed(change: QuantityChange) -> JsonObject:
    entry = {
        "type": "item_quantity_change",
        **_NOTHING_ADJUSTED,
        **_customer(change),
        "item_id": change.item_id,
        "quantity": change.quantity,
    }
    return _transaction(change.id, change.created_at_millis, "manual-item-quantity-change", [entry])


def _transaction(identifier: str, at: int, kind: str, entries: list[JsonObject]) -> JsonObject:
    return {
        "id": identifier,
        "created_at_millis": at,
        "effective_at_millis": at,
        "type": kind,
        "entries": entries,
        "adjusted_by": [],
        "test_mode": False,
    }


def _customer(owner: Purchase | QuantityChange) -> JsonObject:
    return {"customer_type": owner.customer_type, "customer_id": owner.customer_id}


def _is_wanted(query: JsonObject, transaction: JsonObject) -> bool:
    entry = transaction["entries"][0]
    return query.get("type", transaction["type"]) == transaction["type"] and all(
        query.get(name, entry[name]) == entry[name] for name in ("customer_type", "customer_id")
    )


def _cursor(key: str, transaction: JsonObject) -> str:
    text = json.dumps({"createdAtMillis": transaction["created_at_millis"], _NEXT: key}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor_key(cursor: str) -> str | None:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        return None
    key = found.get(_NEXT) if isinstance(found, dict) else None
    return key if isinstance(key, str) else None
