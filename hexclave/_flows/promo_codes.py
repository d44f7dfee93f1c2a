"""Promo codes for purchases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from hexclave._flows.base import Flows
from hexclave_api.models import PromoCode
from hexclave_api.operation import Operation
from hexclave_api.operations import promo_codes
from hexclave_api.times import moment_millis


class PromoCodeFlows(Flows):
    """The project's promo codes. Newer servers only."""

    resource = "promo_codes"
    access = ("admin",)

    def create(
        self,
        code_name: str,
        *,
        discount_type: Literal["amount", "percent"],
        discount_amount: float,
        subscription_behavior: Literal["first_payment", "fixed_duration", "forever"],
        subscription_discount_duration_months: int | None = None,
        applicable_product_ids: Sequence[str] | None = None,
        max_redemptions: int | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Operation[PromoCode]:
        """Create a promo code. POST /internal/payments/promo-codes.

        `discount_amount` is in percent or in US dollars. `subscription_behavior` selects the payments of a subscription
        that are discounted; `fixed_duration` needs `subscription_discount_duration_months`. By default the code is
        valid for all products, without a limit, at any time. The dates need a timezone.
        """
        return promo_codes.create_promo_code(
            code_name=code_name,
            discount_type=discount_type,
            discount_amount=discount_amount,
            applicable_product_ids=applicable_product_ids,
            max_redemptions=max_redemptions,
            subscription_behavior=subscription_behavior,
            subscription_discount_duration_months=subscription_discount_duration_months,
            availability_type="always" if starts_at is None and ends_at is None else "between_dates",
            starts_at_millis=moment_millis(starts_at, "starts_at"),
            ends_at_millis=moment_millis(ends_at, "ends_at"),
        )
