"""Replies made to order: the next calls fail, wait, or lose their connection."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from hexclave_emulator.messages.exchange import Reply


@attrs.define(kw_only=True)
class Fault:
    """What happens to the next `times` requests that match."""

    status: int | None = None
    """Answer with this; `None` leaves the real answer, perhaps late."""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Any = None
    """Text, or whatever JSON can say."""
    delay: float = 0.0
    """Seconds to wait before answering."""
    reset: bool = False
    """Drop the connection instead of answering. The request has no effect."""
    times: int = 1
    method: str | None = None
    path: str | None = None
    """Only paths that begin with this, with the version: `/api/v1/users`."""

    def matches(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and (self.path is None or path.startswith(self.path))

    def reply(self) -> Reply | None:
        """The answer in place of the real one."""
        if self.reset:
            return Reply(broken=True, bare=True, delay=self.delay)
        if self.status is None:
            return None
        is_text = isinstance(self.body, str)
        content = b"" if self.body is None else (self.body if is_text else json.dumps(self.body)).encode()
        kind = {} if self.body is None else {"content-type": "text/plain" if is_text else "application/json"}
        return Reply(self.status, content, {**kind, **self.headers}, bare=True, delay=self.delay)


class Faults:
    """Faults that wait for their requests, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, counted down."""
        for fault in self.waiting:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
