"""Performers: what resources hand their operations and flows to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import attrs

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


@attrs.frozen
class BlockingPerformer:
    """Performs for one blocking app."""

    context: Context
    executor: "BlockingExecutor"

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
        """Return the page of a list that a flow begins with."""
        return Page(self.call(pages.operation(pages.cursor)), pages, self.call)

    def run(self, steps: Steps[T], /) -> T:
        """Return what the steps end in."""
        return self.executor.run(steps)

    def many(self, many: Many[R, T], /) -> "Outcomes[R, T]":
        """Return the outcomes of many calls."""
        from hexclave.bulk import Outcomes  # few programs use it

        return Outcomes(many, self.call)


@attrs.frozen
class AsyncPerformer:
    """Performs for one async app."""

    context: Context
    executor: "AwaitingExecutor"

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
        """Return the pages of a list, from the one that a flow begins with."""
        return AsyncPages(pages, self.call)

    async def run(self, steps: Steps[T], /) -> T:
        """Return what the steps end in."""
        return await self.executor.run(steps)

    def many(self, many: Many[R, T], /) -> "AsyncOutcomes[R, T]":
        """Return the outcomes of many calls."""
        from hexclave.bulk import AsyncOutcomes  # few programs use it

        return AsyncOutcomes(many, self.call)


def found(steps: Steps[T], *absent: str) -> Steps[T | None]:
    """Return what the steps end in, or `None` where they raise an error with one of the `absent` codes."""
    try:
        return (yield from steps)
    except APIStatusError as error:
        if getattr(error, "code", None) not in absent:
            raise
    return None
