"""Many calls, as the bulk methods describe them and `hexclave.bulk` performs them."""

from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from typing import Final, Generic, TypeVar

from hexclave.errors import UnsafeUseError
from hexclave_api.operation import Operation

R = TypeVar("R")
T = TypeVar("T")

CONCURRENCY: Final = 8
_AHEAD: Final = 4
"""Rows taken up for each worker: one slow call must not let the others wait for it, and memory must stay constant."""


class Many(Generic[R, T]):
    """What a bulk method describes.

    Raises:
        UnsafeUseError: `concurrency` is no whole number from 1, or `done` comes without `key`.
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
            raise UnsafeUseError("done needs key=…, which says what a row is called in it.")
        self.name = name
        """Of the method, for the warning that nothing came of calling it."""
        self.concurrency = concurrency
        self.ordered = ordered
        self._rows = rows
        self._operation = operation
        self._key = key
        self._done = done

    def described(self) -> "Iterator[tuple[R, Operation[T] | Exception]]":
        """The rows that are not done yet, each with its operation or with the error that stands for it."""
        for row in self._rows:
            try:
                if self._key is not None and self._done != () and self._key(row) in self._done:
                    continue
                what: Operation[T] | Exception = self._operation(row)
            except Exception as error:
                # Without its traceback, whose frames hold the row and its passwords.
                what = error.with_traceback(None)
            yield row, what

    @property
    def window(self) -> int:
        return self.concurrency * _AHEAD
