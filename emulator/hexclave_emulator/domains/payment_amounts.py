"""Amounts of money as text: decimal, in units of the currency."""

from decimal import Decimal, InvalidOperation


def cents(amount: str | None) -> int:
    """Return a decimal amount such as `9.99` in hundredths; `None` if invalid."""
    try:
        value = Decimal(amount or "0")
        return int(value * 100) if value.is_finite() and abs(value) < 10**12 else 0
    except InvalidOperation:
        return 0


def money(hundredths: int) -> str:
    """Return the decimal amount without trailing zeros: `9.5`, `-10`."""
    return f"{Decimal(hundredths) / 100:f}"
