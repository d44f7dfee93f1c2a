"""Many calls at once: rows in, outcomes out, as a stream of constant memory in both modes."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import attrs

from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from asyncio import Task
    from concurrent.futures import Future

R = TypeVar("R")
T = TypeVar("T")

CONCURRENCY: Final = 8
_AHEAD: Final = 4
"""Rows taken up for each worker: one slow call must not let the others wait for it, and memory must stay constant."""


@attrs.frozen
class Outcome(Generic[R, T]):
    """What became of one row: a value, or the error that the single call would have raised."""

    row: R = attrs.field(repr=False)
    """As it was given; out of the repr, because it may hold passwords."""
    value: T | None = None
    error: Exception | None = None
    """A `HexclaveError`; or a `TypeError` or `ValueError` where no call could be made of the row."""

    @property
    def ok(self) -> bool:
        return self.error is None

    def result(self) -> T | None:
        """The value.

        Raises:
            Exception: the row's error.
        """
        if self.error is not None:
            raise self.error
        return self.value


@attrs.frozen(eq=False)
class Many(Generic[R, T]):
    """What a bulk method describes.

    Raises:
        UnsafeUseError: `concurrency` is no whole number from 1.
    """

    rows: Iterable[R]
    operation: Callable[[R], Operation[T]]
    concurrency: int = attrs.field(default=CONCURRENCY)
    ordered: bool = True
    key: Callable[[R], Hashable] | None = None
    done: Container[Hashable] = attrs.field(default=())

    @concurrency.validator
    def _at_least_one(self, _: object, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UnsafeUseError(f"concurrency must be a whole number from 1, not {value!r}.")

    @done.validator
    def _with_key(self, _: object, value: object) -> None:
        if value != () and self.key is None:
            raise UnsafeUseError("done needs key=…, which says what a row is called in it.")

    def open_rows(self) -> "_Rows[R]":
        """The rows that are not done yet."""
        return _Rows(row for row in self.rows if self.key is None or self.key(row) not in self.done)

    @property
    def window(self) -> int:
        return self.concurrency * _AHEAD


class _Rows(Generic[R]):
    """Takes rows until there is none; an error of their source waits until what was taken has its outcome."""

    def __init__(self, rows: Iterator[R]) -> None:
        self._rows = rows
        self._failure: Exception | None = None
        self._over = False

    def take(self, room: int) -> Iterator[R]:
        while room > 0 and not self._over:
            try:
                yield next(self._rows)
            except StopIteration:
                self._over = True
            # Whatever the caller's iterable raises is the caller's to see, but not before the outcomes of its rows.
            except Exception as error:
                self._over, self._failure = True, error
            room -= 1

    def end(self) -> None:
        if self._failure is not None:
            raise self._failure


def performed(many: Many[R, T], perform: Callable[[Operation[T]], T]) -> Iterator[Outcome[R, T]]:
    """The outcomes, by worker threads that end with the iteration.

    Leaving early takes up no further row; calls under way are finished, and what became of them is not told.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    def one(row: R) -> Outcome[R, T]:
        try:
            return Outcome(row, perform(many.operation(row)))
        except (HexclaveError, TypeError, ValueError) as error:
            return Outcome(row, error=error)

    rows, window = many.open_rows(), deque["Future[Outcome[R, T]]"]()
    with ThreadPoolExecutor(many.concurrency, "hexclave-bulk") as workers:
        try:
            while True:
                window.extend(workers.submit(one, row) for row in rows.take(many.window - len(window)))
                if not window:
                    return rows.end()
                if many.ordered:
                    yield window.popleft().result()
                    continue
                ready, _ = wait(window, return_when=FIRST_COMPLETED)
                window = deque(future for future in window if future not in ready)
                for future in ready:
                    yield future.result()
        finally:
            for future in window:
                future.cancel()


async def performed_async(
    many: Many[R, T], perform: Callable[[Operation[T]], Awaitable[T]]
) -> AsyncIterator[Outcome[R, T]]:
    """The outcomes, by tasks that end with the iteration: leaving early cancels calls under way."""
    import asyncio

    slots = asyncio.Semaphore(many.concurrency)

    async def one(row: R) -> Outcome[R, T]:
        async with slots:
            try:
                return Outcome(row, await perform(many.operation(row)))
            except (HexclaveError, TypeError, ValueError) as error:
                return Outcome(row, error=error)

    rows, window = many.open_rows(), deque["Task[Outcome[R, T]]"]()
    try:
        while True:
            window.extend(asyncio.ensure_future(one(row)) for row in rows.take(many.window - len(window)))
            if not window:
                rows.end()
                return
            if many.ordered:
                yield await window[0]
                window.popleft()
                continue
            ready, _ = await asyncio.wait(window, return_when=asyncio.FIRST_COMPLETED)
            window = deque(task for task in window if task not in ready)
            for task in ready:
                yield task.result()
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)
