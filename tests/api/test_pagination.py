"""Iteration over pages, sequential and prefetched, in both modes."""

import asyncio
import threading

import attrs
import pytest

from hexclave_api.operation import UNSET, Operation
from hexclave_api.pagination import AsyncPage, AsyncPages, Page, Pages, Part

PAGES = {None: Part(["a", "b"], "c"), "c": Part(["c", "d"], "e"), "e": Part(["e"])}


def listed(cursor):
    key = None if cursor is UNSET else cursor
    return Operation("list", "GET", "/things", ("things",), ("server",), parse=lambda _: PAGES[key])


@attrs.define
class Server:
    """Records which pages were loaded."""

    loaded: list = attrs.field(factory=list)
    fails_at: int = 99
    began: threading.Event = attrs.field(factory=threading.Event)

    def __call__(self, operation):
        page = operation.parse(None)
        self.loaded.append("".join(page.items))
        if len(self.loaded) > 1:
            self.began.set()
        if len(self.loaded) >= self.fails_at:
            raise ConnectionError("away")
        return page

    async def awaited(self, operation):
        return self(operation)


@pytest.fixture
def server():
    return Server()


def first(server):
    return Page(server(listed(UNSET)), Pages(listed), server)


async def first_async(server):
    return AsyncPage(server(listed(UNSET)), Pages(listed), server.awaited)


def test_iteration_goes_through_all_pages(server):
    assert "".join(first(server)) == "abcde"
    assert server.loaded == ["ab", "cd", "e"]


def test_loading_ahead_goes_through_all_pages_too(server):
    assert "".join(first(server).prefetched()) == "abcde"
    assert server.loaded == ["ab", "cd", "e"]


def test_the_next_page_is_loaded_while_the_items_of_this_one_are_used(server):
    items = first(server).prefetched()
    assert next(items) == "a"
    assert server.began.wait(5)
    assert server.loaded == ["ab", "cd"]
    items.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hexclave-prefetch")]


def test_an_error_of_a_page_ahead_comes_after_the_items_before_it():
    items = first(Server(fails_at=3)).prefetched()
    assert [next(items) for _ in range(4)] == ["a", "b", "c", "d"]
    with pytest.raises(ConnectionError):
        next(items)


def test_async_iteration_goes_through_all_pages(server):
    async def main():
        pages = AsyncPages(Pages(listed), server.awaited)
        return [item async for item in pages], [item async for item in await pages]

    assert ["".join(items) for items in asyncio.run(main())] == ["abcde", "abcde"]


def test_async_loading_ahead_goes_through_all_pages_too(server):
    async def main():
        page = await first_async(server)
        pages = AsyncPages(Pages(listed), server.awaited)
        return [item async for item in page.prefetched()], [item async for item in pages.prefetched()]

    assert ["".join(items) for items in asyncio.run(main())] == ["abcde", "abcde"]
    assert server.loaded == ["ab", "cd", "e"] * 2


def test_async_the_next_page_is_loaded_while_the_items_of_this_one_are_used(server):
    async def main():
        items = (await first_async(server)).prefetched()
        assert await anext(items) == "a"
        await asyncio.sleep(0)
        loaded = list(server.loaded)
        await items.aclose()
        return loaded, len(asyncio.all_tasks())

    assert asyncio.run(main()) == (["ab", "cd"], 1)


def test_async_an_error_of_a_page_ahead_comes_after_the_items_before_it():
    seen = []

    async def main():
        async for item in (await first_async(Server(fails_at=3))).prefetched():
            seen.append(item)

    with pytest.raises(ConnectionError):
        asyncio.run(main())
    assert seen == ["a", "b", "c", "d"]
