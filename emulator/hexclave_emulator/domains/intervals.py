"""Payment intervals: `[1, "month"]`."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "year": 12}
NEVER: Final = 2**53
"""A timestamp in milliseconds later than any other."""


def is_interval(value: object) -> bool:
    """Return true if this is a number of days, weeks, months or years."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    count, unit = value
    return isinstance(count, int) and not isinstance(count, bool) and count > 0 and unit in _DAYS | _MONTHS


def later(millis: int, interval: list[Any], times: int = 1) -> int:
    """Return the moment that many intervals later; days that a month lacks become its last day."""
    count, unit = interval[0] * times, interval[1]
    try:
        start = _EPOCH + timedelta(milliseconds=millis)
        if unit in _DAYS:
            end = start + timedelta(days=count * _DAYS[unit])
        else:
            year, month = divmod(start.year * 12 + start.month - 1 + count * _MONTHS[unit], 12)
            end = start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return NEVER
    return (end - _EPOCH) // timedelta(milliseconds=1)


def iso(millis: int) -> str:
    """Return the moment in the API's format: `2026-11-24T03:45:48.779Z`."""
    moment = _EPOCH + timedelta(milliseconds=min(max(millis, 0), 253_402_300_799_999))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
