"""Steps of a call: a generator yields them, an executor performs them and sends back the outcomes.

All decisions are made in such generators (sans I/O), so tests can drive them without sockets or clocks.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

    from hexclave._messages import Request

T = TypeVar("T")


class Send(NamedTuple):
    """Send the request. Outcome: the `Reply`, or an `APIConnectionError` or `APITimeoutError` raised at the yield."""

    request: "Request"


class Sleep(NamedTuple):
    """Let `seconds` pass."""

    seconds: float


class Call(NamedTuple, Generic[T]):
    """Call external code, such as a token store. Outcome: the result of the callable for the executor's mode."""

    blocking: Callable[[], T]
    awaiting: Callable[[], Awaitable[T]]


class Wait(NamedTuple):
    """Wait up to `timeout` seconds for a future of another call. Outcome: whether it is done."""

    future: "Future[Any]"
    timeout: float | None


class Done(NamedTuple, Generic[T]):
    """A value that needs no steps."""

    value: T


Step: TypeAlias = Send | Sleep | Call[Any] | Wait
Steps: TypeAlias = Generator[Step, Any, T]
