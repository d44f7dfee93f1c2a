"""One customer of the project: a user, a team, or somebody known to you alone."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from hexclave._call import Mode, Performer, Resource, call, pages
from hexclave._exchange import exchange
from hexclave._lift import begun, mapped, method, silent, without_first
from hexclave._steps import Steps
from hexclave._times import moment_text
from hexclave.errors import ItemQuantityInsufficientAmount, UnsafeUseError
from hexclave_api.inputs import InlineProduct
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import payments
from hexclave_api.pagination import PageReply, Pages
from hexclave_api.secret import Secret

P = ParamSpec("P")
T = TypeVar("T")
Kind = Literal["user", "team", "custom"]


def _performs(operation: Callable[Concatenate[Any, str, P], Operation[T]]) -> call[P, T]:
    """A method that performs `operation` for the customer."""

    def describe(customer: "_Customer[Any]", /, *args: P.args, **kwargs: P.kwargs) -> Operation[T]:
        return operation(customer.kind, customer.id, *args, **kwargs)

    return call(method(without_first(operation, lambda: None, 2), describe))


def _does(operation: Callable[Concatenate[Any, str, P], Operation[object]]) -> call[P, None]:
    def quiet(kind: Any, id_: str, /, *args: P.args, **kwargs: P.kwargs) -> Operation[None]:
        return silent(operation(kind, id_, *args, **kwargs))

    return _performs(without_first(operation, quiet, 0))


def _paginates(operation: Callable[Concatenate[Any, str, P], Operation[PageReply[T]]]) -> pages[P, T]:
    def describe(customer: "_Customer[Any]", /, *args: P.args, **kwargs: P.kwargs) -> Pages[T]:
        return begun(operation, customer.kind, customer.id, *args, **kwargs)

    return pages(method(without_first(operation, lambda: None, 2), describe))


class _Customer(Resource[Mode]):
    get_item = _performs(payments.get_item)
    list_products = _paginates(payments.list_customer_products)
    cancel_subscription = _does(payments.cancel_subscription)

    def __init__(self, app: Performer, kind: Kind, id_: str) -> None:
        super().__init__(app)
        self.kind: Kind = kind
        self.id = id_


class _BilledCustomer(_Customer[Mode]):
    get_billing = _performs(payments.get_billing)
    create_payment_method_setup_intent = _performs(payments.create_payment_method_setup_intent)
    set_default_payment_method = _performs(payments.set_default_payment_method)
    switch_subscription = _does(payments.switch_subscription)
    list_invoices = _paginates(payments.list_invoices)
    validate_promo_codes = _performs(payments.validate_promo_codes_for_customer)


class Customer(_BilledCustomer[Mode]):
    """The signed-in user, or a team of theirs, as a customer."""

    @call
    def create_checkout_url(
        self,
        product_id: str,
        *,
        return_url: str | Unset = UNSET,
        allow_promo_codes: bool | Unset = UNSET,
        allow_stacking_promo_codes: bool | Unset = UNSET,
    ) -> Operation[Secret]:
        """The page on which the customer pays for a product. POST /payments/purchases/create-purchase-url.

        `return_url` is where the customer goes afterwards, on a trusted domain.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it does not stack.
        """
        return _checkout(self, product_id, return_url, allow_promo_codes, allow_stacking_promo_codes)


class _ServerCustomer(_Customer[Mode]):
    @call
    def create_checkout_url(
        self,
        product: str | InlineProduct,
        *,
        return_url: str | Unset = UNSET,
        allow_promo_codes: bool | Unset = UNSET,
        allow_stacking_promo_codes: bool | Unset = UNSET,
    ) -> Operation[Secret]:
        """The page on which the customer pays for a product. POST /payments/purchases/create-purchase-url.

        `product` is the id of a configured product, or one described on the spot; `return_url` is where the customer
        goes afterwards, on a trusted domain.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it does not stack.
        """
        return _checkout(self, product, return_url, allow_promo_codes, allow_stacking_promo_codes)

    @call
    def grant_product(self, product: str | InlineProduct, *, quantity: int | Unset = UNSET) -> Operation[str | None]:
        """Gives the customer a product for nothing. The id of the subscription, if the product is one.

        `product` is the id of a configured product, or one described on the spot.
        POST /payments/products/{customer_type}/{customer_id}.

        Raises:
            ProductDoesNotExist: the project has no such product.
            ProductAlreadyGranted: the customer owns it and it does not stack.
        """
        product_id, product_inline = _product(product)
        return mapped(
            payments.grant_product(
                self.kind, self.id, product_id=product_id, product_inline=product_inline, quantity=quantity
            ),
            lambda grant: grant.subscription_id,
        )

    @call
    def increase_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Operation[None]:
        """Adds to the customer's quantity of an item, until `expires_at` if given.

        POST /payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity.

        Raises:
            ItemNotFound: the project has no such item.
        """
        return _change(self, item_id, _amount(by), True, expires_at, description)

    @call
    def decrease_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Operation[None]:
        """Takes from the customer's quantity of an item, even below zero; given back at `expires_at` if given.

        POST /payments/items/{customer_type}/{customer_id}/{item_id}/update-quantity.

        Raises:
            ItemNotFound: the project has no such item.
        """
        return _change(self, item_id, -_amount(by), True, expires_at, description)

    @call
    def try_decrease_item_quantity(
        self, item_id: str, by: int, *, expires_at: datetime | Unset = UNSET, description: str | Unset = UNSET
    ) -> Steps[bool]:
        """Takes from the customer's quantity of an item, unless too little is left: `False`, and nothing changes.

        One call decides, so two at once never take the same. Given back at `expires_at` if given.
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


class ServerCustomer(_ServerCustomer[Mode], _BilledCustomer[Mode]):
    """Any user or team as a customer."""


class CustomCustomer(_ServerCustomer[Mode]):
    """A customer who is neither a user nor a team, under an id of your own."""


def _product(product: str | InlineProduct) -> tuple[str | Unset, InlineProduct | Unset]:
    return (product, UNSET) if isinstance(product, str) else (UNSET, product)


def _checkout(
    customer: _Customer[Mode],
    product: str | InlineProduct,
    return_url: str | Unset,
    allow_promo_codes: bool | Unset,
    allow_stacking_promo_codes: bool | Unset,
) -> Operation[Secret]:
    product_id, product_inline = _product(product)
    return mapped(
        payments.create_purchase_url(
            customer_type=customer.kind,
            customer_id=customer.id,
            product_id=product_id,
            product_inline=product_inline,
            return_url=return_url,
            allow_promo_codes=allow_promo_codes,
            allow_stacking_promo_codes=allow_stacking_promo_codes,
        ),
        lambda link: link.url,
    )


def _amount(by: int) -> int:
    if type(by) is not int or by < 1:
        raise UnsafeUseError("by must be a whole number of at least 1.")
    return by


def _change(
    customer: _Customer[Mode],
    item_id: str,
    delta: int,
    allow_negative: bool,
    expires_at: datetime | Unset,
    description: str | Unset,
) -> Operation[None]:
    return silent(
        payments.update_item_quantity(
            customer.kind,
            customer.id,
            item_id,
            allow_negative=allow_negative,
            delta=delta,
            expires_at=moment_text(expires_at, "expires_at"),
            description=description,
        )
    )
