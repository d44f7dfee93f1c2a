"""Executor of steps in the calling thread."""

import os
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from hexclave._messages import Reply, Request
from hexclave._steps import Call, Send, Sleep, Step, Steps, Wait
from hexclave._transport.own import OwnTransports
from hexclave.errors import UnsafeUseError

if TYPE_CHECKING:
    from hexclave._transport.protocol import Transport

T = TypeVar("T")

_OWN = OwnTransports()


class BlockingExecutor:
    """Performs steps in the calling thread.

    A transport that was passed in is not closed, and cannot be recreated in a forked process.
    """

    def __init__(self, given: "Transport | None" = None, own: OwnTransports = _OWN) -> None:
        self._given = given
        self._own = own
        self._transport: Transport | None = None
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = False

    def run(self, steps: Steps[T]) -> T:
        """Perform the steps and return their value."""
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

    def close(self) -> None:
        """Close the executor's own connections; a transport that was passed in stays open."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        with self._lock:
            self._closed = True
            transport, self._transport = self._transport, None
        if transport is not None and transport is not self._given:
            transport.close()

    def _perform(self, step: Sleep | Call[Any] | Wait) -> object:
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Call):
            return step.blocking()
        return _settled(step)

    def _send(self, request: Request) -> Reply:
        if self._pid != os.getpid():
            self._leave_to_parent()
        transport = self._transport or self._opened()
        deadline = None if request.total_timeout is None else time.monotonic() + request.total_timeout
        try:
            return transport.send(request, deadline)
        except BaseException as error:
            failure = error.with_traceback(None)
        # Raised outside the `except`, because the transport's frames contain headers, which tracebacks may show.
        raise failure

    def _opened(self) -> "Transport":
        with self._lock:
            if self._closed:
                raise UnsafeUseError("The app is closed.")
            if self._transport is None:
                self._transport = self._given or self._own.blocking()
            return self._transport

    def _leave_to_parent(self) -> None:
        """Abandon the parent's sockets in a forked child, because each process would read the other's replies."""
        if self._given is not None and self._transport is not None:
            raise UnsafeUseError(USED_BEFORE_FORK)
        _inherited.append(self._transport)
        self._transport, self._lock, self._pid = None, threading.Lock(), os.getpid()


USED_BEFORE_FORK = (
    "http_client (or transport) was used before this process was forked, and its connections cannot be shared: "
    "create it and the app in the child process, or omit it."
)
_inherited: list[object] = []
"""Parents' connections in a forked child, kept alive because collecting them would close the shared sockets."""


def _settled(step: Wait) -> bool:
    try:
        step.future.exception(step.timeout)
    except TimeoutError:
        return False
    return True
