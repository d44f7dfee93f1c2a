"""Asking again until something has ended."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from hexclave._context import Context
from hexclave._exchange import exchange
from hexclave._steps import Sleep, Steps
from hexclave.errors import TotalTimeout
from hexclave_api.operation import Operation

T = TypeVar("T")


def until(
    app: Context, ask: Operation[T], ended: Callable[[T], bool], *, every: timedelta, within: timedelta
) -> Steps[T]:
    """The first answer that says that it has ended.

    Raises:
        TotalTimeout: none did `within` that time.
    """
    ends = app.clock.monotonic() + within.total_seconds()
    wait = max(0.1, every.total_seconds())
    while True:
        answer = yield from exchange(app, ask)
        if ended(answer):
            return answer
        if app.clock.monotonic() + wait > ends:
            raise TotalTimeout(f"{ask.name}: not ended within {within}; it goes on, so it can be waited for again.")
        yield Sleep(wait)
