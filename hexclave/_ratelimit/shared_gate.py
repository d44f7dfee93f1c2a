"""A gate whose pace is shared between processes.

The state is a string in a store, changed by compare-and-swap, so that the control law is only implemented in Python.
Each process takes a few permits at a time and keeps a copy, with which it continues while the store is unreachable.
"""

import json
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, Protocol

import attrs

from hexclave._ratelimit.gate import Clock, Gate, P, Wait
from hexclave._ratelimit.pacing import LEAD, Adaptive, Ceiling
from hexclave._steps import Steps

_TRIES: Final = 10
_UNREAD: Final = "?"
"""Never a stored state, so that a failed swap of it returns the current state."""
_ANSWER: Final = 0.01
"""Minimum seconds before checking for the store's reply."""


@attrs.frozen
class Swapped:
    """The outcome of a swap."""

    done: bool
    state: str
    """The current state in the store; empty if there is none."""
    now: float
    """The store's clock in seconds."""


class SharedState(Protocol):
    """A store for gates shared by several processes, such as `hexclave.redis.RedisGates`."""

    def swap(self, key: str, expected: str, new: str) -> Steps[Swapped | None]:
        """Replace the state under `key` if it is `expected` (empty: none); `None` if the store is unreachable."""
        ...


class SharedGate(Gate[P]):
    """A gate with its own queue; between processes, permits are granted in the order of requests."""

    def __init__(self, pace: P, now: float, store: SharedState, key: str) -> None:
        super().__init__(pace, now)
        self._store = store
        self._key = key
        self._seen = _UNREAD
        self._joint: P | None = None
        """The shared pace without unsent changes, in our clock; `None` if not loaded yet."""
        self._ahead = 0.0
        """Seconds that the store's clock is ahead of ours."""
        self._unsent: list[Callable[[P], None]] = []
        self._closings = 0
        self._sent_closings = 0
        self._asking = False

    def learn(self, change: Callable[[P], None]) -> None:
        super().learn(change)
        self._unsent.append(change)

    def give_back(self, opens: float) -> None:
        """Drop the permits, because another process may have taken the ones after them."""

    def close(self, now: float) -> None:
        super().close(now)
        self._closings += 1

    def lacks_permits(self, number: int, now: float) -> bool:
        if self._asking:
            return False
        # A 429 is shared at once, not when the gate opens.
        unsent = self._closings != self._sent_closings
        return unsent or (now >= self.pace.opens - LEAD / 2 and super().lacks_permits(number, now))

    def ask(self, number: int, now: float) -> Wait | None:
        wait = super().ask(number, now)
        return Wait(wait.closed, max(wait.queue, _ANSWER)) if wait is not None and self._asking else wait

    def refill(self, lock: Lock, clock: Clock) -> Steps[None]:
        with lock:
            if self._asking:
                return
            self._asking = True
        try:
            for _ in range(_TRIES):
                with lock:
                    sent, closings = len(self._unsent), self._closings
                    pace = self._with_unsent(sent)
                    lease = pace.grant(clock.monotonic(), self.wanted)
                    new = write_pace(pace, self._ahead) if self._seen != _UNREAD else ""
                swapped = yield from self._store.swap(self._key, self._seen, new)
                with lock:
                    now = clock.monotonic()
                    if swapped is None:
                        self._continue_alone(now)
                        return
                    self._seen = swapped.state
                    self._ahead = swapped.now - now
                    if swapped.done:
                        self._joint, self._unsent = pace, self._unsent[sent:]
                        self.pace = self._with_unsent(len(self._unsent))
                        self._sent_closings = closings
                        if closings == self._closings:  # otherwise the permits are void
                            self.take(lease)
                        return
                    held = read_pace(pace, swapped.state, self._ahead, now)
                    # A store that lost its state gets the last shared one, not our local changes.
                    self._joint = held or self._joint
        finally:
            with lock:
                self._asking = False

    def _with_unsent(self, changes: int) -> P:
        """Return the shared pace with our first `changes` unsent changes applied."""
        if self._joint is None:
            return attrs.evolve(self.pace)
        pace = attrs.evolve(self._joint)
        for change in self._unsent[:changes]:
            change(pace)
        return pace

    def _continue_alone(self, now: float) -> None:
        self._seen = _UNREAD
        self._unsent.clear()
        self._sent_closings = self._closings
        self.take(self.pace.grant(now, self.wanted))


_COUNTED: Final[dict[str, tuple[float, float]]] = {
    "opens": (-1e12, 1e12),
    "cut": (-1e12, 1e12),
    "reopened": (-1e12, 1e12),
    "limit": (1e-2, 1e9),
    "period": (1, 600),
    "age": (0, 1e9),
    "answered": (0, 1e12),
    "pressed": (0, 1e12),
    "strikes": (0, 1e9),
    "cold": (0, 1),
}
"""Stored fields and their valid range. Configuration is not stored, because each process has its own."""
_TIMES: Final = frozenset({"opens", "cut", "reopened"})


def write_pace(pace: Adaptive | Ceiling, ahead: float) -> str:
    counted = {name: value for name, value in attrs.asdict(pace).items() if name in _COUNTED}
    return json.dumps({name: value + ahead if name in _TIMES else value for name, value in counted.items()})


def read_pace(own: P, text: str, ahead: float, now: float) -> P | None:
    """Return our pace with the stored values, in our clock; `None` if they are missing or invalid."""
    try:
        values: dict[str, Any] = json.loads(text)
        if values.keys() != {field.name for field in attrs.fields(type(own)) if field.name in _COUNTED}:
            return None
        for name, value in values.items():
            least, most = _COUNTED[name]
            if name == "limit" and value is None:
                continue
            if not least <= value <= most:
                return None
        pace = attrs.evolve(own, **{name: value - ahead if name in _TIMES else value for name, value in values.items()})
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    # The store's clock may have been set back, or the other process has a different configuration.
    pace.bound(now)
    return pace
