"""Payment setup, cards, billing details and invoices of customers: answered without Stripe."""

from typing import Final

from hexclave_emulator.domains.customers import require_customer, require_own
from hexclave_emulator.domains.payment_accounts import (
    ACCOUNTS,
    INTENTS,
    StripeAccount,
    account,
    begin_setup,
    default_method,
    open_account,
)
from hexclave_emulator.domains.purchases import PURCHASES, Purchase
from hexclave_emulator.messages.exchange import JsonObject, Reply, cursor_page, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import ADMIN, CLIENT, Request, route
from hexclave_emulator.state.ids import secret
from hexclave_emulator.state.tables import State

_METHODS: Final = {"card": "Cards", "link": "Link", "paypal": "PayPal", "sepa_debit": "SEPA Direct Debit"}


@route("POST", "/internal/payments/setup", access=ADMIN)
def set_up_payments(request: Request, state: State) -> Reply:
    found = open_account(state, request.project.id)
    return ok({"url": f"{request.base_url}/_emulator?onboarded={found.account_id}"})


@route("GET", "/internal/payments/stripe/account-info", access=ADMIN)
def get_account(request: Request, state: State) -> Reply:
    found = _account(request, state)
    can = dict.fromkeys(("charges_enabled", "details_submitted", "payouts_enabled"), True)
    return ok({"account_id": found.account_id, **can})


@route("POST", "/internal/payments/stripe-widgets/account-session", access=ADMIN)
def open_account_session(request: Request, state: State) -> Reply:
    _account(request, state)
    return ok({"client_secret": f"accs_secret_{secret(24)}"})


@route("GET", "/internal/payments/method-configs", access=ADMIN)
def list_methods(request: Request, state: State) -> Reply:
    found = _account(request, state)
    methods = [
        {
            "id": method,
            "name": name,
            "enabled": found.methods.get(method, method == "card"),
            "available": True,
            "overridable": True,
        }
        for method, name in _METHODS.items()
    ]
    return ok({"config_id": _config_id(found), "methods": methods})


@route("PATCH", "/internal/payments/method-configs", access=ADMIN)
def change_methods(request: Request, state: State) -> Reply:
    found, body = _account(request, state), request.body
    unknown = body["updates"].keys() - _METHODS.keys()
    if body["config_id"] != _config_id(found) or unknown:
        raise plain(400, f"Unknown payment method: {', '.join(sorted(unknown))}" if unknown else "Unknown config_id")
    methods = {method: choice == "on" for method, choice in body["updates"].items()}
    state[ACCOUNTS].update(found, methods={**found.methods, **methods})
    return success()


@route("GET", "/payments/billing/{customer_type}/{customer_id}", access=CLIENT)
def get_billing(request: Request, state: State) -> Reply:
    customer = _customer(request, state)
    has_customer = account(state, request.project.id) is not None
    method = default_method(state, request.project.id, *customer)
    return ok({"has_customer": has_customer, "default_payment_method": method})


@route("GET", "/payments/invoices/{customer_type}/{customer_id}", access=CLIENT)
def list_invoices(request: Request, state: State) -> Reply:
    customer_type, customer_id = _customer(request, state)
    paid = state[PURCHASES].where(
        project_id=request.project.id, customer_type=customer_type, customer_id=customer_id, is_paid=True
    )
    paid.reverse()
    ids = [each.id for each in paid]
    if "cursor" in request.query:
        if request.query["cursor"] not in ids:
            raise plain(400, "Invalid cursor")
        paid = paid[ids.index(request.query["cursor"]) :]
    limit = request.query["limit"]
    return cursor_page([_invoice(each) for each in paid[:limit]], paid[limit].id if limit < len(paid) else None)


@route("POST", "/payments/payment-method/{customer_type}/{customer_id}/setup-intent", access=CLIENT)
def begin_card(request: Request, state: State) -> Reply:
    customer = _customer(request, state)
    found = _account(request, state)
    intent = begin_setup(state, request.project.id, *customer)
    return ok({"client_secret": f"{intent.intent_id}_secret_{secret(24)}", "stripe_account_id": found.account_id})


@route("POST", "/payments/payment-method/{customer_type}/{customer_id}/set-default", access=CLIENT)
def set_default_card(request: Request, state: State) -> Reply:
    customer_type, customer_id = _customer(request, state)
    of_customer = {"project_id": request.project.id, "customer_type": customer_type, "customer_id": customer_id}
    chosen = state[INTENTS].first(**of_customer, intent_id=request.body["setup_intent_id"])
    if chosen is None:
        raise plain(400, "The customer has no such setup intent.")
    for intent in state[INTENTS].where(**of_customer):
        state[INTENTS].update(intent, is_default=intent.id == chosen.id)
    method = default_method(state, request.project.id, customer_type, customer_id)
    return ok({"success": True, "default_payment_method": method})


def _account(request: Request, state: State) -> StripeAccount:
    found = account(state, request.project.id)
    if found is None:
        raise known("STRIPE_ACCOUNT_INFO_NOT_FOUND")
    return found


def _config_id(found: StripeAccount) -> str:
    return f"pmc_{found.account_id[5:]}"


def _customer(request: Request, state: State) -> tuple[str, str]:
    customer_type, customer_id = request.params["customer_type"], request.user_id(request.params["customer_id"])
    require_own(request, state, customer_type, customer_id, "Clients can only manage their own user or team billing.")
    require_customer(request, state, customer_type, customer_id)
    return customer_type, customer_id


def _invoice(purchase: Purchase) -> JsonObject:
    return {
        "created_at_millis": purchase.created_at_millis,
        "status": "paid",
        "amount_total": purchase.paid_cents,
        "hosted_invoice_url": None,
    }
