"""Descriptions of bulk calls, which `hexclave.bulk` performs."""

from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Operation

R = TypeVar("R")
T = TypeVar("T")

CONCURRENCY: Final = 8
_AHEAD: Final = 4
"""Rows taken per worker, so that a slow call does not block the others while memory use stays constant."""


class Many(Generic[R, T]):
    """The rows of a bulk call, and how to turn them into operations.

    Raises:
        UnsafeUseError: `concurrency` is not a positive integer, or `done` is given without `key`.
    """

    def __init__(
        self,
        rows: Iterable[R],
        operation: Callable[[R], Operation[T]],
        concurrency: int = CONCURRENCY,
        ordered: bool = True,
        key: Callable[[R], Hashable] | None = None,
        done: Container[Hashable] = (),
        *,
        name: str = "call_many",
    ) -> None:
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
            raise UnsafeUseError(f"concurrency must be a positive integer, not {concurrency!r}.")
        if done != () and key is None:
            raise UnsafeUseError("done requires key=…, a function that returns the key of a row in it.")
        self.name = name
        """Name of the method, for the warning about unused outcomes."""
        self.concurrency = concurrency
        self.ordered = ordered
        self._rows = rows
        self._operation = operation
        self._key = key
        self._done = done

    def described(self) -> "Iterator[tuple[R, Operation[T] | Exception]]":
        """Yield the rows that are not done yet, each with its operation or the error of creating it."""
        for row in self._rows:
            try:
                if self._key is not None and self._done != () and self._key(row) in self._done:
                    continue
                what: Operation[T] | Exception = self._operation(row)
            except Exception as error:
                # Without its traceback, whose frames contain the row and its passwords.
                what = error.with_traceback(None)
            yield row, what

    @property
    def window(self) -> int:
        return self.concurrency * _AHEAD
