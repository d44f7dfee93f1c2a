"""Promotion codes: discounts for customers, limited to products, times and number of uses."""

from collections.abc import Sequence
from typing import Final

import attrs

from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.payment_amounts import cents, money
from hexclave_emulator.domains.products import Product
from hexclave_emulator.domains.purchases import PURCHASES, Purchase
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class PromoCode:
    id: str
    project_id: str
    code_name: str
    discount_type: str
    discount_amount: float
    applicable_product_ids: list[str] | None
    max_redemptions: int | None
    subscription_behavior: str
    subscription_discount_duration_months: int | None
    availability_type: str
    starts_at_millis: int | None
    ends_at_millis: int | None
    created_at_millis: int
    paused_at_millis: int | None = None
    ended_at_millis: int | None = None

    def discount(self, amount: int) -> int:
        """Return the discount on an amount, both in hundredths of a US dollar."""
        off = self.discount_amount * (100 if self.discount_type == "amount" else amount / 100)
        return min(amount, round(off))


@attrs.frozen(kw_only=True)
class Redemption:
    """A purchase with a discount from a code."""

    id: str
    project_id: str
    promo_code_id: str
    purchase_id: str


PROMO_CODES: Final = table("promo_codes", PromoCode, indexes=("project_id",))
REDEMPTIONS: Final = table("promo_code_redemptions", Redemption, indexes=("project_id", "promo_code_id"))


def find_by_name(state: State, project_id: str, name: str) -> PromoCode | None:
    """Return the code that a customer typed, ignoring case."""
    wanted = name.strip().lower()
    found = state[PROMO_CODES].where(project_id=project_id)
    return next((each for each in found if each.code_name.lower() == wanted), None)


def status(state: State, code: PromoCode, now: int) -> tuple[str, str | None]:
    """Return `active`, `scheduled`, `paused`, `expired` or `ended`, with the reason."""
    if code.ended_at_millis is not None:
        return "ended", f"Ended on {iso(code.ended_at_millis)[:10]}"
    if code.ends_at_millis is not None and code.ends_at_millis <= now:
        return "expired", f"Expired on {iso(code.ends_at_millis)[:10]}"
    if code.max_redemptions is not None and _redeemed(state, code) >= code.max_redemptions:
        return "expired", "All redemptions are used"
    if code.paused_at_millis is not None:
        return "paused", None
    if code.starts_at_millis is not None and code.starts_at_millis > now:
        return "scheduled", f"Starts on {iso(code.starts_at_millis)[:10]}"
    return "active", None


def promo_code_view(state: State, code: PromoCode, now: int) -> JsonObject:
    """Return the code as seen by the project's owners."""
    state_now, detail = status(state, code, now)
    amount = f"{code.discount_amount:g}"
    products, starts, ends = code.applicable_product_ids, code.starts_at_millis, code.ends_at_millis
    return {
        "id": code.id,
        "code_name": code.code_name,
        "status": state_now,
        "status_detail": detail,
        "discount_type": code.discount_type,
        "discount_amount": code.discount_amount,
        "discount_label": f"{amount}% off" if code.discount_type == "percent" else f"${amount} off",
        "products_label": "All products" if products is None else ", ".join(products),
        "applicable_product_ids": products,
        "num_redemptions": _redeemed(state, code),
        "max_redemptions": code.max_redemptions,
        "availability": "Always" if starts is None or ends is None else f"{iso(starts)[:10]} to {iso(ends)[:10]}",
        "availability_type": code.availability_type,
        "starts_at_millis": starts,
        "ends_at_millis": ends,
        "paused_at_millis": code.paused_at_millis,
        "ended_at_millis": code.ended_at_millis,
        "subscription_behavior": code.subscription_behavior,
        "subscription_discount_duration_months": code.subscription_discount_duration_months,
        "has_active_subscription_redemptions": code.subscription_behavior != "first_payment"
        and _redeemed(state, code) > 0,
    }


def applied(state: State, project_id: str, product: Product, names: Sequence[str], now: int) -> list[PromoCode]:
    """Return the codes that a customer typed; all must apply to the product.

    Raises:
        Refusal: 400: one does not apply.
    """
    found: list[PromoCode] = []
    for name in names:
        code = find_by_name(state, project_id, name)
        if code is None:
            raise plain(400, f"Promo code {name} does not exist.")
        state_now, _ = status(state, code, now)
        if state_now != "active":
            raise plain(400, f"Promo code {code.code_name} is {state_now}.")
        if code.applicable_product_ids is not None and product.id not in code.applicable_product_ids:
            raise plain(400, f"Promo code {code.code_name} does not apply to this product.")
        if code in found:
            raise plain(400, f"Promo code {code.code_name} was given twice.")
        found.append(code)
    return found


def redeem(state: State, purchase: Purchase, codes: Sequence[PromoCode]) -> None:
    """Apply the discounts of the codes to the first payment, and count a redemption of each."""
    left = purchase.paid_cents
    for code in codes:
        left -= code.discount(left)
        state[REDEMPTIONS].insert(
            Redemption(id=new_id(), project_id=purchase.project_id, promo_code_id=code.id, purchase_id=purchase.id)
        )
    state[PURCHASES].update(purchase, discount_cents=purchase.paid_cents - left)


def quote(product: Product, price_id: str | None, quantity: int, codes: Sequence[PromoCode]) -> JsonObject:
    """Return the first and the recurring price of the product with these codes.

    Raises:
        Refusal: 400: the price does not exist.
    """
    prices: JsonObject = product.view["prices"]
    chosen = next(iter(prices), None) if price_id is None else price_id
    if chosen not in prices:
        raise plain(400, "Price not found on product.")
    original = cents(prices[chosen].get("USD")) * quantity
    net, recurring = original, original if product.interval(chosen) else 0
    for code in codes:
        net -= code.discount(net)
        if code.subscription_behavior != "first_payment":
            recurring -= code.discount(recurring)
    return {
        "original_amount": money(original),
        "net_amount": money(net),
        "recurring_amount": money(recurring),
        "applied_code_names": [each.code_name for each in codes],
    }


def _redeemed(state: State, code: PromoCode) -> int:
    return len(state[REDEMPTIONS].where(promo_code_id=code.id))
