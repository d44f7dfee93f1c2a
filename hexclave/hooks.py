"""Hooks called for each call, attempt, retry and wait. All event values are safe to log."""

from typing import TYPE_CHECKING, Any

import attrs

from hexclave.errors import UnsafeUseError

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


def _function(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and (not callable(value) or _is_async(value)):
        kind = "an async function" if callable(value) else type(value).__name__
        raise UnsafeUseError(f"Hooks: {attribute.name} must be a function or None, not {kind}.")


def _is_async(function: "Callable[..., object]") -> bool:
    from inspect import iscoroutinefunction  # imported here because most programs have no hooks

    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


@attrs.frozen
class Hooks:
    """Callbacks for every call and attempt, run in the thread or task of the call. They must be fast and not block.

    `on_call` may return a context manager, which encloses the call with all its attempts and waits and receives its
    error. `on_request` may return headers to add to the request, such as `traceparent`, but cannot replace a header of
    the app and does not see credentials. An exception raised by a hook aborts the call and propagates to the caller.

    Raises:
        UnsafeUseError: a hook is not callable, or is an async function, which would not be awaited.
    """

    on_call: "Callable[[CallEvent], AbstractContextManager[object] | None] | None" = attrs.field(
        default=None, validator=_function
    )
    on_request: "Callable[[RequestEvent], Mapping[str, str] | None] | None" = attrs.field(
        default=None, validator=_function
    )
    on_response: "Callable[[ResponseEvent], None] | None" = attrs.field(default=None, validator=_function)
    on_retry: "Callable[[RetryEvent], None] | None" = attrs.field(default=None, validator=_function)
    on_wait: "Callable[[WaitEvent], None] | None" = attrs.field(default=None, validator=_function)
