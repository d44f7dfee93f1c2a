"""Hooks called for each call, attempt, retry and wait. All event values are safe to log."""

from typing import TYPE_CHECKING

from hexclave.errors import UnsafeUseError
from hexclave_api.value import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from hexclave._events import CallEvent as CallEvent
    from hexclave._events import RequestEvent as RequestEvent
    from hexclave._events import ResponseEvent as ResponseEvent
    from hexclave._events import RetryEvent as RetryEvent
    from hexclave._events import WaitEvent as WaitEvent
else:

    def __getattr__(name: str) -> object:
        if name not in ("CallEvent", "RequestEvent", "ResponseEvent", "RetryEvent", "WaitEvent"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Loaded on first access because most programs have no hooks.
        from hexclave import _events

        return getattr(_events, name)


__all__ = ["CallEvent", "Hooks", "RequestEvent", "ResponseEvent", "RetryEvent", "WaitEvent"]


def _check(name: str, value: object) -> None:
    if value is not None and (not callable(value) or _is_async(value)):
        kind = "an async function" if callable(value) else type(value).__name__
        raise UnsafeUseError(f"Hooks: {name} must be a function or None, not {kind}.")


def _is_async(function: "Callable[..., object]") -> bool:
    from inspect import iscoroutinefunction  # imported here because most programs have no hooks

    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


class Hooks(Value):
    """Callbacks for every call and attempt, run in the thread or task of the call. They must be fast and not block.

    `on_call` may return a context manager, which encloses the call with all its attempts and waits and receives its
    error. `on_request` may return headers to add to the request, such as `traceparent`, but cannot replace a header of
    the app and does not see credentials. An exception raised by a hook aborts the call and propagates to the caller.

    Raises:
        UnsafeUseError: a hook is not callable, or is an async function, which would not be awaited.
    """

    on_call: "Callable[[CallEvent], AbstractContextManager[object] | None] | None"
    on_request: "Callable[[RequestEvent], Mapping[str, str] | None] | None"
    on_response: "Callable[[ResponseEvent], None] | None"
    on_retry: "Callable[[RetryEvent], None] | None"
    on_wait: "Callable[[WaitEvent], None] | None"

    def __init__(
        self,
        on_call: "Callable[[CallEvent], AbstractContextManager[object] | None] | None" = None,
        on_request: "Callable[[RequestEvent], Mapping[str, str] | None] | None" = None,
        on_response: "Callable[[ResponseEvent], None] | None" = None,
        on_retry: "Callable[[RetryEvent], None] | None" = None,
        on_wait: "Callable[[WaitEvent], None] | None" = None,
    ) -> None:
        vars(self).update(
            on_call=on_call, on_request=on_request, on_response=on_response, on_retry=on_retry, on_wait=on_wait
        )
        for name, value in vars(self).items():
            _check(name, value)
