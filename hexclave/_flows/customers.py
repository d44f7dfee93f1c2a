"""One customer of the project: a user, a team, or a customer with an id of your own."""

from datetime import datetime
from typing import Literal

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._flows.base import Flows
from hexclave._flows.times import moment_text
from hexclave._steps import Steps
from hexclave.errors import ItemQuantityInsufficientAmount, UnsafeUseError
from hexclave_api.inputs import InlineProduct
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import payments
from hexclave_api.secret import Secret

Kind = Literal["user", "team", "custom"]


class _CustomerFlows(Flows):
    """Flows of one customer."""

    def __init__(self, context: Context, kind: Kind, id_: str) -> None:
        super().__init__(context)
        self.kind: Kind = kind
        self.id = id_


class _AnyCustomerFlows(_CustomerFlows):
    """Flows of servers, for any customer."""

    def grant_product(self, product: str | InlineProduct, *, quantity: int | Unset = UNSET) -> Operation[str | None]:
        """Grant the customer a product without payment. Return the subscription's id, if the product is one.

        `product` is the id of a configured product, or one defined inline.
        POST /payments/products/{customer_type}/{customer_id}.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it is not stackable.
        """
        product_id, product_inline = _product(product)
        return payments.grant_product(
            self.kind, self.id, product_id=product_id, product_inline=product_inline, quantity=quantity
        ).mapped(lambda grant: grant.subscription_id)

    def increase_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Operation[None]:
        """Increase the customer's quantity of an item, until `expires_at` if given.

        POST /payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity.

        Raises:
            ItemNotFound: the project has no such item.
        """
        return _change(self, item_id, _amount(by), True, expires_at, description)

    def decrease_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Operation[None]:
        """Decrease the customer's quantity of an item, even below zero, until `expires_at` if given.

        POST /payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity.

        Raises:
            ItemNotFound: the project has no such item.
        """
        return _change(self, item_id, -_amount(by), True, expires_at, description)

    def try_decrease_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Steps[bool]:
        """Decrease the customer's quantity of an item. Return `False` without a change if too little is left.

        Atomic: concurrent calls cannot use the same quantity. Undone at `expires_at` if given.
        POST /payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity.

        Raises:
            ItemNotFound: the project has no such item.
        """
        change = _change(self, item_id, -_amount(by), False, expires_at, description)
        try:
            yield from exchange(self._context, change)
        except ItemQuantityInsufficientAmount:
            return False
        return True


class CustomerFlows(_CustomerFlows):
    """The signed-in user, or a team of theirs, as a customer."""

    resource = "payments.customer"
    access = ("client",)

    def create_checkout_url(
        self,
        product_id: str,
        *,
        return_url: str | Unset = UNSET,
        allow_promo_codes: bool | Unset = UNSET,
        allow_stacking_promo_codes: bool | Unset = UNSET,
    ) -> Operation[Secret]:
        """Create a page for paying for a product and return its URL. POST /payments/purchases/create-purchase-url.

        `return_url` is the page to open afterwards, on a trusted domain.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it is not stackable.
        """
        return _checkout(self, product_id, return_url, allow_promo_codes, allow_stacking_promo_codes)


class ServerCustomerFlows(_AnyCustomerFlows):
    """Any user or team as a customer."""

    resource = "payments.customer"
    access = ("server", "admin")

    def create_checkout_url(
        self,
        product: str | InlineProduct,
        *,
        return_url: str | Unset = UNSET,
        allow_promo_codes: bool | Unset = UNSET,
        allow_stacking_promo_codes: bool | Unset = UNSET,
    ) -> Operation[Secret]:
        """Create a page for paying for a product and return its URL. POST /payments/purchases/create-purchase-url.

        `product` is the id of a configured product, or one defined inline; `return_url` is the page to open
        afterwards, on a trusted domain.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it is not stackable.
        """
        return _checkout(self, product, return_url, allow_promo_codes, allow_stacking_promo_codes)


class CustomCustomerFlows(ServerCustomerFlows):
    """A customer with an id of your own."""

    resource = "payments.custom_customer"
    access = ("server", "admin")


def _product(product: str | InlineProduct) -> tuple[str | Unset, InlineProduct | Unset]:
    return (product, UNSET) if isinstance(product, str) else (UNSET, product)


def _checkout(
    customer: _CustomerFlows,
    product: str | InlineProduct,
    return_url: str | Unset,
    allow_promo_codes: bool | Unset,
    allow_stacking_promo_codes: bool | Unset,
) -> Operation[Secret]:
    product_id, product_inline = _product(product)
    return payments.create_purchase_url(
        customer_type=customer.kind,
        customer_id=customer.id,
        product_id=product_id,
        product_inline=product_inline,
        return_url=return_url,
        allow_promo_codes=allow_promo_codes,
        allow_stacking_promo_codes=allow_stacking_promo_codes,
    ).mapped(lambda link: link.url)


def _amount(by: int) -> int:
    if type(by) is not int or by < 1:
        raise UnsafeUseError("by must be a positive integer.")
    return by


def _change(
    customer: _CustomerFlows,
    item_id: str,
    delta: int,
    allow_negative: bool,
    expires_at: datetime | Unset,
    description: str | Unset,
) -> Operation[None]:
    return payments.update_item_quantity(
        customer.kind,
        customer.id,
        item_id,
        allow_negative=allow_negative,
        delta=delta,
        expires_at=moment_text(expires_at, "expires_at"),
        description=description,
    ).silenced()
