"""Many calls at once: rows in, outcomes out, as a stream of constant memory in both modes."""

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

import attrs

from hexclave._many import Many
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from asyncio import Task
    from concurrent.futures import Future

__all__ = ["Outcome"]

R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen
class Outcome(Generic[R, T]):
    """What became of one row: a value, or the error that the single call would have raised."""

    row: R = attrs.field(repr=False)
    """As it was given; out of the repr, because it may hold passwords."""
    value: T | None = None
    error: Exception | None = None
    """A `HexclaveError`; or what was raised where no call could be made of the row, such as a `TypeError`."""

    @property
    def ok(self) -> bool:
        return self.error is None

    def result(self) -> T:
        """The value.

        Raises:
            Exception: the row's error.
        """
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


_Described: TypeAlias = tuple[R, Operation[T] | Exception]


class _Rows(Generic[R, T]):
    """Takes rows until there is none; an error of their source waits until what was taken has its outcome."""

    def __init__(self, many: Many[R, T]) -> None:
        self._described = many.described()
        self._failure: Exception | None = None
        self._over = False

    def take(self, room: int) -> "Iterator[_Described[R, T]]":
        while room > 0 and not self._over:
            try:
                yield next(self._described)
            except StopIteration:
                self._over = True
            # Whatever the caller's iterable raises is the caller's to see, but not before the outcomes of its rows.
            except Exception as error:
                self._over, self._failure = True, error
            room -= 1

    def end(self) -> None:
        if self._failure is not None:
            raise self._failure


def _failed(row: R, error: Exception) -> "Outcome[R, Any]":
    """Without the frame that caught the error, which holds the row."""
    trace = error.__traceback__
    return Outcome(row, error=error.with_traceback(trace and trace.tb_next))


def performed(many: Many[R, T], perform: Callable[[Operation[T]], T]) -> Generator[Outcome[R, T]]:
    """The outcomes, by worker threads that end with the iteration.

    Leaving early takes up no further row; calls under way are finished, and what became of them is not told.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    def one(row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        if isinstance(what, Exception):
            return Outcome(row, error=what)
        try:
            return Outcome(row, perform(what))
        except Exception as error:
            return _failed(row, error)

    rows, window = _Rows(many), deque["Future[Outcome[R, T]]"]()
    with ThreadPoolExecutor(many.concurrency, "hexclave-bulk") as workers:
        try:
            while True:
                window.extend(workers.submit(one, *each) for each in rows.take(many.window - len(window)))
                if not window:
                    return rows.end()
                ready, _ = wait([window[0]] if many.ordered else window, return_when=FIRST_COMPLETED)
                window = deque(future for future in window if future not in ready)
                for future in ready:
                    yield future.result()
        finally:
            for future in window:
                future.cancel()


async def performed_async(
    many: Many[R, T], perform: Callable[[Operation[T]], Awaitable[T]]
) -> AsyncGenerator[Outcome[R, T]]:
    """The outcomes, by tasks that end with the iteration: leaving early cancels calls under way."""
    import asyncio

    slots = asyncio.Semaphore(many.concurrency)

    async def one(row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        if isinstance(what, Exception):
            return Outcome(row, error=what)
        async with slots:
            try:
                return Outcome(row, await perform(what))
            except Exception as error:
                return _failed(row, error)

    rows, window = _Rows(many), deque["Task[Outcome[R, T]]"]()
    try:
        while True:
            window.extend(asyncio.ensure_future(one(*each)) for each in rows.take(many.window - len(window)))
            if not window:
                rows.end()
                return
            # Not `await window[0]`, which a cancellation would cancel first: another call would begin in its slot.
            awaited = [window[0]] if many.ordered else window
            ready, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            window = deque(task for task in window if task not in ready)
            for task in ready:
                yield task.result()
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)
