"""What a caller can watch: each attempt, its reply, and each wait before another one. All values are safe to log."""

from typing import TYPE_CHECKING

import attrs

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


@attrs.frozen
class Hooks:
    """Functions called on every attempt, in the thread or task of the call. They must be quick and must not block.

    An exception that a hook raises ends the call and reaches the caller.
    """

    on_request: "Callable[[RequestEvent], None] | None" = None
    on_response: "Callable[[ResponseEvent], None] | None" = None
    on_retry: "Callable[[RetryEvent], None] | None" = None
