"""Retry policy: which failures are retried, and the backoff between attempts."""

import math
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple, TypeAlias

from hexclave.errors import UnsafeUseError
from hexclave_api.value import Value

__all__ = ["Answered", "Failure", "NoReply", "NotSent", "Retries"]

_GATEWAY: Final = frozenset({502, 503, 504})


class NotSent:
    """No connection was made, so the request was not sent."""


class NoReply:
    """The connection was lost or went silent; the request may have been processed."""


class Answered(NamedTuple):
    """The server sent an error reply."""

    status: int
    retry_after: float | None = None
    """Seconds, if the reply has the header."""


Failure: TypeAlias = NotSent | NoReply | Answered


def _random() -> float:
    from random import random  # imported here because most programs never retry

    return random()  # noqa: S311 - jitter


def _check_positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UnsafeUseError(f"Retries: {name} must be a positive finite number, not {value!r}.")


def _check_attempts(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnsafeUseError(f"Retries: attempts must be a positive integer (1 disables retries), not {value!r}.")


class Retries(Value):
    """Retry policy of an app: exponential backoff with full jitter.

    | failure | retried for |
    |---|---|
    | no connection, nothing sent | every method |
    | connection lost or silent after sending began | GET, HEAD, PUT, DELETE and other idempotent operations |
    | 429 | every method, as soon as the rate limit allows |
    | 502, 503, 504 | as for a lost connection |
    | any other status | nothing |

    The wait before attempt n + 1 is random between 0 and `first_wait * factor ** (n - 1)`, capped at `longest_wait`,
    and at least `Retry-After`. The app's total timeout covers all attempts and waits.

    Raises:
        UnsafeUseError: a value is out of range.
    """

    OFF: ClassVar["Retries"]
    """No retries."""

    attempts: int
    """Maximum number of attempts, including the first."""
    first_wait: float
    """Seconds."""
    factor: float
    longest_wait: float
    """Seconds; caps the backoff, not `Retry-After`."""
    longest_retry_after: float
    """Seconds; a call fails at once if the API asks for a longer wait."""

    def __init__(
        self,
        *,
        attempts: int = 5,
        first_wait: float = 0.5,
        factor: float = 2.0,
        longest_wait: float = 8.0,
        longest_retry_after: float = 60.0,
    ) -> None:
        _check_attempts(attempts)
        waits = {
            "first_wait": first_wait,
            "factor": factor,
            "longest_wait": longest_wait,
            "longest_retry_after": longest_retry_after,
        }
        for name, value in waits.items():
            _check_positive(name, value)
        vars(self).update(attempts=attempts, **waits)

    @classmethod
    def of(cls, value: "Retries | int") -> "Retries":
        """Convert a maximum number of attempts, including the first, to `Retries`.

        Raises:
            UnsafeUseError: it is neither an integer nor `Retries`.
        """
        if isinstance(value, Retries):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnsafeUseError(f"retries must be Retries or a number of attempts, not {value!r}.")
        return cls(attempts=value)

    def wait(
        self, failure: Failure, *, attempt: int, idempotent: bool, random: Callable[[], float] = _random
    ) -> float | None:
        """Return the seconds to wait after attempt number `attempt` (from 1), or `None` to give up.

        Returns 0 after a 429, because the rate limit makes the call wait. `random` returns numbers from 0 to 1.
        """
        if attempt >= self.attempts or not _repeatable(failure, idempotent):
            return None
        retry_after = failure.retry_after or 0.0 if isinstance(failure, Answered) else 0.0
        if retry_after > self.longest_retry_after:
            return None
        if isinstance(failure, Answered) and failure.status == 429:
            return 0.0
        return max(random() * self._longest_before(attempt + 1), retry_after)

    def _longest_before(self, attempt: int) -> float:
        try:
            return min(self.first_wait * float(self.factor) ** (attempt - 2), self.longest_wait)
        except OverflowError:
            return self.longest_wait


def _repeatable(failure: Failure, idempotent: bool) -> bool:
    match failure:
        case NotSent():
            return True
        case NoReply():
            return idempotent
        case Answered(status=429):
            return True
        case Answered(status=status):
            return idempotent and status in _GATEWAY


Retries.OFF = Retries(attempts=1)
