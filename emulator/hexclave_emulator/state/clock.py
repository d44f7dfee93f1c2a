"""The emulator's clock. Tests can move it; nothing else in the emulator reads the system time."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Real time plus an offset, or a frozen time."""

    def __init__(self) -> None:
        self._offset = 0
        self._frozen: int | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever the clock was set or moved."""

    @property
    def stands_still(self) -> bool:
        """True if the clock is frozen."""
        return self._frozen is not None

    def millis(self) -> int:
        """Milliseconds since 1970."""
        return self._frozen if self._frozen is not None else time.time_ns() // 1_000_000 + self._offset

    def seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.millis() // 1000

    def advance(self, seconds: float) -> None:
        """Advance the clock, or move it back with a negative number; a frozen clock stays frozen."""
        if self._frozen is None:
            self._offset += round(seconds * 1000)
        else:
            self._frozen += round(seconds * 1000)
        self.on_change()

    def freeze(self, at_millis: int | None = None) -> None:
        """Freeze the clock, now or at the given moment."""
        self._frozen = self.millis() if at_millis is None else at_millis
        self.on_change()

    def resume(self) -> None:
        """Let the clock run again from its current time."""
        if self._frozen is not None:
            self._offset = self._frozen - time.time_ns() // 1_000_000
            self._frozen = None
            self.on_change()

    def reset(self) -> None:
        """Return to real time."""
        self._offset = 0
        self._frozen = None
        self.on_change()
