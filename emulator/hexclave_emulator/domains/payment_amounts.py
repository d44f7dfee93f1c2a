"""Amounts of money as texts: decimal, in units of the currency."""

from decimal import Decimal, InvalidOperation


def cents(amount: str | None) -> int:
    """A decimal amount such as `9.99` in hundredths; what is no amount is nothing."""
    try:
        value = Decimal(amount or "0")
        return int(value * 100) if value.is_finite() and abs(value) < 10**12 else 0
    except InvalidOperation:
        return 0


def money(hundredths: int) -> str:
    """The decimal amount, as short as it gets: `9.5`, `-10`."""
    return f"{Decimal(hundredths) / 100:f}"
