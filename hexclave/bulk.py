"""Bulk calls: outcomes of many operations as a stream with constant memory use."""

import warnings
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeAlias, TypeVar

from hexclave._many import Many
from hexclave_api.operation import Operation
from hexclave_api.value import Value

if TYPE_CHECKING:
    from asyncio import Task
    from concurrent.futures import Future

__all__ = ["AsyncOutcomes", "Failure", "Outcome", "Outcomes", "Success", "Summary"]

R = TypeVar("R")
T = TypeVar("T")


class Success(Value, Generic[R, T]):
    """The outcome of a row whose call succeeded."""

    row: R
    """The row as passed in; not in the repr, because it may contain passwords."""
    value: T
    ok: Literal[True] = True
    error: None = None

    def __init__(self, row: R, value: T) -> None:
        vars(self).update(row=row, value=value)

    def __repr__(self) -> str:
        return f"Success(value={self.value!r})"

    def result(self) -> T:
        """Return the value."""
        return self.value


class Failure(Value, Generic[R]):
    """The outcome of a row whose call failed or could not be made."""

    row: R
    """The row as passed in; not in the repr, because it may contain passwords."""
    error: Exception
    """A `HexclaveError`, or the exception raised while the row was turned into a call, such as a `TypeError`."""
    ok: Literal[False] = False
    value: None = None

    def __init__(self, row: R, error: Exception) -> None:
        vars(self).update(row=row, error=error)

    def __repr__(self) -> str:
        return f"Failure(error={self.error!r})"

    def result(self) -> NoReturn:
        """Raise the error.

        Raises:
            Exception: the row's error.
        """
        raise self.error


Outcome: TypeAlias = Success[R, T] | Failure[R]
"""The result of one row. Type checkers narrow it by `isinstance(outcome, Failure)`, `outcome.error is None` and
`outcome.ok is True`; mypy also by `if outcome.ok`."""


class Summary(Value, Generic[R]):
    """Counts and failures of a completed bulk call."""

    succeeded: int
    failures: "Sequence[Failure[R]]"
    """In the order in which they were yielded."""

    def __init__(self, succeeded: int, failures: "Sequence[Failure[R]]") -> None:
        vars(self).update(succeeded=succeeded, failures=failures)

    @property
    def failed(self) -> int:
        return len(self.failures)

    @property
    def total(self) -> int:
        return self.succeeded + self.failed

    @property
    def ok(self) -> bool:
        return not self.failures

    def __repr__(self) -> str:
        return f"<Summary: {self.succeeded} succeeded, {self.failed} failed>"


class _Unused:
    """Base that warns if it is garbage-collected before anything was sent."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._used = False

    def __del__(self) -> None:
        # The attributes are missing if `__init__` failed.
        if not getattr(self, "_used", True):
            warnings.warn(
                f"The result of {self._name}() was never used, so nothing was sent: iterate it, or call .run().",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )


class Outcomes(_Unused, Generator["Outcome[R, T]"]):
    """An iterator over the outcomes of a blocking app's bulk call. Nothing is sent before iteration."""

    def __init__(self, many: Many[R, T], perform: Callable[[Operation[T]], T]) -> None:
        self._stream = performed(many, perform)
        super().__init__(many.name)

    def send(self, value: None, /) -> "Outcome[R, T]":
        self._used = True
        return self._stream.send(value)

    def throw(self, *error: Any) -> "Outcome[R, T]":
        self._used = True
        return self._stream.throw(*error)

    def close(self) -> None:
        """Stop taking rows and wait for the calls in flight."""
        self._used = True
        self._stream.close()

    def run(self) -> Summary[R]:
        """Process all rows and return the counts and failures; discard successful values."""
        succeeded, failures = 0, []
        for outcome in self:
            if outcome.ok:
                succeeded += 1
            else:
                failures.append(outcome)
        return Summary(succeeded, tuple(failures))


class AsyncOutcomes(_Unused, AsyncGenerator["Outcome[R, T]"]):
    """An async iterator over the outcomes of an async app's bulk call. Nothing is sent before iteration."""

    def __init__(self, many: Many[R, T], perform: Callable[[Operation[T]], Awaitable[T]]) -> None:
        self._stream = performed_async(many, perform)
        super().__init__(many.name)

    async def asend(self, value: None, /) -> "Outcome[R, T]":
        self._used = True
        return await self._stream.asend(value)

    async def athrow(self, *error: Any) -> "Outcome[R, T]":
        self._used = True
        return await self._stream.athrow(*error)

    async def aclose(self) -> None:
        """Cancel the calls in flight."""
        self._used = True
        await self._stream.aclose()

    async def run(self) -> Summary[R]:
        """Process all rows and return the counts and failures; discard successful values."""
        succeeded, failures = 0, []
        async for outcome in self:
            if outcome.ok:
                succeeded += 1
            else:
                failures.append(outcome)
        return Summary(succeeded, tuple(failures))


_Described: TypeAlias = tuple[R, Operation[T] | Exception]


class _Rows(Generic[R, T]):
    """Iterator over rows that defers an error of their source until all rows taken so far have an outcome."""

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
            # Errors of the caller's iterable are raised after the outcomes of the rows before it.
            except Exception as error:
                self._over, self._failure = True, error
            room -= 1

    def end(self) -> None:
        if self._failure is not None:
            raise self._failure


def _failed(row: R, error: Exception) -> Failure[R]:
    """Return the failure without the traceback frame that holds the row."""
    trace = error.__traceback__
    return Failure(row, error.with_traceback(trace and trace.tb_next))


def performed(many: Many[R, T], perform: Callable[[Operation[T]], T]) -> Generator[Outcome[R, T]]:
    """Yield the outcomes of calls made in worker threads, which stop with the iteration and see its context variables.

    Closing early stops taking rows; calls in flight complete, but their outcomes are lost.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
    from contextvars import Context, copy_context

    def one(row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        if isinstance(what, Exception):
            return Failure(row, what)
        try:
            return Success(row, perform(what))
        except Exception as error:
            return _failed(row, error)

    def in_context(context: Context, row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        return context.run(one, row, what)

    rows, window = _Rows(many), deque["Future[Outcome[R, T]]"]()
    with ThreadPoolExecutor(many.concurrency, "hexclave-bulk") as workers:
        try:
            while True:
                window.extend(
                    workers.submit(in_context, copy_context(), *each) for each in rows.take(many.window - len(window))
                )
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
    """Yield the outcomes of calls made in tasks; closing early cancels calls in flight."""
    import asyncio

    slots = asyncio.Semaphore(many.concurrency)

    async def one(row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        if isinstance(what, Exception):
            return Failure(row, what)
        async with slots:
            try:
                return Success(row, await perform(what))
            except Exception as error:
                return _failed(row, error)

    rows, window = _Rows(many), deque["Task[Outcome[R, T]]"]()
    try:
        while True:
            window.extend(asyncio.ensure_future(one(*each)) for each in rows.take(many.window - len(window)))
            if not window:
                rows.end()
                return
            # Not `await window[0]`: cancellation would cancel that task first, and another call would take its slot.
            awaited = [window[0]] if many.ordered else window
            ready, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            window = deque(task for task in window if task not in ready)
            for task in ready:
                yield task.result()
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)
