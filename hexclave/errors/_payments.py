"""Products, items, purchases and refunds."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError, NotFoundError, PermissionDeniedError


class CustomerDoesNotExist(KnownError, BadRequestError):
    """There is no customer with this id."""

    code = "CUSTOMER_DOES_NOT_EXIST"
    customer_id = detail(str)


class DefaultPaymentMethodRequired(KnownError, BadRequestError):
    """The plan cannot be switched before the customer has a default payment method."""

    code = "DEFAULT_PAYMENT_METHOD_REQUIRED"
    customer_type = detail(str)
    customer_id = detail(str)


class ItemCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The item is for another kind of customer."""

    code = "ITEM_CUSTOMER_TYPE_DOES_NOT_MATCH"
    item_id = detail(str)
    customer_id = detail(str)
    item_customer_type = detail(str)
    actual_customer_type = detail(str)


class ItemNotFound(KnownError, NotFoundError):
    """There is no item with this id."""

    code = "ITEM_NOT_FOUND"
    item_id = detail(str)


class ItemQuantityInsufficientAmount(KnownError, BadRequestError):
    """The customer has less of the item than is to be taken away."""

    code = "ITEM_QUANTITY_INSUFFICIENT_AMOUNT"
    item_id = detail(str)
    customer_id = detail(str)
    quantity = detail(int)


class NewPurchasesBlocked(KnownError, PermissionDeniedError):
    """The project sells nothing at present."""

    code = "NEW_PURCHASES_BLOCKED"


class OneTimePurchaseAlreadyRefunded(KnownError, BadRequestError):
    """The purchase was refunded before."""

    code = "ONE_TIME_PURCHASE_ALREADY_REFUNDED"
    one_time_purchase_id = detail(str)


class OneTimePurchaseNotFound(KnownError, NotFoundError):
    """There is no purchase with this id to refund."""

    code = "ONE_TIME_PURCHASE_NOT_FOUND"
    one_time_purchase_id = detail(str)


class ProductAlreadyGranted(KnownError, BadRequestError):
    """The customer owns the product, which cannot be owned twice."""

    code = "PRODUCT_ALREADY_GRANTED"
    product_id = detail(str)
    customer_id = detail(str)


class ProductCustomerTypeDoesNotMatch(KnownError, BadRequestError):
    """The product is for another kind of customer."""

    code = "PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH"
    product_id = detail(str)
    customer_id = detail(str)
    product_customer_type = detail(str)
    actual_customer_type = detail(str)


class ProductDoesNotExist(KnownError, BadRequestError):
    """There is no such product, or a client asked for one that only servers may grant."""

    code = "PRODUCT_DOES_NOT_EXIST"
    product_id = detail(str)
    context = detail(str)


class StripeAccountInfoNotFound(KnownError, NotFoundError):
    """The project has no Stripe account connected."""

    code = "STRIPE_ACCOUNT_INFO_NOT_FOUND"
    hint = "Complete the payments set-up of the project."


class SubscriptionAlreadyRefunded(KnownError, BadRequestError):
    """The subscription was refunded before."""

    code = "SUBSCRIPTION_ALREADY_REFUNDED"
    subscription_id = detail(str)


class SubscriptionInvoiceNotFound(KnownError, NotFoundError):
    """There is no invoice with this id to refund."""

    code = "SUBSCRIPTION_INVOICE_NOT_FOUND"
    subscription_invoice_id = detail(str)


class TestModePurchaseNonRefundable(KnownError, BadRequestError):
    """The purchase was made in test mode, where no money can go back."""

    code = "TEST_MODE_PURCHASE_NON_REFUNDABLE"
