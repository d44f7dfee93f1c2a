"""`/payments/products`: a customer's products; granting, switching and cancelling them."""

import attrs

from hexclave_emulator.domains.customers import require_customer, require_own
from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.payment_accounts import default_method
from hexclave_emulator.domains.products import configured, find_product, product_for, requested
from hexclave_emulator.domains.purchases import PURCHASES, Purchase, acquire, owned
from hexclave_emulator.messages.exchange import JsonObject, Reply, cursor_page, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.tables import State

_CUSTOMER = "/payments/products/{customer_type}/{customer_id}"


@route("GET", _CUSTOMER, access=CLIENT)
def list_products(request: Request, state: State) -> Reply:
    customer_type, customer_id = _customer(request, state, "Clients can only access their own user or team products.")
    products: dict[str, Purchase] = {}
    for purchase in owned(state, request.project.id, customer_type, customer_id, request.now):
        key = purchase.product_id or purchase.id
        products[key] = purchase if key not in products else _stacked(products[key], purchase)
    # By id, inline products last.
    found = sorted(products.items(), key=lambda item: (item[1].product_id is None, item[0]))
    if request.is_client:
        found = [(key, each) for key, each in found if not each.product["server_only"]]
    keys = [key for key, _ in found]
    if "cursor" in request.query:
        if request.query["cursor"] not in keys:
            raise plain(400, "Invalid cursor")
        found = found[keys.index(request.query["cursor"]) :]
    limit = request.query["limit"]
    following = found[limit][0] if limit < len(found) else None
    return cursor_page([_view(request, each, set(keys)) for _, each in found[:limit]], following)


@route("POST", _CUSTOMER, access=SERVER)
def grant_product(request: Request, state: State) -> Reply:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    body = {**request.body, "customer_type": customer_type}
    product = requested(request.project, body, customer_id, access=request.caller.type)
    require_customer(request, state, customer_type, customer_id)
    purchase = acquire(
        state,
        request.project.id,
        (customer_type, customer_id),
        product,
        now=request.now,
        quantity=request.body["quantity"],
    )
    return ok({"success": True, **({"subscription_id": purchase.id} if purchase.interval else {})})


@route("DELETE", f"{_CUSTOMER}/{{product_id}}", access=CLIENT)
def cancel_subscription(request: Request, state: State) -> Reply:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    refusal = (
        "Clients can only cancel user or team subscriptions they control."
        if customer_type == "custom"
        else "Clients can only cancel their own subscriptions."
    )
    require_own(request, state, customer_type, customer_id, refusal)
    product_id, wanted = request.params["product_id"], request.query.get("subscription_id")
    has = owned(state, request.project.id, customer_type, customer_id, request.now)
    if wanted is not None:
        subscriptions = [each for each in has if each.interval and each.id == wanted]
        if not subscriptions:
            raise plain(400, "No active subscription found with this ID for the given customer.")
    else:
        product_for(request.project, product_id, customer_type, customer_id, access=request.caller.type)
        subscriptions = [each for each in has if each.product_id == product_id and each.interval]
        if not subscriptions:
            # The API treats a cancelled subscription as a single payment.
            of_customer = {"customer_type": customer_type, "customer_id": customer_id, "product_id": product_id}
            ever = state[PURCHASES].where(project_id=request.project.id, **of_customer)
            if not any(each.was_cancelled or each in has for each in ever):
                raise plain(400, "Customer does not have this product.")
            raise plain(400, "This product is a one time purchase and cannot be canceled.")
    for subscription in subscriptions:
        # A paid period remains usable until its end.
        end = subscription.period_end(request.now) if subscription.is_paid else request.now
        state[PURCHASES].update(subscription, ended_at_millis=end, was_cancelled=True)
    return success()


@route("POST", f"{_CUSTOMER}/switch", access=CLIENT)
def switch_subscription(request: Request, state: State) -> Reply:
    customer_type, customer_id = _customer(
        request, state, "Clients can only switch their own user or team subscriptions."
    )
    body = request.body
    old, new = (
        find_product(request.project, body["from_product_id"]),
        find_product(request.project, body["to_product_id"]),
    )
    if old.line_id is None or old.line_id != new.line_id or old.id == new.id:
        raise plain(400, "Products must be different and in the same product line.")
    subscription = next(
        (
            each
            for each in owned(state, request.project.id, customer_type, customer_id, request.now)
            if each.product_id == old.id and each.interval
        ),
        None,
    )
    if subscription is None or not subscription.is_paid:
        raise plain(400, "This subscription cannot be switched.")
    if default_method(state, request.project.id, customer_type, customer_id) is None:
        raise known("DEFAULT_PAYMENT_METHOD_REQUIRED", customer_type=customer_type, customer_id=customer_id)
    price_id = body.get("price_id", next(iter(new.view["prices"]), None))
    if price_id not in new.view["prices"]:
        raise plain(400, "Price not found on product.")
    acquire(
        state,
        request.project.id,
        (customer_type, customer_id),
        new,
        now=request.now,
        quantity=body.get("quantity", 1),
        price_id=price_id,
        is_paid=True,
    )
    return success()


def _customer(request: Request, state: State, refusal: str) -> tuple[str, str]:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    require_own(request, state, customer_type, customer_id, refusal)
    require_customer(request, state, customer_type, customer_id)
    return customer_type, customer_id


def _stacked(first: Purchase, second: Purchase) -> Purchase:
    return attrs.evolve(first, quantity=first.quantity + second.quantity)


def _view(request: Request, purchase: Purchase, owned_ids: set[str]) -> JsonObject:
    view: JsonObject = {
        "id": purchase.product_id,
        "quantity": purchase.quantity,
        "product": purchase.product,
        "type": "subscription" if purchase.interval else "one_time",
        "subscription": None,
    }
    if not purchase.interval:
        return view
    is_ending = purchase.ended_at_millis is not None
    view["subscription"] = {
        "subscription_id": purchase.id,
        "current_period_end": iso(purchase.period_end(request.now)),
        "cancel_at_period_end": is_ending,
        "is_cancelable": not is_ending,
    }
    if purchase.product_line_id is not None:
        view["switch_options"] = [
            {"product_id": product_id, "product": product.view}
            for product_id, product in configured(request.project).items()
            if product.line_id == purchase.product_line_id
            and product_id not in owned_ids
            and product.view["customer_type"] == purchase.customer_type
            and not product.view["server_only"]
        ]
    return view
