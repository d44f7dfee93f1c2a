"""The context of a call: configuration of its app, and state shared with derived apps."""

import itertools
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hexclave._engine.instrumentation import Instrumented
from hexclave._messages import MAX_REPLY_SIZE
from hexclave._steps import Steps
from hexclave.hooks import Hooks
from hexclave.ratelimit import Gates
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.operation import AccessType
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave._engine.session import Session
    from hexclave._engine.single_flight import SingleFlight
    from hexclave._ratelimit.gate import Clock
    from hexclave.replies import ReplyInfo
    from hexclave.verify._tokens import TokenChecks

AdminAccessToken: TypeAlias = Callable[[], str | Awaitable[str]]


class Local(NamedTuple):
    """State of a single process."""

    gates: Gates
    nonces: Iterator[str]
    """One for each attempt: a random prefix and a counter, because `urandom` for each releases the GIL."""


class Shared(Instrumented):
    """State shared by an app and its derived apps, recreated in a forked process.

    A fork may happen while another thread holds one of its locks, so a child must not use its parent's.
    """

    def __init__(self, make_gates: Callable[[], Gates]) -> None:
        self._make_gates = make_gates
        self._local = {os.getpid(): self._new()}
        self.checks: dict[object, TokenChecks] = {}
        """Token checks with their keys, by the options of the verifier."""
        self.clock_skew: float = 0.0
        """Seconds that the server's clock is ahead of ours, estimated from refreshed tokens."""

    @property
    def local(self) -> Local:
        process = os.getpid()
        local = self._local.get(process)
        # Atomic, so that all threads get the same one.
        return self._local.setdefault(process, self._new()) if local is None else local

    def _new(self) -> Local:
        return Local(self._make_gates(), map(f"{os.urandom(12).hex()}{{:08x}}".format, itertools.count()))

    @property
    def in_flight(self) -> "SingleFlight":
        # Imported here because apps without a session do not need it.
        from hexclave._engine.single_flight import SingleFlight

        return SingleFlight.of_this_process()


class Context(NamedTuple):
    project_id: str
    access: AccessType
    base_url: str
    """With `/api/v1`, without a trailing slash."""
    origin: tuple[str, str, int]
    static_headers: Callable[[], dict[str, str]]
    """A function, so that no repr or `vars()` shows the keys."""
    client_id: str
    """The OAuth client ID, from project and branch."""
    publishable_client_key: Secret | None
    allow_anonymous: bool
    timeout: Timeout
    retries: Retries
    hooks: Hooks
    shared: Shared
    session: "Session | None" = None
    admin_access_token: Callable[[], Steps[Secret]] | None = None
    max_reply_size: int = MAX_REPLY_SIZE
    client_request_id: str | None = None
    on_reply: "Callable[[ReplyInfo], None] | None" = None
    """Gets the last reply to each request."""
    clock: "Clock" = time

    @property
    def observing_hooks(self) -> Hooks:
        """The app's hooks, and those of its instrumentation."""
        instrumentation = self.shared.instrumentation
        if instrumentation is None:
            return self.hooks
        from hexclave._engine.observing import joined

        return joined(instrumentation.hooks, self.hooks)
