"""Products of a project: from its settings, or defined inline by a request."""

from typing import Any, Final

import attrs

from hexclave_emulator.domains.intervals import is_interval
from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known, plain

_CURRENCIES: Final = ("USD", "EUR", "GBP", "JPY", "INR", "AUD", "CAD")


@attrs.frozen
class Product:
    """A product as granted: later changes of the settings do not affect it."""

    id: str | None
    """`None` for an inline product."""
    line_id: str | None
    """Products of one line replace each other."""
    view: JsonObject
    """The form shown in replies."""

    @property
    def is_stackable(self) -> bool:
        return bool(self.view["stackable"])

    def interval(self, price_id: str | None) -> list[Any] | None:
        """Return the billing interval of this price, by default the first; `None` for a single payment."""
        prices: JsonObject = self.view["prices"]
        price = prices.get(price_id) if price_id is not None else next(iter(prices.values()), None)
        interval = (price or {}).get("interval")
        return interval if is_interval(interval) else None


def configured(project: Project) -> dict[str, Product]:
    """Return the products in the project's settings, by id."""
    products: JsonObject = project_setting(project, "payments.products") or {}
    return {
        product_id: Product(product_id, product.get("productLineId"), _view(product, product_id))
        for product_id, product in products.items()
    }


def find_product(project: Project, product_id: str) -> Product:
    """Return the product with this id; PRODUCT_DOES_NOT_EXIST if the settings have none."""
    found = configured(project).get(product_id)
    if found is None:
        is_item = product_id in (project_setting(project, "payments.items") or {})
        raise known("PRODUCT_DOES_NOT_EXIST", product_id=product_id, context="item_exists" if is_item else None)
    return found


def product_for(
    project: Project, product_id: str, customer_type: str, customer_id: str, *, access: str | None
) -> Product:
    """Return the product with this id, if it is for customers of this type and `access` may see it.

    Raises:
        Refusal: PRODUCT_DOES_NOT_EXIST, PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH.
    """
    product = find_product(project, product_id)
    if access == "client" and product.view["server_only"]:
        raise known("PRODUCT_DOES_NOT_EXIST", product_id=product_id, context="server_only")
    _check_customer_type(product, customer_type, customer_id)
    return product


def requested(project: Project, body: JsonObject, customer_id: str, *, access: str | None) -> Product:
    """Return the product that a body names or defines, if it is for customers of this type.

    Raises:
        Refusal: PRODUCT_DOES_NOT_EXIST, PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH, or 400 if there is none or more than one.
    """
    product_id, inline = body.get("product_id"), body.get("product_inline")
    if product_id is None and inline is None:
        raise plain(400, "Must specify either product_id or product_inline!")
    if product_id is not None and inline is not None:
        raise plain(400, "Cannot specify both product_id and product_inline!")
    if inline is None:
        return product_for(project, str(product_id), body["customer_type"], customer_id, access=access)
    product = Product(None, None, _inline(inline))
    _check_customer_type(product, body["customer_type"], customer_id)
    return product


def _check_customer_type(product: Product, customer_type: str, customer_id: str) -> None:
    if product.view["customer_type"] != customer_type:
        raise known(
            "PRODUCT_CUSTOMER_TYPE_DOES_NOT_MATCH",
            product_id=product.id,
            customer_id=customer_id,
            product_customer_type=product.view["customer_type"],
            actual_customer_type=customer_type,
        )


def _view(product: JsonObject, product_id: str) -> JsonObject:
    prices = product.get("prices")
    view: JsonObject = {
        "display_name": product.get("displayName", product_id),
        "customer_type": product.get("customerType", "user"),
        "stackable": product.get("stackable", False),
        "server_only": product.get("serverOnly", False),
        "included_items": _items(product.get("includedItems", {})),
        "client_metadata": product.get("clientMetadata"),
        "client_read_only_metadata": product.get("clientReadOnlyMetadata"),
        "server_metadata": product.get("serverMetadata"),
        # A product that is free for everyone has a keyword instead of prices.
        "prices": {name: _price(each) for name, each in prices.items()} if isinstance(prices, dict) else {},
    }
    return view | ({"free_trial": product["freeTrial"]} if "freeTrial" in product else {})


def _inline(product: JsonObject) -> JsonObject:
    view: JsonObject = {
        "stackable": False,
        "server_only": True,
        "client_metadata": None,
        "client_read_only_metadata": None,
        "server_metadata": None,
        **product,
    }
    return view | {"prices": product.get("prices", {}), "included_items": _items(product.get("included_items", {}))}


def _price(price: JsonObject) -> JsonObject:
    view = {name: price[name] for name in (*_CURRENCIES, "interval") if name in price}
    return view | ({"free_trial": price["freeTrial"]} if "freeTrial" in price else {})


def _items(items: JsonObject) -> JsonObject:
    defaults = {"quantity": 0, "repeat": "never", "expires": "when-repeated"}
    return {item_id: defaults | item for item_id, item in items.items()}
