"""The interface between resources and apps: an object that performs operations."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from .operation import UNSET, Operation, Unset
from .pagination import AsyncPages, Page, PageReply

T = TypeVar("T")


class Performer(Protocol):
    """Performs operations and returns their results."""

    def call(self, operation: Operation[T], /) -> T:
        """Return the result of the operation."""
        ...

    def find(self, operation: Operation[T], /, *absent: str) -> T | None:
        """Return the result of the operation, or `None` if the API reports one of the `absent` error codes."""
        ...

    def pages(self, page: Callable[[str | Unset], Operation[PageReply[T]]], cursor: str | Unset = UNSET, /) -> Page[T]:
        """Return the page at the cursor; `page` makes the operation for a cursor."""
        ...


class AsyncPerformer(Protocol):
    """Performs operations for async programs."""

    async def call(self, operation: Operation[T], /) -> T:
        """Return the result of the operation."""
        ...

    async def find(self, operation: Operation[T], /, *absent: str) -> T | None:
        """Return the result of the operation, or `None` if the API reports one of the `absent` error codes."""
        ...

    def pages(
        self, page: Callable[[str | Unset], Operation[PageReply[T]]], cursor: str | Unset = UNSET, /
    ) -> AsyncPages[T]:
        """Return the pages from the cursor on; `page` makes the operation for a cursor."""
        ...
