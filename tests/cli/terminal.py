"""A terminal with a person at it: runs a command, and reads the screen as a person sees it."""

import os
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import pexpect
import pyte

COMMAND = [sys.executable, "-m", "hexclave"]


class Terminal:
    """A command in a terminal of this size."""

    def __init__(self, *arguments: str, env: Mapping[str, str], width: int = 80, height: int = 40) -> None:
        self.output = ""
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.Stream(self._screen)
        whole = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8", **env}
        whole |= {name: value for name, value in os.environ.items() if name.startswith("COV")}
        self.process: pexpect.spawn[str] = pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], *arguments], env=whole, dimensions=(height, width), encoding="utf-8", timeout=20
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.process.close(force=True)

    def wait_for(self, text: str) -> None:
        """Wait until the text is on the screen."""
        self.process.expect_exact(text)
        self._read(self.process.before + self.process.after)

    def finish(self) -> int:
        """Wait for the end, and return the exit status."""
        self.process.expect(pexpect.EOF)
        self._read(self.process.before)
        self.process.wait()
        if self.process.signalstatus is not None:
            return 128 + self.process.signalstatus
        status = self.process.exitstatus
        assert status is not None
        return status

    def _read(self, text: str) -> None:
        self.output += text
        self._stream.feed(text)

    @property
    def screen(self) -> str:
        """Return the contents of the screen, without trailing spaces."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()
