"""Which failures are worth another attempt, and how long to wait before it."""

import math
from collections.abc import Callable
from typing import ClassVar, Final, NamedTuple, TypeAlias

import attrs

from hexclave.errors import UnsafeUseError

__all__ = ["Answered", "Failure", "NoReply", "NotSent", "Retries"]

_GATEWAY: Final = frozenset({502, 503, 504})


class NotSent:
    """There was no connection, so nothing of the request can have arrived."""


class NoReply:
    """The connection broke or went silent; the request may have arrived and been carried out."""


class Answered(NamedTuple):
    """The reply reports a failure."""

    status: int
    retry_after: float | None = None
    """Seconds, where the reply says so."""


Failure: TypeAlias = NotSent | NoReply | Answered


def _random() -> float:
    from random import random  # most programs never repeat a call

    return random()  # noqa: S311 - it spreads attempts


def _positive(_: object, attribute: "attrs.Attribute[float]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UnsafeUseError(f"Retries: {attribute.name} must be a positive finite number, not {value!r}.")


def _at_least_one(_: object, attribute: "attrs.Attribute[int]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnsafeUseError(f"Retries: {attribute.name} must be a whole number from 1 (no repetition), not {value!r}.")


@attrs.frozen(kw_only=True)
class Retries:
    """What is repeated, and how long it waits before.

    | failure | repeated for |
    |---|---|
    | no connection, nothing sent | every method |
    | connection broken or silent after sending began | GET, HEAD, PUT, DELETE and what the API declares idempotent |
    | 429 | every method, once the gate of its scope lets it through |
    | 502, 503, 504 | as for a broken connection |
    | every other status | nothing |

    The wait before attempt n + 1 is random between 0 and `first_wait * factor ** (n - 1)`, at most `longest_wait`, and
    not less than a `Retry-After`. The app's timeout covers all attempts and waits.

    Raises:
        UnsafeUseError: a value is out of its range.
    """

    OFF: ClassVar["Retries"]
    """Every call is sent once."""

    attempts: int = attrs.field(default=5, validator=_at_least_one)
    """How often a call is sent at most, the first time included."""
    first_wait: float = attrs.field(default=0.5, validator=_positive)
    """Seconds."""
    factor: float = attrs.field(default=2.0, validator=_positive)
    longest_wait: float = attrs.field(default=8.0, validator=_positive)
    """Seconds; the cap of the waits chosen here, not of a `Retry-After`."""
    longest_retry_after: float = attrs.field(default=60.0, validator=_positive)
    """Seconds; a call is given up at once if the API asks for a longer wait."""

    @classmethod
    def of(cls, value: "Retries | int") -> "Retries":
        """A whole number is how often a call is sent at most, the first time included.

        Raises:
            UnsafeUseError: it is neither that nor `Retries`.
        """
        if isinstance(value, Retries):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnsafeUseError(f"retries must be Retries or a number of attempts, not {value!r}.")
        return cls(attempts=value)

    def wait(
        self, failure: Failure, *, attempt: int, idempotent: bool, random: Callable[[], float] = _random
    ) -> float | None:
        """Seconds until the next attempt after attempt number `attempt` (from 1); `None`: give up.

        After a 429 the answer is 0, because the wait takes place at the gate. `random` gives numbers from 0 to 1.
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
