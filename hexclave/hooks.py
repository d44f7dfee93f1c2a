"""What a caller can watch: each attempt, its reply, and each wait before another one. All values are safe to log."""

from typing import TYPE_CHECKING, Any

import attrs

from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hexclave._events import RequestEvent as RequestEvent
    from hexclave._events import ResponseEvent as ResponseEvent
    from hexclave._events import RetryEvent as RetryEvent
else:

    def __getattr__(name: str) -> object:
        if name not in ("RequestEvent", "ResponseEvent", "RetryEvent"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Loaded when touched: most programs have no hooks.
        from hexclave import _events

        return getattr(_events, name)


__all__ = ["Hooks", "RequestEvent", "ResponseEvent", "RetryEvent"]


def _function(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and (not callable(value) or _is_async(value)):
        kind = "an async function" if callable(value) else type(value).__name__
        raise UnsafeUseError(f"Hooks: {attribute.name} must be a function or None, not {kind}.")


def _is_async(function: "Callable[..., object]") -> bool:
    from inspect import iscoroutinefunction  # most programs have no hooks

    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


@attrs.frozen
class Hooks:
    """Functions called on every attempt, in the thread or task of the call. They must be quick and must not block.

    An exception that a hook raises ends the call and reaches the caller.

    Raises:
        UnsafeUseError: a hook is no function, or an async one, which nothing would await.
    """

    on_request: "Callable[[RequestEvent], None] | None" = attrs.field(default=None, validator=_function)
    on_response: "Callable[[ResponseEvent], None] | None" = attrs.field(default=None, validator=_function)
    on_retry: "Callable[[RetryEvent], None] | None" = attrs.field(default=None, validator=_function)
