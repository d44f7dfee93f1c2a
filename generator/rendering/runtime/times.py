"""Conversion of times and durations to the API's milliseconds."""

from datetime import datetime, timedelta
from typing import TypeVar

from .errors import UnsafeUseError
from .operation import Unset

K = TypeVar("K", bound=Unset | None)


def moment_millis(value: datetime | K, argument: str) -> int | K:
    """Return the time in milliseconds since 1970 (UTC); `UNSET` and `None` are returned unchanged.

    Raises:
        UnsafeUseError: the value is not a `datetime`, or it has no timezone.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UnsafeUseError(f"{argument} needs a timezone; `datetime.now(UTC)` has one")
        return round(value.timestamp() * 1000)
    if value is None or isinstance(value, Unset):
        return value
    raise UnsafeUseError(
        f"{argument} must be a datetime with a timezone, not {type(value).__name__}: "
        "a number could be seconds or milliseconds"
    )


def duration_millis(value: timedelta | K, argument: str) -> int | K:
    """Return the duration in milliseconds; `UNSET` and `None` are returned unchanged.

    Raises:
        UnsafeUseError: the value is not a `timedelta`.
    """
    if isinstance(value, timedelta):
        return round(value.total_seconds() * 1000)
    if value is None or isinstance(value, Unset):
        return value
    raise UnsafeUseError(
        f"{argument} must be a timedelta, not {type(value).__name__}: "
        f"a number could be seconds or milliseconds; use timedelta(seconds=…)"
    )
