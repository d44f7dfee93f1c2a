"""The time that the emulator lives in. Tests move it; nothing else in the emulator asks the operating system."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Real time plus an offset, or a time that stands still."""

    def __init__(self) -> None:
        self._offset = 0
        self._frozen: int | None = None
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever the clock was set or moved."""

    @property
    def stands_still(self) -> bool:
        """Whether it was frozen."""
        return self._frozen is not None

    def millis(self) -> int:
        """Milliseconds since 1970."""
        return self._frozen if self._frozen is not None else time.time_ns() // 1_000_000 + self._offset

    def seconds(self) -> int:
        """Whole seconds since 1970."""
        return self.millis() // 1000

    def advance(self, seconds: float) -> None:
        """Move on, or back with a negative number; a frozen clock stays frozen."""
        if self._frozen is None:
            self._offset += round(seconds * 1000)
        else:
            self._frozen += round(seconds * 1000)
        self.on_change()

    def freeze(self, at_millis: int | None = None) -> None:
        """Stand still, now or at the given moment."""
        self._frozen = self.millis() if at_millis is None else at_millis
        self.on_change()

    def resume(self) -> None:
        """Run again from where the clock stands."""
        if self._frozen is not None:
            self._offset = self._frozen - time.time_ns() // 1_000_000
            self._frozen = None
            self.on_change()

    def reset(self) -> None:
        """Back to real time."""
        self._offset = 0
        self._frozen = None
        self.on_change()
