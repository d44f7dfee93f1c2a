"""Errors of products, items, purchases and refunds."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError, NotFoundError, PermissionDeniedError


class CustomerDoesNotExist(KnownError, BadRequestError):
    """No customer has this ID."""

    code = "CUSTOMER_DOES_NOT_EXIST"
    customer_id = detail(str)


class DefaultPaymentMethodRequired(KnownError, BadRequestError):
    """Switching plans requires a default payment method."""

    code = "DEFAULT_PAYMENT_METHOD_REQUIRED"
    customer_type = detail(str)
    customer_id = detail(str)


class ItemCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The item belongs to a different type of customer."""

    code = "ITEM_CUSTOMER_TYPE_DOES_NOT_MATCH"
    item_id = detail(str)
    customer_id = detail(str)
    item_customer_type = detail(str)
    actual_customer_type = detail(str)


class ItemNotFound(KnownError, NotFoundError):
    """No item has this ID."""

    code = "ITEM_NOT_FOUND"
    item_id = detail(str)


class ItemQuantityInsufficientAmount(KnownError, BadRequestError):
    """The customer's quantity of the item is too low to decrease it by this amount."""

    code = "ITEM_QUANTITY_INSUFFICIENT_AMOUNT"
    item_id = detail(str)
    customer_id = detail(str)
    quantity = detail(int)


class NewPurchasesBlocked(KnownError, PermissionDeniedError):
    """The project has blocked new purchases."""

    code = "NEW_PURCHASES_BLOCKED"


class OneTimePurchaseAlreadyRefunded(KnownError, BadRequestError):
    """The purchase has already been refunded."""

    code = "ONE_TIME_PURCHASE_ALREADY_REFUNDED"
    one_time_purchase_id = detail(str)


class OneTimePurchaseNotFound(KnownError, NotFoundError):
    """No refundable purchase has this ID."""

    code = "ONE_TIME_PURCHASE_NOT_FOUND"
    one_time_purchase_id = detail(str)


class ProductAlreadyGranted(KnownError, BadRequestError):
    """The customer already owns the product, which is not stackable."""

    code = "PRODUCT_ALREADY_GRANTED"
    product_id = detail(str)
    customer_id = detail(str)


class ProductCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The product belongs to a different type of customer."""

    code = "PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH"
    product_id = detail(str)
    customer_id = detail(str)
    product_customer_type = detail(str)
    actual_customer_type = detail(str)


class ProductDoesNotExist(KnownError, BadRequestError):
    """The product does not exist, or only servers may grant it."""

    code = "PRODUCT_DOES_NOT_EXIST"
    product_id = detail(str)
    context = detail(str)


class StripeAccountInfoNotFound(KnownError, NotFoundError):
    """The project has no Stripe account connected."""

    code = "STRIPE_ACCOUNT_INFO_NOT_FOUND"
    hint = "Complete the payments setup of the project."


class SubscriptionAlreadyRefunded(KnownError, BadRequestError):
    """The subscription has already been refunded."""

    code = "SUBSCRIPTION_ALREADY_REFUNDED"
    subscription_id = detail(str)


class SubscriptionInvoiceNotFound(KnownError, NotFoundError):
    """No refundable invoice has this ID."""

    code = "SUBSCRIPTION_INVOICE_NOT_FOUND"
    subscription_invoice_id = detail(str)


class TestModePurchaseNonRefundable(KnownError, BadRequestError):
    """Purchases made in test mode cannot be refunded."""

    code = "TEST_MODE_PURCHASE_NON_REFUNDABLE"
