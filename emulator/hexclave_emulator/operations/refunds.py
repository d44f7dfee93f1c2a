"""`/internal/payments/transactions/refund`: money paid back, and purchases ended with it.

Servers of April 2026 accept one refund, with a list of entries; newer ones accept several, each with an amount, up to
the price paid, and an option to end the purchase.
"""

from typing import Final

from hexclave_emulator.domains.payment_amounts import cents, money
from hexclave_emulator.domains.purchases import PURCHASES, REFUNDS, Purchase, Refund
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import Refusal, known, schema_error
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_OLD: Final = ("refund_entries",)
_NEW: Final = ("amount_usd", "invoice_id", "end_action")


@route("POST", "/internal/payments/transactions/refund", access=ADMIN)
def refund(request: Request, state: State) -> Reply:
    is_old = request.release == "2026-04"
    _check_fields(request, wanted=_OLD if is_old else _NEW, foreign=_NEW if is_old else _OLD)
    if not is_old:
        _check_action(request.body)
    purchase = _purchase(request, state)
    if not purchase.is_paid and (is_old or cents(request.body["amount_usd"]) > 0):
        raise known("TEST_MODE_PURCHASE_NON_REFUNDABLE")
    if is_old:
        _refund_entries(request, state, purchase)
        return ok({"success": True})
    return ok({"success": True, "refund_transaction_id": _refund_amount(request, state, purchase).id})


def _check_fields(request: Request, *, wanted: tuple[str, ...], foreign: tuple[str, ...]) -> None:
    unknown = [name for name in foreign if name in request.body]
    faults = [f"body contains unknown properties: {', '.join(unknown)}"] if unknown else []
    if wanted[0] not in request.body:
        faults.append(f"body.{wanted[0]} must be defined")
    if faults:
        raise schema_error(request.method, request.path, faults)


def _check_action(body: JsonObject) -> None:
    amount, action = cents(body["amount_usd"]), body.get("end_action")
    if amount < 0:
        raise _wrong("Refund amount cannot be negative.")
    if body["type"] == "one-time-purchase":
        if "invoice_id" in body:
            raise _wrong("invoice_id is not applicable to one-time purchases.")
        if action == "at-period-end":
            raise _wrong("A one-time purchase has no period: end_action must be 'now' or omitted.")
    if amount == 0 and action is None:
        raise _wrong("Refund must do something: specify a non-zero amount or set end_action.")


def _purchase(request: Request, state: State) -> Purchase:
    is_subscription, identifier = request.body["type"] == "subscription", request.body["id"]
    found = state[PURCHASES].get(identifier)
    if found is None or found.project_id != request.project.id or bool(found.interval) != is_subscription:
        if is_subscription:
            raise known("SUBSCRIPTION_INVOICE_NOT_FOUND", subscription_invoice_id=identifier)
        raise known("ONE_TIME_PURCHASE_NOT_FOUND", one_time_purchase_id=identifier)
    return found


def _refund_entries(request: Request, state: State, purchase: Purchase) -> None:
    if state[REFUNDS].first(purchase_id=purchase.id) is not None:
        if purchase.interval:
            raise known("SUBSCRIPTION_ALREADY_REFUNDED", subscription_id=purchase.id)
        raise known("ONE_TIME_PURCHASE_ALREADY_REFUNDED", one_time_purchase_id=purchase.id)
    entries: list[JsonObject] = request.body["refund_entries"]
    indexes = [each["entry_index"] for each in entries]
    if any(each["quantity"] < 0 for each in entries):
        raise _wrong("Refund quantity cannot be negative.")
    if len(set(indexes)) < len(indexes):
        raise _wrong("Refund entries cannot contain duplicate entry indexes.")
    if any(index != purchase.grant_entry for index in indexes):
        raise _wrong("Refund entries must reference product grant entries.")
    quantity = sum(each["quantity"] for each in entries)
    if quantity > purchase.quantity:
        raise _wrong("Refund quantity cannot exceed purchased quantity.")
    amount = sum(cents(each["amount_usd"]) for each in entries)
    if amount < 0:
        raise _wrong("Refund amount cannot be negative.")
    if amount > purchase.paid_cents:
        raise _wrong("Refund amount cannot exceed the charged amount.")
    _insert(request, state, purchase, amount, quantity)
    if quantity == purchase.quantity:
        state[PURCHASES].update(purchase, ended_at_millis=request.now)
    elif quantity:
        state[PURCHASES].update(purchase, quantity=purchase.quantity - quantity)


def _refund_amount(request: Request, state: State, purchase: Purchase) -> Refund:
    amount, action = cents(request.body["amount_usd"]), request.body.get("end_action")
    if action == "at-period-end" and purchase.ended_at_millis is not None:
        raise _wrong("The subscription already ends: omit end_action to refund the amount.")
    if action == "now" and not purchase.is_owned(request.now):
        raise _wrong("The purchase has already ended: omit end_action to refund the amount.")
    left = purchase.paid_cents - sum(each.amount_cents for each in state[REFUNDS].where(purchase_id=purchase.id))
    if amount > left:
        raise _wrong(f"Refund amount cannot exceed the remaining refundable amount (${money(left)}).")
    if action is not None:
        ends = request.now if action == "now" else purchase.period_end(request.now)
        state[PURCHASES].update(purchase, ended_at_millis=ends)
    return _insert(request, state, purchase, amount, purchase.quantity if action == "now" else 0)


def _insert(request: Request, state: State, purchase: Purchase, amount: int, quantity: int) -> Refund:
    return state[REFUNDS].insert(
        Refund(
            id=new_id(),
            project_id=purchase.project_id,
            purchase_id=purchase.id,
            amount_cents=amount,
            quantity=quantity,
            created_at_millis=request.now,
        )
    )


def _wrong(message: str) -> Refusal:
    return known("SCHEMA_ERROR", message, message=message)
