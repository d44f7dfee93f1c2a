"""Errors of products, items, purchases and refunds."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError, NotFoundError, PermissionDeniedError


class CustomerDoesNotExist(KnownError, BadRequestError):
    """No customer has this ID."""

    code: str | None = "CUSTOMER_DOES_NOT_EXIST"
    customer_id: str | None = detail(str)


class DefaultPaymentMethodRequired(KnownError, BadRequestError):
    """Switching plans requires a default payment method."""

    code: str | None = "DEFAULT_PAYMENT_METHOD_REQUIRED"
    customer_type: str | None = detail(str)
    customer_id: str | None = detail(str)


class ItemCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The item belongs to a different type of customer."""

    code: str | None = "ITEM_CUSTOMER_TYPE_DOES_NOT_MATCH"
    item_id: str | None = detail(str)
    customer_id: str | None = detail(str)
    item_customer_type: str | None = detail(str)
    actual_customer_type: str | None = detail(str)


class ItemNotFound(KnownError, NotFoundError):
    """No item has this ID."""

    code: str | None = "ITEM_NOT_FOUND"
    item_id: str | None = detail(str)


class ItemQuantityInsufficientAmount(KnownError, BadRequestError):
    """The customer's quantity of the item is too low to decrease it by this amount."""

    code: str | None = "ITEM_QUANTITY_INSUFFICIENT_AMOUNT"
    item_id: str | None = detail(str)
    customer_id: str | None = detail(str)
    quantity: int | None = detail(int)


class NewPurchasesBlocked(KnownError, PermissionDeniedError):
    """The project has blocked new purchases."""

    code: str | None = "NEW_PURCHASES_BLOCKED"


class OneTimePurchaseAlreadyRefunded(KnownError, BadRequestError):
    """The purchase has already been refunded."""

    code: str | None = "ONE_TIME_PURCHASE_ALREADY_REFUNDED"
    one_time_purchase_id: str | None = detail(str)


class OneTimePurchaseNotFound(KnownError, NotFoundError):
    """No refundable purchase has this ID."""

    code: str | None = "ONE_TIME_PURCHASE_NOT_FOUND"
    one_time_purchase_id: str | None = detail(str)


class ProductAlreadyGranted(KnownError, BadRequestError):
    """The customer already owns the product, which is not stackable."""

    code: str | None = "PRODUCT_ALREADY_GRANTED"
    product_id: str | None = detail(str)
    customer_id: str | None = detail(str)


class ProductCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The product belongs to a different type of customer."""

    code: str | None = "PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH"
    product_id: str | None = detail(str)
    customer_id: str | None = detail(str)
    product_customer_type: str | None = detail(str)
    actual_customer_type: str | None = detail(str)


class ProductDoesNotExist(KnownError, BadRequestError):
    """The product does not exist, or only servers may grant it."""

    code: str | None = "PRODUCT_DOES_NOT_EXIST"
    product_id: str | None = detail(str)
    context: str | None = detail(str)


class StripeAccountInfoNotFound(KnownError, NotFoundError):
    """The project has no Stripe account connected."""

    code: str | None = "STRIPE_ACCOUNT_INFO_NOT_FOUND"
    hint = "Complete the payments setup of the project."


class SubscriptionAlreadyRefunded(KnownError, BadRequestError):
    """The subscription has already been refunded."""

    code: str | None = "SUBSCRIPTION_ALREADY_REFUNDED"
    subscription_id: str | None = detail(str)


class SubscriptionInvoiceNotFound(KnownError, NotFoundError):
    """No refundable invoice has this ID."""

    code: str | None = "SUBSCRIPTION_INVOICE_NOT_FOUND"
    subscription_invoice_id: str | None = detail(str)


class TestModePurchaseNonRefundable(KnownError, BadRequestError):
    """Purchases made in test mode cannot be refunded."""

    code: str | None = "TEST_MODE_PURCHASE_NON_REFUNDABLE"
