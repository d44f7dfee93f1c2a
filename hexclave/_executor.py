"""Perform the steps of a call in the calling thread."""

import inspect
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hexclave import _fast
from hexclave._failures import translated
from hexclave._given_client import BlockingHttpClient, Given
from hexclave._messages import Reply, Request
from hexclave._steps import Call, Send, Sleep, Step, Steps, Wait
from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from hexclave._connections import Connections
    from hexclave._fast_connections import FastConnections

T = TypeVar("T")


class BlockingExecutor:
    """Performs steps in the calling thread."""

    def __init__(self, http_client: BlockingHttpClient | Literal["fast"] | None) -> None:
        if inspect.iscoroutinefunction(getattr(http_client, "send", None)):
            raise UnsafeUseError("http_client is an async client; give it to an async app, or a blocking one here.")
        self._fast = _fast.is_chosen(http_client)
        self._given = None if http_client is None or isinstance(http_client, str) else Given(http_client)
        self._made: Connections | FastConnections | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, steps: Steps[T]) -> T:
        """The value that the steps end in."""
        try:
            step: Step = next(steps)
            while True:
                try:
                    outcome = self._send(step.request) if isinstance(step, Send) else self._perform(step)
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def handed(self, value: T) -> T:
        """The value, as `run` would give it."""
        return value

    def close(self) -> None:
        """Close the connections that were made here; a client that was given stays open."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        with self._lock:
            self._closed = True
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _perform(self, step: Sleep | Call[Any] | Wait) -> object:
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Call):
            return step.blocking()
        return _settled(step)

    def _send(self, request: Request) -> Reply:
        used = self._used()
        ends = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        failure: BaseException | None
        try:
            return used.send(request, ends)
        except Exception as error:
            failure = translated(error, ends, used)
            if failure is None:
                raise
        except BaseException as error:
            failure = error.with_traceback(None)
        # Not raised in the `except`: the library's frames hold headers, and a traceback with locals shows them.
        raise failure

    def _used(self) -> "Given | Connections | FastConnections":
        if self._pid != os.getpid():
            self._leave_to_parent()
        if self._given is not None and not self._closed:
            self._given.check()
            return self._given
        made = self._made
        if made is None:
            with self._lock:
                if self._closed:
                    raise UnsafeUseError("The app is closed.")
                made = self._made = self._made or self._new()
        return made

    def _new(self) -> "Connections | FastConnections":
        # Loaded with the first call, and only the library that makes it.
        if self._fast and _fast.is_usable():
            from hexclave._fast_connections import FastConnections

            return FastConnections()
        from hexclave._connections import Connections

        return Connections()

    def _leave_to_parent(self) -> None:
        """In a forked child, give up the parent's sockets: one process would read the other's replies."""
        _inherited.append(self._made)
        self._made, self._lock, self._pid = None, threading.Lock(), os.getpid()


_inherited: list[object] = []
"""Parents' connections, kept alive in a forked child: collecting them would close what both processes share."""


def _settled(step: Wait) -> bool:
    try:
        step.future.exception(step.timeout)
    except TimeoutError:
        return False
    return True
