"""Calls about customers, on every app."""

from tests.surface.calls.values import Call

CUSTOMER: list[Call] = [
    ('payments.for_user("u1").get_billing()', "GET /payments/billing/user/u1", None),
    ('payments.for_team("t1").get_billing()', "GET /payments/billing/team/t1", None),
    ('payments.for_user("u1").list_products()', "GET /payments/products/user/u1?limit=100", None),
    ('payments.for_user("u1").list_invoices(limit=2)', "GET /payments/invoices/user/u1?limit=2", None),
    (
        'payments.for_user("u1").create_payment_method_setup_intent()',
        "POST /payments/payment-method/user/u1/setup-intent",
        {},
    ),
    (
        'payments.for_user("u1").set_default_payment_method(setup_intent_id="s")',
        "POST /payments/payment-method/user/u1/set-default",
        {"setup_intent_id": "s"},
    ),
    (
        'payments.for_user("u1").switch_subscription(from_product_id="a", to_product_id="b", quantity=2)',
        "POST /payments/products/user/u1/switch",
        {"from_product_id": "a", "to_product_id": "b", "quantity": 2},
    ),
    (
        'payments.for_user("u1").validate_promo_codes(product_id="a", promo_codes=["x"])',
        "POST /payments/products/user/u1/validate-promo-codes",
        {"product_id": "a", "promo_codes": ["x"]},
    ),
    (
        'payments.for_user("u1").cancel_subscription("p1", subscription_id="s1")',
        "DELETE /payments/products/user/u1/p1?subscription_id=s1",
        None,
    ),
]
