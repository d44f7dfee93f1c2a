"""How long a call may take."""

import math
from typing import Any

import attrs

from hexclave.errors import UnsafeUseError

__all__ = ["Timeout"]


def _seconds(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is None:
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < math.inf:
        raise UnsafeUseError(f"timeout: {attribute.name} must be a positive number of seconds or None, not {value!r}.")


@attrs.frozen
class Timeout:
    """Limits in seconds; `None` waits without that limit.

    Raises:
        UnsafeUseError: a limit is zero, negative, infinite or no number.
    """

    total: float | None = attrs.field(default=60.0, validator=_seconds)
    """For the whole call: every attempt, every wait between attempts, a token refresh."""
    connect: float | None = attrs.field(default=10.0, validator=_seconds)
    """For one attempt to get a connection."""
    read: float | None = attrs.field(default=30.0, validator=_seconds)
    """For one attempt without any progress on the wire."""

    @classmethod
    def of(cls, value: "Timeout | float | None") -> "Timeout":
        """A number limits the whole call and keeps the other limits; `None` lifts all limits."""
        if isinstance(value, Timeout):
            return value
        return cls(None, None, None) if value is None else cls(total=value)
