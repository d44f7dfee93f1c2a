"""Purchase links: created for a customer and a product, read and used with the code they contain.

Stripe is not involved: a purchase session is paid as soon as it is created.
"""

import re
import uuid
from typing import Final

from hexclave_emulator.checking.rules import between
from hexclave_emulator.credentials.codes import CODES, DAY, Code, issue
from hexclave_emulator.domains.customers import require_customer, require_own
from hexclave_emulator.domains.payment_accounts import account
from hexclave_emulator.domains.products import Product, requested
from hexclave_emulator.domains.projects import PROJECTS, Project, project_setting
from hexclave_emulator.domains.promo_codes import applied, quote, redeem
from hexclave_emulator.domains.purchases import acquire, owned
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.messages.exchange import Reply, ok, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import ADMIN, CLIENT, OPEN, Request, route
from hexclave_emulator.state.ids import secret
from hexclave_emulator.state.tables import State

_KIND: Final = "purchase"
_QUANTITY: Final = {"body.quantity": between(1, 1_000_000)}


@route("POST", "/payments/purchases/create-purchase-url", access=CLIENT)
def make_link(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    customer_type, customer_id = body["customer_type"], request.user_id(body["customer_id"])
    refusal = "Clients can only create purchase URLs for their own user or teams they have admin access to."
    require_own(request, state, customer_type, customer_id, refusal)
    if request.is_client and "product_inline" in body:
        raise plain(400, "Cannot specify product_inline when calling from client!")
    if account(state, project.id) is None:
        raise plain(
            400,
            "Payments are not set up in this Stack Auth project. Please go to the Stack Auth dashboard and complete "
            "the Payments onboarding.",
        )
    product = requested(project, body, customer_id, access=request.caller.type)
    require_customer(request, state, customer_type, customer_id)
    if product.id is not None and not product.is_stackable:
        has = owned(state, project.id, customer_type, customer_id, request.now)
        if any(each.product_id == product.id for each in has):
            raise known("PRODUCT_ALREADY_GRANTED", product_id=product.id, customer_id=customer_id)
    if body.get("return_url") is not None:
        check_callback(project, body["return_url"])
    data = {
        "customer_type": customer_type,
        "customer_id": customer_id,
        "product_id": product.id,
        "product_line_id": product.line_id,
        "product": product.view,
    }
    code = issue(state, project.id, _KIND, data, now=request.now, life=DAY)
    # The dashboard of a local API.
    host = re.sub(r"^(http://localhost:\d*)02$", r"\g<1>01", request.base_url)
    return ok({"url": f"{host}/purchase/{_tenancy(project)}_{code.code}"})


@route("POST", "/payments/purchases/validate-code", access=OPEN)
def read_code(request: Request, state: State) -> Reply:
    code, project = _look_up(request, state)
    if request.body.get("return_url") is not None:
        check_callback(project, request.body["return_url"])
    data = code.data
    has = owned(state, project.id, data["customer_type"], data["customer_id"], request.now)
    own = [each for each in has if each.product_id is not None and each.product_id == data["product_id"]]
    line = data["product_line_id"]
    conflicting = [each for each in has if line is not None and each.product_line_id == line and each not in own]
    found = account(state, project.id)
    view = {
        "product": data["product"],
        "stripe_account_id": found.account_id if found else None,
        "project_id": project.id,
        "project_logo_url": project.logos.get("logo_url"),
        "already_bought_non_stackable": bool(own) and not data["product"]["stackable"],
        "conflicting_products": [
            {"product_id": each.product_id, "display_name": each.product["display_name"]} for each in conflicting
        ],
        "test_mode": _is_test_mode(project),
        "charges_enabled": found is not None,
    }
    return ok(view if request.release == "2026-04" else view | {"replaces_stripe_subscription": False})


@route("POST", "/payments/purchases/purchase-session", access=OPEN, rules=_QUANTITY)
def buy(request: Request, state: State) -> Reply:
    code, project = _look_up(request, state)
    _complete(request, state, code, project, is_paid=True)
    return ok({"client_secret": f"pi_{secret(24)}_secret_{secret(24)}"})


@route("POST", "/internal/payments/test-mode-purchase-session", access=ADMIN, rules=_QUANTITY)
def buy_in_test_mode(request: Request, state: State) -> Reply:
    code, project = _look_up(request, state)
    if project.id != request.project.id:
        raise known("VERIFICATION_CODE_NOT_FOUND")
    if not _is_test_mode(project):
        raise plain(403, "Test mode is not enabled for this project.")
    _complete(request, state, code, project, is_paid=False)
    return success()


@route("POST", "/payments/purchases/validate-promo-codes", access=CLIENT)
def quote_code(request: Request, state: State) -> Reply:
    code, project = _look_up(request, state)
    body, product = request.body, _product(code)
    codes = applied(state, project.id, product, body.get("promo_codes") or (), request.now)
    return ok(quote(product, body["price_id"], body.get("quantity", 1), codes))


def _product(code: Code) -> Product:
    return Product(code.data["product_id"], code.data["product_line_id"], code.data["product"])


def _complete(request: Request, state: State, code: Code, project: Project, *, is_paid: bool) -> None:
    data, price_id = code.data, request.body["price_id"]
    if price_id not in data["product"]["prices"]:
        raise plain(400, "Price not found on product associated with this purchase code")
    if project_setting(project, "payments.blockNewPurchases"):
        raise known("NEW_PURCHASES_BLOCKED")
    product = _product(code)
    codes = applied(state, project.id, product, request.body.get("promo_codes") or (), request.now)
    purchase = acquire(
        state,
        project.id,
        (data["customer_type"], data["customer_id"]),
        product,
        now=request.now,
        quantity=request.body["quantity"],
        price_id=price_id,
        is_paid=is_paid,
        test_mode=not is_paid,
    )
    redeem(state, purchase, codes)


def _look_up(request: Request, state: State) -> tuple[Code, Project]:
    """Return the code and its project: buyers have no key."""
    tenancy, _, text = request.body["full_code"].partition("_")
    code = state[CODES].first(code=text, kind=_KIND)
    project = state[PROJECTS].get(code.project_id) if code is not None else None
    if code is None or project is None or tenancy != _tenancy(project):
        raise known("VERIFICATION_CODE_NOT_FOUND")
    if code.expires_at_millis <= request.now:
        raise known("VERIFICATION_CODE_EXPIRED")
    return code, project


def _tenancy(project: Project) -> str:
    """Return the prefix of a code, which identifies the project."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"hexclave:{project.id}"))


def _is_test_mode(project: Project) -> bool:
    return bool(project_setting(project, "payments.testMode"))
