"""Timeouts of a call."""

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
    """Timeouts in seconds; `None` disables one.

    Raises:
        UnsafeUseError: a value is not a positive finite number.
    """

    total: float | None = attrs.field(default=60.0, validator=_seconds)
    """For the whole call, including all attempts, the waits between them and a token refresh."""
    connect: float | None = attrs.field(default=10.0, validator=_seconds)
    """For an attempt to get a connection."""
    read: float | None = attrs.field(default=30.0, validator=_seconds)
    """For an attempt without any bytes sent or received."""

    @classmethod
    def of(cls, value: "Timeout | float | None") -> "Timeout":
        """Convert a number to `Timeout(total=…)`, and `None` to no timeouts at all."""
        if isinstance(value, Timeout):
            return value
        return cls(None, None, None) if value is None else cls(total=value)
