"""Moments and spans of time as the API counts them: in milliseconds."""

from datetime import datetime, timedelta
from typing import TypeVar

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Unset

K = TypeVar("K", bound=Unset | None)


def moment_millis(moment: datetime | K, argument: str) -> int | K:
    """Milliseconds since 1970 (UTC).

    Raises:
        UnsafeUseError: the moment has no timezone.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise UnsafeUseError(f"{argument} needs a timezone; `datetime.now(UTC)` has one.")
    return round(moment.timestamp() * 1000)


def span_millis(span: timedelta | K) -> int | K:
    return round(span.total_seconds() * 1000) if isinstance(span, timedelta) else span
