"""Polling until a process has finished."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._steps import Sleep, Steps
from hexclave.errors import TotalTimeout, UnsafeUseError
from hexclave_api.operation import Operation

T = TypeVar("T")


def poll_until(
    app: Context, ask: Operation[T], ended: Callable[[T], bool], *, every: timedelta, within: timedelta
) -> Steps[T]:
    """Poll until the process has finished and return the last answer.

    Raises:
        TotalTimeout: it did not finish `within` that time.
        UnsafeUseError: a duration is not a `timedelta`.
    """
    wait = max(0.1, seconds(every, "poll_every"))
    ends = app.clock.monotonic() + seconds(within, "within")
    while True:
        answer = yield from exchange(app, ask)
        if ended(answer):
            return answer
        if app.clock.monotonic() + wait > ends:
            raise TotalTimeout(
                f"{ask.name}: not finished within {within}; it is still in progress, so you can wait again."
            )
        yield Sleep(wait)


def seconds(duration: timedelta, argument: str) -> float:
    """Return the duration in seconds.

    Raises:
        UnsafeUseError: it is not a `timedelta`.
    """
    if not isinstance(duration, timedelta):
        raise UnsafeUseError(
            f"{argument} must be a timedelta, not {type(duration).__name__}: pass timedelta(seconds=…)."
        )
    return duration.total_seconds()
