"""What a call needs to know of the app that makes it."""

import os
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from hexclave._secret import Secret
from hexclave._steps import Steps
from hexclave.hooks import Hooks
from hexclave.ratelimit import Gates
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave_api.operation import AccessType

if TYPE_CHECKING:
    from hexclave._gate import Clock
    from hexclave._session import Flights, Session

AdminAccessToken: TypeAlias = Callable[[], str | Awaitable[str]]


class Shared:
    """State that all calls of an app and of its derived apps share, made anew in a forked process.

    A fork may happen while another thread holds a lock in here, so a child must never touch its parent's.
    """

    def __init__(self, make_gates: Callable[[], Gates]) -> None:
        self._make_gates = make_gates
        self._gates = {os.getpid(): make_gates()}
        self.clock_skew = 0.0
        """Seconds that the server's clock is ahead of ours, as far as a refreshed token told."""

    @property
    def gates(self) -> Gates:
        gates = self._gates.get(os.getpid())
        # One step, so that all threads get the same ones.
        return self._gates.setdefault(os.getpid(), self._make_gates()) if gates is None else gates

    @property
    def flights(self) -> "Flights":
        from hexclave._session import Flights  # no app without a session needs it

        return Flights.of_this_process()


@attrs.frozen(eq=False)
class Context:
    project_id: str
    access: AccessType
    base_url: str
    """With `/api/v1`, without a trailing slash."""
    origin: tuple[str, str, int]
    static_headers: Callable[[], dict[str, str]] = attrs.field(repr=False)
    """A function, so that no repr or `vars()` shows the keys inside."""
    client_id: str
    """The project and branch, as OAuth names them."""
    publishable_client_key: Secret | None
    allow_anonymous: bool
    timeout: Timeout
    retries: Retries
    hooks: Hooks
    shared: Shared
    session: "Session | None" = None
    admin_access_token: Callable[[], Steps[Secret]] | None = attrs.field(default=None, repr=False)
    clock: "Clock" = time
