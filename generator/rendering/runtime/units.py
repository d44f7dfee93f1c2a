"""Times, durations and amounts of models as values that know their unit."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from .errors import UnsafeUseError
from .operation import Unset

K = TypeVar("K", bound=None)
U = TypeVar("U", bound=Unset | None)

_LONGEST: Final = timedelta.max.total_seconds() - 1


def duration(count: float | K, *, seconds: float) -> timedelta | K:
    """Return `count` units of so many seconds; out of range, the longest duration."""
    if count is None:
        return count
    return timedelta(seconds=max(-_LONGEST, min(_LONGEST, count * seconds)))


def read_time(text: str | K) -> datetime | K:
    """Return the ISO 8601 time in UTC.

    Raises:
        ValueError: it is not one.
    """
    if text is None:
        return text
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def read_date(text: str | K) -> date | K:
    """Return the ISO 8601 date.

    Raises:
        ValueError: it is not one.
    """
    return text if text is None else date.fromisoformat(text)


def amount(text: str | K) -> Decimal | K:
    """Return the decimal number.

    Raises:
        ValueError: it is not one.
    """
    if text is None:
        return text
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"Invalid decimal number: {text!r}") from None


def amounts(texts: Mapping[str, str] | K) -> Mapping[str, Decimal] | K:
    """Return the decimal numbers by currency.

    Raises:
        ValueError: one is not a number.
    """
    return texts if texts is None else {currency: amount(text) for currency, text in texts.items()}


def whole(cents: int | K) -> Decimal | K:
    """Return the amount for a number of cents."""
    return cents if cents is None else Decimal(cents).scaleb(-2)


def amount_text(value: Decimal | str | U, argument: str) -> str | U:
    """Return the amount as the API expects it; `UNSET` and `None` stay as they are.

    Raises:
        UnsafeUseError: the value is neither a finite `Decimal` nor its text.
    """
    if value is None or isinstance(value, Unset):
        return value
    try:
        number = Decimal(value) if isinstance(value, str) else value
    except InvalidOperation:
        number = None
    if isinstance(number, Decimal) and number.is_finite():
        return format(number, "f")
    shown = repr(value[:20]) if isinstance(value, str) else type(value).__name__
    raise UnsafeUseError(
        f'{argument} must be a Decimal or its text, such as Decimal("9.99"), not {shown}: an int could be cents, and a '
        "float is not exact"
    )
