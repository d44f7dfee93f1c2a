"""Timeouts of a call."""

import math

from hexclave.errors import UnsafeUseError
from hexclave_api.value import Value

__all__ = ["Timeout"]


def _check(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < math.inf:
        raise UnsafeUseError(f"timeout: {name} must be a positive number of seconds or None, not {value!r}.")


class Timeout(Value):
    """Timeouts in seconds; `None` disables one.

    Raises:
        UnsafeUseError: a value is not a positive finite number.
    """

    total: float | None
    """For the whole call, including all attempts, the waits between them and a token refresh."""
    connect: float | None
    """For an attempt to get a connection."""
    read: float | None
    """For an attempt without any bytes sent or received."""

    def __init__(self, total: float | None = 60.0, connect: float | None = 10.0, read: float | None = 30.0) -> None:
        vars(self).update(total=total, connect=connect, read=read)
        for name, value in vars(self).items():
            _check(name, value)

    @classmethod
    def of(cls, value: "Timeout | float | None") -> "Timeout":
        """Convert a number to `Timeout(total=…)`, and `None` to no timeouts at all."""
        if isinstance(value, Timeout):
            return value
        return cls(None, None, None) if value is None else cls(total=value)
