"""Injected faults: the next calls fail, are delayed, or lose their connection."""

import json
from collections.abc import Mapping
from typing import Any

import attrs

from hexclave_emulator.messages.exchange import Reply


@attrs.define(kw_only=True)
class Fault:
    """A fault for the next `times` matching requests."""

    status: int | None = None
    """The status to answer with; `None` keeps the real answer, perhaps delayed."""
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: Any = None
    """Text, or any JSON value."""
    delay: float = 0.0
    """Seconds to wait before answering."""
    reset: bool = False
    """Drop the connection instead of answering. The request has no effect."""
    times: int = 1
    method: str | None = None
    path: str | None = None
    """Only paths with this prefix, including the version: `/api/v1/users`."""

    def matches(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and (self.path is None or path.startswith(self.path))

    def reply(self) -> Reply | None:
        """Return the reply that replaces the real one."""
        if self.reset:
            return Reply(broken=True, bare=True, delay=self.delay)
        if self.status is None:
            return None
        is_text = isinstance(self.body, str)
        content = b"" if self.body is None else (self.body if is_text else json.dumps(self.body)).encode()
        kind = {} if self.body is None else {"content-type": "text/plain" if is_text else "application/json"}
        return Reply(self.status, content, {**kind, **self.headers}, bare=True, delay=self.delay)


class Faults:
    """Queued faults, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request and decrement its count."""
        for fault in self.waiting:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
