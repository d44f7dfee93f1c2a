"""Moments and spans of time as the API counts and writes them."""

from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Unset

K = TypeVar("K", bound=Unset | None)


def moment_millis(moment: datetime | K, argument: str) -> int | K:
    """Milliseconds since 1970 (UTC).

    Raises:
        UnsafeUseError: the moment has no timezone.
    """
    return round(_zoned(moment, argument).timestamp() * 1000) if isinstance(moment, datetime) else moment


def moment_text(moment: datetime | K, argument: str) -> str | K:
    """ISO 8601.

    Raises:
        UnsafeUseError: the moment has no timezone.
    """
    if not isinstance(moment, datetime):
        return moment
    return _zoned(moment, argument).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span_millis(span: timedelta | K) -> int | K:
    return round(span.total_seconds() * 1000) if isinstance(span, timedelta) else span


def _zoned(moment: datetime, argument: str) -> datetime:
    if moment.tzinfo is None:
        raise UnsafeUseError(f"{argument} needs a timezone; `datetime.now(UTC)` has one.")
    return moment
