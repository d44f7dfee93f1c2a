"""Many calls at once: rows in, outcomes out, as a stream of constant memory in both modes."""

import warnings
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeAlias, TypeVar

import attrs

from hexclave._many import Many
from hexclave_api.operation import Operation

if TYPE_CHECKING:
    from asyncio import Task
    from concurrent.futures import Future

__all__ = ["AsyncOutcomes", "Failure", "Outcome", "Outcomes", "Success", "Summary"]

R = TypeVar("R")
T = TypeVar("T")


@attrs.frozen
class Success(Generic[R, T]):
    """The call for a row succeeded."""

    row: R = attrs.field(repr=False)
    """As it was given; out of the repr, because it may hold passwords."""
    value: T
    ok: Literal[True] = attrs.field(default=True, init=False, repr=False)
    error: None = attrs.field(default=None, init=False, repr=False)

    def result(self) -> T:
        """Return the value."""
        return self.value


@attrs.frozen
class Failure(Generic[R]):
    """The call for a row failed, or could not be made."""

    row: R = attrs.field(repr=False)
    """As it was given; out of the repr, because it may hold passwords."""
    error: Exception
    """A `HexclaveError`; or what was raised where no call could be made of the row, such as a `TypeError`."""
    ok: Literal[False] = attrs.field(default=False, init=False, repr=False)
    value: None = attrs.field(default=None, init=False, repr=False)

    def result(self) -> NoReturn:
        """Raise the error.

        Raises:
            Exception: the row's error.
        """
        raise self.error


Outcome: TypeAlias = Success[R, T] | Failure[R]
"""The result of one row. `isinstance(outcome, Failure)`, `outcome.error is None` and `outcome.ok is True` tell type
checkers which of the two it is; mypy takes `if outcome.ok` too."""


@attrs.frozen
class Summary(Generic[R]):
    """The counts of a bulk call that went through all rows, and what failed."""

    succeeded: int
    failures: "Sequence[Failure[R]]"
    """In the order in which they were yielded."""

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
    """Warns when it is collected before anything was sent."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._used = False

    def __del__(self) -> None:
        # An instance whose making failed has neither.
        if not getattr(self, "_used", True):
            warnings.warn(
                f"{self._name}() was called and never used, so nothing was sent: iterate its outcomes, or call .run().",
                RuntimeWarning,
                stacklevel=2,
                source=self,
            )


class Outcomes(_Unused, Generator["Outcome[R, T]"]):
    """The outcomes of a bulk call of a blocking app, yielded as they complete. Nothing is sent before iteration."""

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
        """Take up no further row; calls in flight are finished."""
        self._used = True
        self._stream.close()

    def run(self) -> Summary[R]:
        """Go through all rows and return the counts, with the failures; successful values are dropped."""
        succeeded, failures = 0, []
        for outcome in self:
            if outcome.ok:
                succeeded += 1
            else:
                failures.append(outcome)
        return Summary(succeeded, tuple(failures))


class AsyncOutcomes(_Unused, AsyncGenerator["Outcome[R, T]"]):
    """The outcomes of a bulk call of an async app, yielded as they complete. Nothing is sent before iteration."""

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
        """Go through all rows and return the counts, with the failures; successful values are dropped."""
        succeeded, failures = 0, []
        async for outcome in self:
            if outcome.ok:
                succeeded += 1
            else:
                failures.append(outcome)
        return Summary(succeeded, tuple(failures))


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


def _failed(row: R, error: Exception) -> Failure[R]:
    """Without the frame that caught the error, which holds the row."""
    trace = error.__traceback__
    return Failure(row, error.with_traceback(trace and trace.tb_next))


def performed(many: Many[R, T], perform: Callable[[Operation[T]], T]) -> Generator[Outcome[R, T]]:
    """The outcomes, by worker threads that end with the iteration.

    Leaving early takes up no further row; calls under way are finished, and what became of them is not told.
    """
    from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

    def one(row: R, what: Operation[T] | Exception) -> Outcome[R, T]:
        if isinstance(what, Exception):
            return Failure(row, what)
        try:
            return Success(row, perform(what))
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
