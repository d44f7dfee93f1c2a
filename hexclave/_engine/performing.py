"""Performers, which run operations and flows for resources."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from hexclave._engine.context import Context
from hexclave._engine.exchange import exchange
from hexclave._many import Many
from hexclave._steps import Steps
from hexclave.errors import APIStatusError
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.pagination import AsyncPages, Page, PageReply, Pages

if TYPE_CHECKING:
    from hexclave._engine.async_executor import AwaitingExecutor
    from hexclave._engine.executor import BlockingExecutor
    from hexclave.bulk import AsyncOutcomes, Outcomes

R = TypeVar("R")
T = TypeVar("T")


class BlockingPerformer:
    """The performer of a blocking app."""

    def __init__(self, context: Context, executor: "BlockingExecutor") -> None:
        self.context: Final = context
        self.executor: Final = executor

    def derived(self, **changes: Any) -> Self:
        """Return a performer with these changes to the context, which shares the executor."""
        return type(self)(self.context._replace(**changes), self.executor)

    def call(self, operation: Operation[T], /) -> T:
        """Return the result of the operation."""
        return self.executor.run(exchange(self.context, operation))

    def find(self, operation: Operation[T], /, *absent: str) -> T | None:
        """Return the result of the operation, or `None` if the API reports one of the `absent` error codes."""
        return self.executor.run(found(exchange(self.context, operation), *absent))

    def pages(self, page: Callable[[str | Unset], Operation[PageReply[T]]], cursor: str | Unset = UNSET, /) -> Page[T]:
        """Return the page of a list at the cursor."""
        return self.listed(Pages(page, cursor))

    def listed(self, pages: Pages[T], /) -> Page[T]:
        """Return the first page of a list of a flow."""
        return Page(self.call(pages.operation(pages.cursor)), pages, self.call)

    def run(self, steps: Steps[T], /) -> T:
        """Perform the steps and return their value."""
        return self.executor.run(steps)

    def many(self, many: Many[R, T], /) -> "Outcomes[R, T]":
        """Return the outcomes of many calls."""
        from hexclave.bulk import Outcomes  # few programs use it

        return Outcomes(many, self.call)


class AsyncPerformer:
    """The performer of an async app."""

    def __init__(self, context: Context, executor: "AwaitingExecutor") -> None:
        self.context: Final = context
        self.executor: Final = executor

    def derived(self, **changes: Any) -> Self:
        """Return a performer with these changes to the context, which shares the executor."""
        return type(self)(self.context._replace(**changes), self.executor)

    async def call(self, operation: Operation[T], /) -> T:
        """Return the result of the operation."""
        return await self.executor.run(exchange(self.context, operation))

    async def find(self, operation: Operation[T], /, *absent: str) -> T | None:
        """Return the result of the operation, or `None` if the API reports one of the `absent` error codes."""
        return await self.executor.run(found(exchange(self.context, operation), *absent))

    def pages(
        self, page: Callable[[str | Unset], Operation[PageReply[T]]], cursor: str | Unset = UNSET, /
    ) -> AsyncPages[T]:
        """Return the pages of a list from the cursor on."""
        return self.listed(Pages(page, cursor))

    def listed(self, pages: Pages[T], /) -> AsyncPages[T]:
        """Return the pages of a list of a flow."""
        return AsyncPages(pages, self.call)

    async def run(self, steps: Steps[T], /) -> T:
        """Perform the steps and return their value."""
        return await self.executor.run(steps)

    def many(self, many: Many[R, T], /) -> "AsyncOutcomes[R, T]":
        """Return the outcomes of many calls."""
        from hexclave.bulk import AsyncOutcomes  # few programs use it

        return AsyncOutcomes(many, self.call)


def found(steps: Steps[T], *absent: str) -> Steps[T | None]:
    """Return the value of the steps, or `None` if they raise an error with one of the `absent` codes."""
    try:
        return (yield from steps)
    except APIStatusError as error:
        if getattr(error, "code", None) not in absent:
            raise
    return None
