"""Asking again until something has ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._steps import Sleep, Steps
from hexclave.errors import TotalTimeout, UnsafeUseError
from hexclave_api.operation import Operation

T = TypeVar("T")


def until(
    app: Context, ask: Operation[T], ended: Callable[[T], bool], *, every: timedelta, within: timedelta
) -> Steps[T]:
    """The first answer that says that it has ended.

    Raises:
        TotalTimeout: none did `within` that time.
        UnsafeUseError: a duration is not a `timedelta`.
    """
    wait = max(0.1, seconds(every, "poll_every"))
    ends = app.clock.monotonic() + seconds(within, "within")
    while True:
        answer = yield from exchange(app, ask)
        if ended(answer):
            return answer
        if app.clock.monotonic() + wait > ends:
            raise TotalTimeout(f"{ask.name}: not ended within {within}; it goes on, so it can be waited for again.")
        yield Sleep(wait)


def seconds(duration: timedelta, argument: str) -> float:
    """The duration in seconds.

    Raises:
        UnsafeUseError: it is not a `timedelta`.
    """
    if not isinstance(duration, timedelta):
        raise UnsafeUseError(
            f"{argument} must be a timedelta, not {type(duration).__name__}; timedelta(seconds=…) says the unit."
        )
    return duration.total_seconds()
