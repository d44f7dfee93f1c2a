"""Instrumentation of apps and routers, such as that of OpenTelemetry."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hexclave.hooks import Hooks


class Activity(Protocol):
    """Work in progress that is not a call of the API."""

    def finish(self, outcome: str, *, kind: str | None = None, reason: BaseException | None = None) -> None:
        """Describe the result: its outcome, the kind of what was handled, and the reason of a refusal."""


class Instrumentation(Protocol):
    """Records calls through its hooks, and what an app or a router does besides calls."""

    @property
    def hooks(self) -> "Hooks": ...

    def activity(self, name: str, *refusals: type[BaseException]) -> "AbstractContextManager[Activity]":
        """Record an activity of this name. Errors of the classes `refusals` are refusals of input, not failures."""
        ...


class Instrumented:
    """Base of what can be instrumented: the state of an app, and a router.

    The attribute of the class is that of the whole process; an instance's own replaces it.
    """

    instrumentation: "Instrumentation | None" = None
