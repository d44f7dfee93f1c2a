"""Possessions of customers: products, and the quantities of items that are included with them or changed manually."""

from typing import Any, Final

import attrs

from hexclave_emulator.domains.intervals import NEVER, is_interval, later
from hexclave_emulator.domains.payment_amounts import cents
from hexclave_emulator.domains.products import Product
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_MOST_REPEATS: Final = 10_000
"""Maximum repetitions of a repeating item, in case the clock is moved far ahead."""


@attrs.frozen(kw_only=True)
class Purchase:
    """A product granted to or bought by a customer."""

    id: str
    project_id: str
    customer_type: str
    customer_id: str
    product_id: str | None
    product: JsonObject
    product_line_id: str | None
    price_id: str | None
    quantity: int
    interval: list[Any] | None
    """Set for a subscription: its billing interval."""
    is_paid: bool = False
    test_mode: bool = False
    created_at_millis: int
    ended_at_millis: int | None = None
    """May be in the future if it was cancelled at the end of its period."""
    discount_cents: int = 0
    """The discount of promotion codes on the first payment."""
    was_cancelled: bool = False
    """True if cancelled by its owner, rather than replaced by another product of its line."""

    @property
    def paid_cents(self) -> int:
        """The amount paid, in hundredths of a US dollar."""
        price: JsonObject = self.product["prices"].get(self.price_id) or {}
        return cents(price.get("USD")) * self.quantity - self.discount_cents if self.is_paid else 0

    @property
    def grant_entry(self) -> int:
        """The index of the grant in its transaction: after the payment."""
        return 1 if self.is_paid else 0

    def is_owned(self, now: int) -> bool:
        return self.ended_at_millis is None or self.ended_at_millis > now

    def period_end(self, now: int) -> int:
        """Return the end of the subscription's current period, or `NEVER`."""
        if self.interval is None:
            return NEVER
        end, times = later(self.created_at_millis, self.interval), 1
        while end <= now and times < _MOST_REPEATS:
            times += 1
            end = later(self.created_at_millis, self.interval, times)
        return end


@attrs.frozen(kw_only=True)
class QuantityChange:
    """A manual change of an item quantity."""

    id: str
    project_id: str
    customer_type: str
    customer_id: str
    item_id: str
    quantity: int
    description: str | None = None
    expires_at_millis: int | None = None
    created_at_millis: int


@attrs.frozen(kw_only=True)
class Refund:
    """A refund for a purchase, or the return of a part of it."""

    id: str
    project_id: str
    purchase_id: str
    amount_cents: int
    quantity: int
    """The quantity returned."""
    created_at_millis: int


PURCHASES: Final = table("purchases", Purchase, indexes=("project_id", "customer_id"))
REFUNDS: Final = table("refunds", Refund, indexes=("project_id", "purchase_id"))
QUANTITY_CHANGES: Final = table("quantity_changes", QuantityChange, indexes=("project_id", "customer_id"))


def owned(state: State, project_id: str, customer_type: str, customer_id: str, now: int) -> list[Purchase]:
    """Return the customer's purchases, oldest first."""
    found = state[PURCHASES].where(project_id=project_id, customer_type=customer_type, customer_id=customer_id)
    return [purchase for purchase in found if purchase.is_owned(now)]


def acquire(
    state: State,
    project_id: str,
    customer: tuple[str, str],
    product: Product,
    *,
    now: int,
    quantity: int = 1,
    price_id: str | None = None,
    is_paid: bool = False,
    test_mode: bool = False,
) -> Purchase:
    """Give the product to the customer (type and id); another subscription of its line ends.

    Raises:
        Refusal: PRODUCT_ALREADY_GRANTED, or 400 in plain text.
    """
    if quantity != 1 and not product.is_stackable:
        raise plain(400, "This product is not stackable; quantity must be 1")
    customer_type, customer_id = customer
    for purchase in owned(state, project_id, customer_type, customer_id, now):
        if product.id is not None and purchase.product_id == product.id:
            if not product.is_stackable:
                raise known("PRODUCT_ALREADY_GRANTED", product_id=product.id, customer_id=customer_id)
        elif product.line_id is not None and purchase.product_line_id == product.line_id:
            if purchase.interval is None:
                raise plain(400, "Customer already has a one-time purchase in this product line")
            state[PURCHASES].update(purchase, ended_at_millis=now)
    return state[PURCHASES].insert(
        Purchase(
            id=new_id(),
            project_id=project_id,
            customer_type=customer_type,
            customer_id=customer_id,
            product_id=product.id,
            product=product.view,
            product_line_id=product.line_id,
            price_id=price_id,
            quantity=quantity,
            interval=product.interval(price_id),
            is_paid=is_paid,
            test_mode=test_mode,
            created_at_millis=now,
        )
    )


def item_quantity(state: State, project_id: str, customer_type: str, customer_id: str, item_id: str, now: int) -> int:
    """Return the customer's quantity of the item; negative if more was taken than was available."""
    of_customer = {"project_id": project_id, "customer_type": customer_type, "customer_id": customer_id}
    changes = [
        (each.created_at_millis, each.quantity, each.expires_at_millis or NEVER)
        for each in state[QUANTITY_CHANGES].where(**of_customer, item_id=item_id)
    ]
    for purchase in state[PURCHASES].where(**of_customer):
        changes += _included(purchase, item_id, now)
    return balance_of(sorted(changes), now)


def _included(purchase: Purchase, item_id: str, now: int) -> list[tuple[int, int, int]]:
    """Return the quantities of the item included in the purchase, with their start and end."""
    item = purchase.product["included_items"].get(item_id)
    if item is None:
        return []
    end = purchase.ended_at_millis or NEVER
    quantity = item["quantity"] * purchase.quantity
    if not is_interval(item["repeat"]):
        expires = end if item["expires"] == "when-purchase-expires" or purchase.interval else NEVER
        return [(purchase.created_at_millis, quantity, NEVER if item["expires"] == "never" else expires)]
    given: list[tuple[int, int, int]] = []
    start = purchase.created_at_millis
    while start <= min(now, end) and len(given) < _MOST_REPEATS:
        following = later(purchase.created_at_millis, item["repeat"], len(given) + 1)
        expires = {"never": NEVER, "when-repeated": min(following, end)}.get(item["expires"], end)
        given.append((start, quantity, expires))
        start = following
    return given


def balance_of(changes: list[tuple[int, int, int]], now: int) -> int:
    """Return the balance: withdrawals use the quantity that expires soonest, and a debt uses the next grant."""
    left: list[tuple[int, int]] = []
    debt = 0
    for at, quantity, expires in changes:
        left = sorted((until, each) for until, each in left if until > at)
        if quantity >= 0:
            settled = min(debt, quantity)
            debt -= settled
            left.append((expires, quantity - settled))
            continue
        wanted = -quantity
        for number, (until, each) in enumerate(left):
            taken = min(each, wanted)
            left[number] = (until, each - taken)
            wanted -= taken
        debt += wanted
    return sum(each for until, each in left if until > now) - debt
