"""`/internal/payments/promo-codes`, and prices with codes."""

from typing import Final

from hexclave_emulator.checking.rules import NOT_EMPTY, UUID, at_most, between
from hexclave_emulator.domains.customers import require_customer, require_own
from hexclave_emulator.domains.products import Product, find_product, product_for
from hexclave_emulator.domains.promo_codes import (
    PROMO_CODES,
    PromoCode,
    applied,
    find_by_name,
    promo_code_view,
    quote,
    status,
)
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_PATH: Final = "/internal/payments/promo-codes"
_ONE: Final = {"params.promo_code_id": UUID}
_PAGE: Final = 50
_NEW: Final = {
    "body.code_name": NOT_EMPTY & at_most(64),
    "body.max_redemptions": between(1),
    "body.subscription_discount_duration_months": between(1),
}


@route("GET", _PATH, access=ADMIN)
def list_promo_codes(request: Request, state: State) -> Reply:
    query = request.query
    wanted, words = query.get("status", "all"), query.get("query", "").lower()
    found = [
        each
        for each in reversed(state[PROMO_CODES].where(project_id=request.project.id))
        if words in each.code_name.lower() and wanted in ("all", status(state, each, request.now)[0])
    ]
    if "cursor" in query:
        ids = [each.id for each in found]
        if query["cursor"] not in ids:
            raise plain(400, "Invalid cursor")
        found = found[ids.index(query["cursor"]) :]
    shown = [promo_code_view(state, each, request.now) for each in found[:_PAGE]]
    return ok({"promo_codes": shown, "next_cursor": found[_PAGE].id if len(found) > _PAGE else None})


@route("POST", _PATH, access=ADMIN, rules=_NEW)
def create_promo_code(request: Request, state: State) -> Reply:
    body: JsonObject = request.body
    _check(body)
    for product_id in body["applicable_product_ids"] or ():
        find_product(request.project, product_id)
    if find_by_name(state, request.project.id, body["code_name"]) is not None:
        raise plain(409, "A promo code with this name already exists.")
    made = PromoCode(id=new_id(), project_id=request.project.id, created_at_millis=request.now, **body)
    return _shown(request, state, state[PROMO_CODES].insert(made))


def _check(body: JsonObject) -> None:
    most = 100 if body["discount_type"] == "percent" else float("inf")
    if not 0 < body["discount_amount"] <= most:
        raise plain(400, "discount_amount must be above 0, and at most 100 where it is a percentage.")
    lasts = body["subscription_behavior"] == "fixed_duration"
    if lasts != (body["subscription_discount_duration_months"] is not None):
        raise plain(
            400, "subscription_discount_duration_months is required for fixed_duration, and only allowed there."
        )
    times = (body["starts_at_millis"], body["ends_at_millis"])
    if body["availability_type"] == "always":
        if times != (None, None):
            raise plain(400, "starts_at_millis and ends_at_millis require between_dates.")
    elif None in times or times[0] >= times[1]:
        raise plain(400, "between_dates needs starts_at_millis before ends_at_millis.")


@route("GET", f"{_PATH}/{{promo_code_id}}", access=ADMIN, rules=_ONE)
def get_promo_code(request: Request, state: State) -> Reply:
    return _shown(request, state, _find(request, state))


@route("POST", f"{_PATH}/{{promo_code_id}}/pause", access=ADMIN, rules=_ONE)
def pause_promo_code(request: Request, state: State) -> Reply:
    code = _find(request, state)
    if status(state, code, request.now)[0] not in ("active", "scheduled"):
        raise plain(400, "Only active and scheduled promo codes can be paused.")
    return _shown(request, state, state[PROMO_CODES].update(code, paused_at_millis=request.now))


@route("POST", f"{_PATH}/{{promo_code_id}}/resume", access=ADMIN, rules=_ONE)
def resume_promo_code(request: Request, state: State) -> Reply:
    code = _find(request, state)
    if status(state, code, request.now)[0] != "paused":
        raise plain(400, "Only paused promo codes can be resumed.")
    return _shown(request, state, state[PROMO_CODES].update(code, paused_at_millis=None))


@route("POST", f"{_PATH}/{{promo_code_id}}/end", access=ADMIN, rules=_ONE)
def end_promo_code(request: Request, state: State) -> Reply:
    code = _find(request, state)
    if code.ended_at_millis is not None:
        raise plain(400, "The promo code has already ended.")
    profits = promo_code_view(state, code, request.now)["has_active_subscription_redemptions"]
    if profits and "existing_subscription_discounts" not in request.body:
        raise plain(400, "Subscriptions still use this promo code: choose what happens to their discount.")
    return _shown(request, state, state[PROMO_CODES].update(code, ended_at_millis=request.now))


@route("POST", "/payments/products/{customer_type}/{customer_id}/validate-promo-codes", access=CLIENT)
def quote_for_customer(request: Request, state: State) -> Reply:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    refusal = "Clients can only ask for their own user or team."
    require_own(request, state, customer_type, customer_id, refusal)
    product_id, access = request.body["product_id"], request.caller.type
    product = product_for(request.project, product_id, customer_type, customer_id, access=access)
    require_customer(request, state, customer_type, customer_id)
    return _quoted(request, state, product)


@route("POST", "/payments/promo-codes/validate", access=SERVER)
def quote_product(request: Request, state: State) -> Reply:
    return _quoted(request, state, find_product(request.project, request.body["product_id"]))


def _quoted(request: Request, state: State, product: Product) -> Reply:
    body = request.body
    codes = applied(state, request.project.id, product, body.get("promo_codes") or (), request.now)
    return ok(quote(product, body.get("price_id"), body.get("quantity", 1), codes))


def _find(request: Request, state: State) -> PromoCode:
    found = state[PROMO_CODES].get(request.params["promo_code_id"])
    if found is None or found.project_id != request.project.id:
        raise plain(404, "Promo code not found.")
    return found


def _shown(request: Request, state: State, code: PromoCode) -> Reply:
    return ok(promo_code_view(state, code, request.now))
