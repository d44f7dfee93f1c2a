"""The steps of a call. A generator yields them, an executor performs them and sends back the outcome.

Everything that decides is such a generator, so it runs without sockets or clocks: play outcomes at it, compare steps.
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
    """Ask somebody outside, such as a token store. Outcome: what the callable of the executor's mode returned."""

    blocking: Callable[[], T]
    awaiting: Callable[[], Awaitable[T]]


class Wait(NamedTuple):
    """Wait until another call has settled the future, at most `timeout` seconds. Outcome: whether it is settled."""

    future: "Future[Any]"
    timeout: float | None


class Done(NamedTuple, Generic[T]):
    """In place of steps: the value is there already."""

    value: T


Step: TypeAlias = Send | Sleep | Call[Any] | Wait
Steps: TypeAlias = Generator[Step, Any, T]
