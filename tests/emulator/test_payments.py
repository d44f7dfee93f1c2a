"""Items, products and purchases, beyond what recordings show."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave_api.operations import payments
from hexclave_api.operations.teams import create_team
from hexclave_emulator import Emulator
from hexclave_emulator.domains import purchases
from hexclave_emulator.domains.intervals import NEVER, later
from tests.emulator.asking import Asker
from tests.emulator.performing import Cast, Person

DAY = 24 * 3600
BASIC = {
    "displayName": "Basic",
    "customerType": "user",
    "productLineId": "plans",
    "prices": {"monthly": {"USD": "9.50", "interval": [1, "month"]}},
    "includedItems": {"credits": {"quantity": 10, "repeat": [1, "week"], "expires": "when-repeated"}},
}
PRODUCTS = {
    "basic": BASIC,
    "pro": {**BASIC, "displayName": "Pro", "includedItems": {"credits": {"quantity": 100}}},
    "pack": {
        "displayName": "Pack",
        "customerType": "user",
        "stackable": True,
        "prices": {"once": {"USD": "5"}},
        "includedItems": {"credits": {"quantity": 7, "expires": "never"}},
    },
    "secret": {"displayName": "Secret", "customerType": "user", "serverOnly": True},
}
ITEMS = {
    "credits": {"displayName": "Credits", "customerType": "user"},
    "seats": {"displayName": "Seats", "customerType": "team"},
}


@pytest.fixture
def ada(cast: Cast) -> Person:
    return customer(cast)


def customer(cast: Cast) -> Person:
    """Create a user of a project with products."""
    cast.settings(payments__products=PRODUCTS, payments__items=ITEMS, payments__productLines={"plans": {}})
    cast.admin(payments.setup_payments())
    return cast.person("ada")


def credits_of(cast: Cast, ada: Person) -> int:
    return cast.server(payments.get_item("user", ada.id, "credits")).quantity


def owned(cast: Cast, ada: Person) -> list[tuple[str | None, int]]:
    page = cast.server(payments.list_customer_products("user", ada.id))
    return [(each.id, each.quantity) for each in page.items]


def code(cast: Cast, ada: Person, product_id: str) -> str:
    link = cast.server(payments.create_purchase_url(customer_type="user", customer_id=ada.id, product_id=product_id))
    return link.url.reveal().rpartition("/")[2]


def test_items_repeat_and_replace_those_before(cast: Cast, ada: Person) -> None:
    """Ten a week that expire when the next ten come; what was used of them does not carry over."""
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    cast.server(payments.update_item_quantity("user", ada.id, "credits", allow_negative=False, delta=-4))
    assert credits_of(cast, ada) == 6
    cast.ask.emulator.clock.advance(7 * DAY + 1)
    assert credits_of(cast, ada) == 10


def test_items_go_with_a_cancelled_subscription(cast: Cast, ada: Person) -> None:
    """One that was granted ends at once, and its items with it."""
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    ada(payments.cancel_subscription("user", "me", "basic"))
    assert owned(cast, ada) == []
    assert credits_of(cast, ada) == 0


def test_a_paid_subscription_runs_to_the_end_of_its_period(cast: Cast, ada: Person) -> None:
    """Cancelled, it stays until then and cannot be cancelled again."""
    full_code = code(cast, ada, "basic")
    cast.visitor(payments.create_purchase_session(full_code=full_code, price_id="monthly"))
    ada(payments.cancel_subscription("user", ada.id, "basic"))
    [product] = cast.server(payments.list_customer_products("user", ada.id)).items
    assert product.subscription is not None
    assert (product.subscription.cancel_at_period_end, product.subscription.is_cancelable) == (True, False)
    cast.ask.emulator.clock.advance(32 * DAY)
    assert owned(cast, ada) == []


def test_products_of_one_line_replace_each_other(cast: Cast, ada: Person) -> None:
    """The link warns before; the purchase ends the other."""
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    full_code = code(cast, ada, "pro")
    details = cast.visitor(payments.validate_purchase_code(full_code=full_code))
    assert [each.product_id for each in details.conflicting_products] == ["basic"]
    cast.admin(payments.complete_test_mode_purchase(full_code=full_code, price_id="monthly"))
    assert owned(cast, ada) == [("pro", 1)]
    assert cast.visitor(payments.validate_purchase_code(full_code=full_code)).already_bought_non_stackable


def test_stackable_products_add_up(cast: Cast, ada: Person) -> None:
    """Only they may be bought several times."""
    for quantity in (2, 3):
        cast.server(payments.grant_product("user", ada.id, product_id="pack", quantity=quantity))
    assert owned(cast, ada) == [("pack", 5)]
    assert credits_of(cast, ada) == 35
    refused = cast.server.refused(payments.grant_product("user", ada.id, product_id="basic", quantity=2))
    assert refused == (400, "This product is not stackable; quantity must be 1")


def test_switching_needs_a_paid_subscription_and_a_card(cast: Cast, ada: Person) -> None:
    """In that order; then the other product of the line takes its place."""
    switch = payments.switch_subscription("user", ada.id, from_product_id="basic", to_product_id="pro")
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    assert ada.refused(switch) == (400, "This subscription cannot be switched.")
    ada(payments.cancel_subscription("user", ada.id, "basic"))
    cast.visitor(payments.create_purchase_session(full_code=code(cast, ada, "basic"), price_id="monthly"))
    assert ada.refused(switch) == (400, "DEFAULT_PAYMENT_METHOD_REQUIRED")
    intent = (
        ada(payments.create_payment_method_setup_intent("user", ada.id)).client_secret.reveal().partition("_secret")[0]
    )
    card = ada(payments.set_default_payment_method("user", ada.id, setup_intent_id=intent)).default_payment_method
    assert ada(payments.get_billing("user", ada.id)).default_payment_method == card
    ada(switch)
    assert owned(cast, ada) == [("pro", 1)]


def test_test_mode_is_for_projects_in_it(cast: Cast, ada: Person) -> None:
    """New purchases can be blocked altogether."""
    full_code = code(cast, ada, "pro")
    buy = payments.complete_test_mode_purchase(full_code=full_code, price_id="monthly")
    cast.settings(payments__testMode=False)
    assert cast.admin.refused(buy)[0] == 403
    cast.settings(payments__testMode=True, payments__blockNewPurchases=True)
    assert cast.admin.refused(buy) == (403, "NEW_PURCHASES_BLOCKED")


def test_invoices_and_refunds_are_of_paid_purchases(cast: Cast, ada: Person) -> None:
    """A refund ends what was bought, once; what was granted has nothing to refund."""
    cast.visitor(payments.create_purchase_session(full_code=code(cast, ada, "basic"), price_id="monthly"))
    [invoice] = ada(payments.list_invoices("user", ada.id)).items
    assert (invoice.status, invoice.amount_total) == ("paid", 950)
    [bought] = cast.admin(payments.list_transactions()).transactions
    refund = payments.refund_transaction
    assert cast.admin.refused(refund(type_="subscription", id_=bought.id)) == (400, "SCHEMA_ERROR")
    assert cast.admin.refused(refund(type_="subscription", id_=bought.id, amount_usd="9.51")) == (400, "SCHEMA_ERROR")
    assert cast.admin.refused(refund(type_="subscription", id_=bought.id, amount_usd="0")) == (400, "SCHEMA_ERROR")
    cast.admin(refund(type_="subscription", id_=bought.id, amount_usd="4.50"))
    assert owned(cast, ada) == [("basic", 1)], "without end_action what was bought stays"
    cast.admin(refund(type_="subscription", id_=bought.id, amount_usd="5", end_action="now"))
    assert owned(cast, ada) == []
    assert cast.admin.refused(refund(type_="subscription", id_=bought.id, amount_usd="0.01")) == (400, "SCHEMA_ERROR")
    granted = cast.server(payments.grant_product("user", ada.id, product_id="pro")).subscription_id
    assert granted is not None
    gift = refund(type_="subscription", id_=granted, amount_usd="1")
    assert cast.admin.refused(gift) == (400, "TEST_MODE_PURCHASE_NON_REFUNDABLE")
    [second, first, *_] = cast.admin(payments.list_transactions(type_="refund")).transactions
    assert [each.type for each in second.entries] == ["product_revocation", "money_transfer"]
    assert [each.type for each in first.entries] == ["money_transfer"]


def test_refunds_of_april() -> None:
    """Entry by entry, once, and never without entries."""
    cast = Cast(Asker(Emulator(release="2026-04")))
    ada = customer(cast)
    cast.visitor(payments.create_purchase_session(full_code=code(cast, ada, "pack"), price_id="once", quantity=2))
    [bought] = cast.admin(payments.list_transactions()).transactions

    def refused(*entries: dict[str, Any], **more: Any) -> str:
        body = {"type": "one-time-purchase", "id": bought.id, "refund_entries": entries, **more}
        reply = cast.ask.admin("POST", "/internal/payments/transactions/refund", body)
        return reply.json()["error"] if reply.status == 400 else f"{reply.status}"

    without = {"type": "one-time-purchase", "id": bought.id}
    reply = cast.ask.admin("POST", "/internal/payments/transactions/refund", without)
    assert (reply.status, "body.refund_entries must be defined" in reply.json()["error"]) == (400, True)
    entry = {"entry_index": 1, "quantity": 1, "amount_usd": "5"}
    assert "unknown properties: amount_usd" in refused(entry, amount_usd="1")
    assert "exceed purchased" in refused({**entry, "quantity": 3})
    assert "exceed the charged" in refused({**entry, "amount_usd": "10.01"})
    assert "duplicate" in refused(entry, entry)
    assert "product grant" in refused({**entry, "entry_index": 0})
    assert refused(entry) == "200"
    assert owned(cast, ada) == [("pack", 1)]
    again = cast.ask.admin("POST", "/internal/payments/transactions/refund", {**without, "refund_entries": [entry]})
    assert again.json()["code"] == "ONE_TIME_PURCHASE_ALREADY_REFUNDED"


def test_cancelling_what_the_customer_does_not_have(cast: Cast, ada: Person) -> None:
    """Another subscription of its line replaced it; its customer has another type; the subscription does not exist."""
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    cast.server(payments.grant_product("user", ada.id, product_id="pro"))
    cancel = payments.cancel_subscription
    assert cast.server.refused(cancel("user", ada.id, "basic")) == (400, "Customer does not have this product.")
    assert ada.refused(cancel("user", "me", "pack")) == (400, "Customer does not have this product.")
    team = ada(create_team(display_name="Engineers"))
    wrong = (400, "PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH")
    assert cast.server.refused(cancel("team", team.id, "pro")) == wrong
    assert ada.refused(cancel("user", "me", "secret")) == (400, "PRODUCT_DOES_NOT_EXIST")
    unknown = cancel("user", ada.id, "pro", subscription_id="nope")
    assert cast.server.refused(unknown)[1] == "No active subscription found with this ID for the given customer."
    cast.server(cancel("user", ada.id, "pro"))


def test_products_that_do_not_stack_are_bought_once(cast: Cast, ada: Person) -> None:
    """No link is created for it."""
    cast.server(payments.grant_product("user", ada.id, product_id="basic"))
    link = payments.create_purchase_url(customer_type="user", customer_id=ada.id, product_id="basic")
    assert cast.server.refused(link) == (400, "PRODUCT_ALREADY_GRANTED")
    cast.server(payments.grant_product("user", ada.id, product_id="pack"))
    code(cast, ada, "pack")


def test_transactions_come_page_by_page(cast: Cast, ada: Person) -> None:
    """Newest first, each once, of one kind when asked for."""
    for delta in (1, 2, 3):
        cast.ask.emulator.clock.advance(1)
        cast.server(payments.update_item_quantity("user", ada.id, "credits", allow_negative=False, delta=delta))
    cast.server(payments.grant_product("user", ada.id, product_id="pack"))
    found: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = cast.admin(payments.list_transactions(limit=1, type_="manual-item-quantity-change", **cursor))
        found += [each.entries[0].quantity for each in page.transactions]
        if page.next_cursor is None:
            break
        cursor = {"cursor": page.next_cursor}
    assert found == [3, 2, 1]
    assert cast.admin.refused(payments.list_transactions(cursor="nonsense")) == (400, "Invalid cursor")


def test_clients_buy_what_is_for_sale(cast: Cast, ada: Person) -> None:
    """Neither server-only nor inline products, and only trusted return URLs."""

    def link(**fields: Any) -> Any:
        return payments.create_purchase_url(customer_type="user", customer_id="me", **fields)

    assert ada.refused(link(product_id="secret")) == (400, "PRODUCT_DOES_NOT_EXIST")
    inline: Any = {"display_name": "Own", "customer_type": "user", "prices": {"once": {"USD": "0.01"}}}
    assert ada.refused(link(product_inline=inline))[0] == 400
    bad = link(product_id="pro", return_url="https://evil.example.net")
    assert ada.refused(bad) == (400, "REDIRECT_URL_NOT_WHITELISTED")
    assert ada(link(product_id="pro", return_url="http://localhost:3000/thanks")).url


def test_members_see_what_their_team_has(cast: Cast, ada: Person) -> None:
    """Others do not."""
    team = ada(create_team(display_name="Engines"))
    cast.server(payments.update_item_quantity("team", team.id, "seats", allow_negative=False, delta=3))
    assert ada(payments.get_item("team", team.id, "seats")).quantity == 3
    bob = cast.person("bob")
    assert bob.refused(payments.get_item("team", team.id, "seats")) == (404, "TEAM_MEMBERSHIP_NOT_FOUND")


def test_payment_methods_can_be_switched(cast: Cast, ada: Person) -> None:
    """By their ids; unknown ones are refused."""
    before = cast.admin(payments.get_payment_method_configs())
    assert {each.id for each in before.methods if each.enabled} == {"card"}
    updates: Any = {"card": "off", "link": "on"}
    cast.admin(payments.update_payment_method_configs(config_id=before.config_id, updates=updates))
    after = cast.admin(payments.get_payment_method_configs())
    assert {each.id for each in after.methods if each.enabled} == {"link"}
    updates = {"shells": "on"}
    refused = cast.admin.refused(payments.update_payment_method_configs(config_id=before.config_id, updates=updates))
    assert refused == (400, "Unknown payment method: shells")


def test_a_code_of_another_project_is_unknown(cast: Cast, ada: Person) -> None:
    """The prefix of the code must be the project's."""
    full_code = code(cast, ada, "pro")
    wrong = "00000000-0000-4000-8000-000000000000_" + full_code.partition("_")[2]
    assert cast.visitor.refused(payments.validate_purchase_code(full_code=wrong)) == (
        404,
        "VERIFICATION_CODE_NOT_FOUND",
    )
    cast.ask.emulator.clock.advance(2 * DAY)
    late = cast.visitor.refused(payments.validate_purchase_code(full_code=full_code))
    assert late == (400, "VERIFICATION_CODE_EXPIRED")


