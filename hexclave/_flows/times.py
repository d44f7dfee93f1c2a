"""Times in the format of operations that use text."""

from datetime import UTC, datetime
from typing import TypeVar

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Unset

K = TypeVar("K", bound=Unset | None)


def moment_text(moment: datetime | K, argument: str) -> str | K:
    """Return the time in ISO 8601 format.

    Raises:
        UnsafeUseError: the value is not a `datetime`, or has no timezone.
    """
    if moment is None or isinstance(moment, Unset):
        return moment
    if not isinstance(moment, datetime):
        raise UnsafeUseError(f"{argument} must be a datetime with a timezone, not {type(moment).__name__}.")
    if moment.tzinfo is None:
        raise UnsafeUseError(f"{argument} needs a timezone; `datetime.now(UTC)` has one.")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
