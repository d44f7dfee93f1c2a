"""Promotion codes: created, counted, and deducted from payments."""

from decimal import Decimal
from typing import Any

import pytest

from hexclave_api.operations import payments, promo_codes
from tests.emulator.performing import Cast, Person
from tests.emulator.test_payments import code, customer

DAY = 24 * 3600 * 1000
FIELDS: dict[str, Any] = {
    "code_name": "SPRING",
    "discount_type": "percent",
    "discount_amount": 20,
    "applicable_product_ids": None,
    "max_redemptions": None,
    "subscription_behavior": "first_payment",
    "subscription_discount_duration_months": None,
    "availability_type": "always",
    "starts_at_millis": None,
    "ends_at_millis": None,
}


@pytest.fixture
def ada(cast: Cast) -> Person:
    return customer(cast)


def made(cast: Cast, **fields: Any) -> Any:
    return cast.admin(promo_codes.create_promo_code(**(FIELDS | fields)))


def test_a_code_counts_as_often_as_it_may(cast: Cast, ada: Person) -> None:
    """A purchase redeems it, a quote does not; an exhausted code is refused."""
    cast.settings(payments__testMode=True)
    made(cast, max_redemptions=1)
    quoted = cast.server(payments.validate_promo_codes(product_id="basic", promo_codes=[" spring "]))
    assert (quoted.original_amount_text, quoted.net_amount, quoted.recurring_amount) == (
        "9.5",
        Decimal("7.6"),
        Decimal("9.5"),
    )
    bought = {"full_code": code(cast, ada, "basic"), "price_id": "monthly", "promo_codes": ["SPRING"]}
    assert cast.ask.admin("POST", "/internal/payments/test-mode-purchase-session", bought).status == 200
    [shown] = cast.admin(promo_codes.list_promo_codes()).promo_codes
    assert (shown.num_redemptions, shown.status, shown.discount_label) == (1, "expired", "20% off")
    again = payments.validate_promo_codes(product_id="basic", promo_codes=["SPRING"])
    assert cast.server.refused(again) == (400, "Promo code SPRING is expired.")


def test_the_price_of_a_purchase_is_the_amount_paid(cast: Cast, ada: Person) -> None:
    """The quote for a link, and the invoice of the buyer."""
    made(cast)
    link = {"full_code": code(cast, ada, "basic"), "price_id": "monthly", "promo_codes": ["SPRING"]}
    quoted = cast.ask.client("POST", "/payments/purchases/validate-promo-codes", link).json()
    assert (quoted["net_amount"], quoted["applied_code_names"]) == ("7.6", ["SPRING"])
    assert cast.ask.client("POST", "/payments/purchases/purchase-session", link).status == 200
    [invoice] = ada(payments.list_invoices("user", ada.id)).items
    assert invoice.amount_total == 760


def test_codes_stack_and_last_as_they_say(cast: Cast, ada: Person) -> None:
    """An amount never takes off more than the price; a customer asks for itself."""
    made(cast)
    made(cast, code_name="FIVE", discount_type="amount", discount_amount=100, subscription_behavior="forever")
    quoted = ada(
        payments.validate_promo_codes_for_customer("user", "me", product_id="basic", promo_codes=["SPRING", "FIVE"])
    )
    assert (quoted.net_amount, quoted.recurring_amount) == (0, 0)
    assert list(quoted.applied_code_names) == ["SPRING", "FIVE"]
    bob = cast.person("bob")
    other = payments.validate_promo_codes_for_customer("user", ada.id, product_id="basic")
    assert bob.refused(other)[0] == 403
    twice = payments.validate_promo_codes(product_id="basic", promo_codes=["FIVE", "five"])
    assert cast.server.refused(twice)[0] == 400


def test_a_code_counts_between_its_dates_until_it_is_paused_or_ended(cast: Cast, ada: Person) -> None:
    """The status follows; the list filters by it."""
    clock = cast.ask.emulator.clock
    now = clock.millis()
    code_id = made(cast, availability_type="between_dates", starts_at_millis=now + DAY, ends_at_millis=now + 3 * DAY).id

    def status() -> str:
        return str(cast.admin(promo_codes.get_promo_code(code_id)).status)

    assert status() == "scheduled"
    clock.advance(25 * 3600)
    assert status() == "active"
    cast.admin(promo_codes.pause_promo_code(code_id))
    assert status() == "paused"
    assert cast.admin.refused(promo_codes.pause_promo_code(code_id))[0] == 400
    assert [each.id for each in cast.admin(promo_codes.list_promo_codes(status="paused")).promo_codes] == [code_id]
    cast.admin(promo_codes.resume_promo_code(code_id))
    cast.admin(promo_codes.end_promo_code(code_id))
    assert status() == "ended"
    assert cast.admin(promo_codes.list_promo_codes(status="active", query="spr")).promo_codes == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"discount_amount": 101},
        {"discount_amount": 0},
        {"subscription_behavior": "fixed_duration"},
        {"subscription_discount_duration_months": 3},
        {"availability_type": "between_dates"},
        {"starts_at_millis": 1},
        {"applicable_product_ids": ["nope"]},
        {"max_redemptions": 0},
    ],
)
def test_codes_that_make_no_sense_are_refused(cast: Cast, ada: Person, fields: dict[str, Any]) -> None:
    """With 400; a name that is taken with 409."""
    assert cast.admin.refused(promo_codes.create_promo_code(**(FIELDS | fields)))[0] == 400
    made(cast)
    again: dict[str, Any] = FIELDS | {"code_name": "spring"}
    assert cast.admin.refused(promo_codes.create_promo_code(**again))[0] == 409


def test_a_code_is_for_its_products(cast: Cast, ada: Person) -> None:
    """And not for other projects."""
    made(cast, applicable_product_ids=["pro"])
    refused = payments.validate_promo_codes(product_id="basic", promo_codes=["SPRING"])
    assert cast.server.refused(refused) == (400, "Promo code SPRING does not apply to this product.")
    assert cast.admin.refused(promo_codes.get_promo_code("0" * 8 + "-0000-4000-8000-000000000000"))[0] == 404