def test_before_payments_are_set_up(cast: Cast) -> None:
    """There is no account and nothing can be bought."""
    assert cast.admin.refused(payments.get_stripe_account()) == (404, "STRIPE_ACCOUNT_INFO_NOT_FOUND")
    ada = cast.person("ada")
    assert not ada(payments.get_billing("user", ada.id)).has_customer


changes = st.lists(st.tuples(st.integers(0, 50), st.integers(-20, 20), st.sampled_from([NEVER, 10, 30, 60])))


@given(changes)
def test_without_expiry_the_balance_is_the_sum(found: list[tuple[int, int, int]]) -> None:
    """Debts and grants settle each other whatever their order."""
    lasting = sorted((at, quantity, NEVER) for at, quantity, _ in found)
    assert purchases.balance_of(lasting, 100) == sum(quantity for _, quantity, _ in lasting)


@given(changes)
def test_expiry_never_gives(found: list[tuple[int, int, int]]) -> None:
    """Expiry never increases the balance, and a debt is never forgiven."""
    lasting = sorted((at, quantity, NEVER) for at, quantity, _ in found)
    assert purchases.balance_of(sorted(found), 100) <= purchases.balance_of(lasting, 100)


def test_taking_uses_up_what_expires_first() -> None:
    """So that what lasts is left."""
    assert purchases.balance_of([(0, 5, NEVER), (1, 5, 10), (2, -5, NEVER)], 20) == 5


@pytest.mark.parametrize(
    ("start", "interval", "end"),
    [
        ("2026-01-31T12:00:00+00:00", [1, "month"], "2026-02-28T12:00:00+00:00"),
        ("2024-02-29T00:00:00+00:00", [1, "year"], "2025-02-28T00:00:00+00:00"),
        ("2026-12-15T00:00:00+00:00", [2, "week"], "2026-12-29T00:00:00+00:00"),
        ("2026-12-31T00:00:00+00:00", [1, "day"], "2027-01-01T00:00:00+00:00"),
    ],
)
def test_intervals(start: str, interval: list[Any], end: str) -> None:
    """Days that a month lacks become its last day."""
    moments = [int(datetime.fromisoformat(each).timestamp() * 1000) for each in (start, end)]
    assert later(moments[0], interval) == moments[1]


@given(st.integers(0, 2**60), st.integers(1, 10**12), st.sampled_from(["day", "week", "month", "year"]))
def test_intervals_beyond_the_calendar(start: int, count: int, unit: str) -> None:
    """Are never, not an error."""
    assert start < later(start, [count, unit]) or later(start, [count, unit]) == NEVER
