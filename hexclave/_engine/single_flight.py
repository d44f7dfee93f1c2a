"""Single flight: at most one token refresh per store, shared by all concurrent callers."""

import os
import threading
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from concurrent.futures import Future


class SingleFlight:
    """The refreshes in flight, at most one for each store."""

    _by_process: ClassVar[dict[int, "SingleFlight"]] = {}

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, Future[object]] = {}

    @classmethod
    def of_this_process(cls) -> "SingleFlight":
        """Return the instance for all apps, because apps may share a store; a forked child has its own."""
        in_flight = cls._by_process.get(os.getpid())
        return cls._by_process.setdefault(os.getpid(), cls()) if in_flight is None else in_flight

    def join(self, store: object) -> tuple["Future[object]", bool]:
        """Return the store's refresh in flight, and whether it is new, so that the caller must perform it."""
        from concurrent.futures import Future  # imported here because only a refresh needs it

        with self._lock:
            flight = self._running.get(id(store))
            if flight is not None:
                return flight, False
            flight = self._running[id(store)] = Future()
            return flight, True

    def finish(self, store: object, flight: "Future[object]", outcome: object) -> None:
        """Finish a refresh for all waiting callers. The store must be up to date, so that later calls need not join."""
        with self._lock:
            del self._running[id(store)]
        flight.set_result(outcome)
