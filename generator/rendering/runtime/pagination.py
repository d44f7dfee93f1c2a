"""Paginated lists: a page with its items, and iteration over all pages."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, Protocol, TypeVar

from .operation import UNSET, Operation, Unset

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Cursor(Protocol):
    @property
    def next_cursor(self) -> str | None: ...


class PageReply(Protocol[T_co]):
    """The form of all list replies."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def pagination(self) -> Cursor | None: ...


class Part(NamedTuple, Generic[T]):
    """A page of a list whose reply has another form."""

    items: Sequence[T]
    next_cursor: str | None = None

    @property
    def pagination(self) -> Cursor:
        return self


class Pages(NamedTuple, Generic[T]):
    """The result of a list method: a function that makes the operation for the page at a cursor."""

    operation: Callable[[str | Unset], Operation[PageReply[T]]]
    cursor: str | Unset = UNSET


if TYPE_CHECKING:
    # Type checkers report these uses without help, so the methods below are hidden from them.
    class _NoSequence: ...

    class _NotAwaited: ...

else:

    class _NoSequence:
        def __len__(self) -> NoReturn:
            raise TypeError("a page iterates through all pages, so it has no length; len(page.items) has")

        def __getitem__(self, index: object) -> NoReturn:
            raise TypeError("a page iterates through all pages, so it has no positions; page.items[…] has")

        def __bool__(self) -> bool:
            return True  # As for any object: without this, `while page := page.next()` would call `len()`.

    class _NotAwaited:
        def __getattr__(self, name: str) -> NoReturn:
            hint = (
                ": await it for the first page" if hasattr(AsyncPage, name) or name in ("items", "next_cursor") else ""
            )
            raise AttributeError(f"an async list has no {name}{hint}", name=name, obj=self)

        def __iter__(self) -> NoReturn:
            raise TypeError("an async list is iterated with `async for`")


class Page(_NoSequence, Generic[T]):
    """One page of a list. Iteration continues through the following pages, each loaded when it is reached.

    Memory use is constant: a page is dropped when the next one begins. Loading may raise the errors of the list method.
    """

    def __init__(
        self, reply: PageReply[T], pages: Pages[T], perform: Callable[[Operation[PageReply[T]]], PageReply[T]]
    ) -> None:
        self.items: Sequence[T] = reply.items
        """The items of this page only."""
        self.next_cursor: str | None = _next_cursor(reply)
        """The id of the first item of the next page; `None` on the last page."""
        self._pages = pages
        self._perform = perform

    def next(self) -> "Page[T] | None":
        """Load the next page; `None` after the last."""
        if self.next_cursor is None:
            return None
        return Page(self._perform(self._pages.operation(self.next_cursor)), self._pages, self._perform)

    def __iter__(self) -> Iterator[T]:
        page: Page[T] | None = self
        while page is not None:
            yield from page.items
            page = page.next()

    def prefetched(self) -> Iterator[T]:
        """The same iteration, but loading the next page in a thread while the items of this one are used."""
        from concurrent.futures import ThreadPoolExecutor

        page: Page[T] | None = self
        # Lives as long as the iteration: leaving the loop ends the thread.
        with ThreadPoolExecutor(1, "hexclave-prefetch") as thread:
            while page is not None:
                following = thread.submit(page.next) if page.next_cursor is not None else None
                yield from page.items
                page = None if following is None else following.result()

    def __repr__(self) -> str:
        return f"<Page of {len(self.items)}{', and more' if self.next_cursor else ''}>"

    def _repr_html_(self) -> str:
        from .notebooks import page_table

        return page_table(self.items, more=self.next_cursor is not None)


class AsyncPage(_NoSequence, Generic[T]):
    """One page of a list. `async for` continues through the following pages, each loaded when it is reached.

    Memory use is constant: a page is dropped when the next one begins. Loading may raise the errors of the list method.
    """

    def __init__(
        self,
        reply: PageReply[T],
        pages: Pages[T],
        perform: Callable[[Operation[PageReply[T]]], Awaitable[PageReply[T]]],
    ) -> None:
        self.items: Sequence[T] = reply.items
        """The items of this page only."""
        self.next_cursor: str | None = _next_cursor(reply)
        """The id of the first item of the next page; `None` on the last page."""
        self._pages = pages
        self._perform = perform

    async def next(self) -> "AsyncPage[T] | None":
        """Load the next page; `None` after the last."""
        if self.next_cursor is None:
            return None
        return AsyncPage(await self._perform(self._pages.operation(self.next_cursor)), self._pages, self._perform)

    def __aiter__(self) -> AsyncIterator[T]:
        return self._all()

    async def _all(self) -> AsyncIterator[T]:
        page: AsyncPage[T] | None = self
        while page is not None:
            for item in page.items:
                yield item
            page = await page.next()

    async def prefetched(self) -> AsyncIterator[T]:
        """The same iteration, but loading the next page in a task while the items of this one are used."""
        import asyncio  # blocking programs never pay for it

        page: AsyncPage[T] | None = self
        while page is not None:
            following = asyncio.ensure_future(page.next()) if page.next_cursor is not None else None
            try:
                for item in page.items:
                    yield item
                page = None if following is None else await following
            finally:
                if following is not None:
                    following.cancel()

    def __repr__(self) -> str:
        return f"<AsyncPage of {len(self.items)}{', and more' if self.next_cursor else ''}>"

    def _repr_html_(self) -> str:
        from .notebooks import page_table

        return page_table(self.items, more=self.next_cursor is not None)


class AsyncPages(_NoSequence, _NotAwaited, Generic[T]):
    """The result of an async list method: `await` it for the first page, or `async for` over all items."""

    def __init__(self, pages: Pages[T], perform: Callable[[Operation[PageReply[T]]], Awaitable[PageReply[T]]]) -> None:
        self._pages = pages
        self._perform = perform

    def __await__(self) -> Generator[None, None, AsyncPage[T]]:
        return self._first().__await__()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._all()  # Editors infer the type of loop variables only from a plain method.

    async def _all(self) -> AsyncIterator[T]:
        async for item in await self._first():
            yield item

    async def prefetched(self) -> AsyncIterator[T]:
        """All items, loading the next page in a task while the items of this one are used."""
        async for item in (await self._first()).prefetched():
            yield item

    async def _first(self) -> AsyncPage[T]:
        return AsyncPage(await self._perform(self._pages.operation(self._pages.cursor)), self._pages, self._perform)


def _next_cursor(reply: PageReply[T]) -> str | None:
    return None if reply.pagination is None else reply.pagination.next_cursor
