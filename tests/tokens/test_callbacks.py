"""Callback stores: invalid ones are refused, and no error, cancellation or fork leaves a lock held."""

import asyncio
import functools
import os
import threading
import warnings
from typing import Any

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.tokens import AsyncCallbackTokenStore, CallbackTokenStore, Tokens

OLD = Tokens("fake-access-1", "fake-refresh-1")
RENEWED = Tokens("fake-access-2", "fake-refresh-1")
NEWER = Tokens("fake-access-3", "fake-refresh-3")


class Shelf:
    def __init__(self) -> None:
        self.kept: Tokens | None = None

    def load(self) -> Tokens | None:
        return self.kept

    def save(self, tokens: Tokens | None) -> None:
        self.kept = tokens


def test_blocking_stores_do_not_block_the_event_loop() -> None:
    release = threading.Event()

    def load() -> Tokens:
        assert release.wait(10)
        return OLD

    async def use() -> Tokens | None:
        loading = asyncio.create_task(CallbackTokenStore(load, lambda _: None).aload())
        await asyncio.sleep(0)
        release.set()
        return await loading

    assert asyncio.run(use()) == OLD


async def async_load() -> Tokens | None:
    return OLD


async def async_save(tokens: Tokens | None) -> None:
    pass


class AsyncCallable:
    async def __call__(self) -> Tokens | None:
        return OLD


@pytest.mark.parametrize("load", [async_load, functools.partial(async_load), AsyncCallable()])
def test_async_callbacks_are_refused_where_they_would_not_be_awaited(load: Any) -> None:
    with pytest.raises(UnsafeUseError, match="load is async: use AsyncCallbackTokenStore"):
        CallbackTokenStore(load, lambda _: None)
    with pytest.raises(UnsafeUseError, match="save is async"):
        CallbackTokenStore(lambda: None, async_save)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("kind", [CallbackTokenStore, AsyncCallbackTokenStore])
def test_uncallable_members_are_refused_by_name(kind: Any) -> None:
    with pytest.raises(UnsafeUseError, match="load must be a function, not Tokens"):
        kind(OLD, async_save)


@pytest.mark.parametrize("loaded", [("a", "b"), {"refresh_token": "fake"}, "fake", False])
def test_a_callback_that_loads_anything_but_tokens_is_an_error(loaded: Any) -> None:
    async def load() -> Any:
        return loaded

    with pytest.raises(TypeError, match=f"not {type(loaded).__name__}"):
        CallbackTokenStore(lambda: loaded, lambda _: None).load()
    with pytest.raises(TypeError, match=f"not {type(loaded).__name__}"):
        asyncio.run(AsyncCallbackTokenStore(load, async_save).aload())


def test_an_error_of_a_callback_reaches_the_caller_and_frees_the_lock() -> None:
    shelf = Shelf()

    def save(tokens: Tokens | None) -> None:
        if tokens == RENEWED:
            raise RuntimeError("disk full")
        shelf.save(tokens)

    store = CallbackTokenStore(shelf.load, save)
    store.save(OLD)
    with pytest.raises(RuntimeError, match="disk full"):
        store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.compare_and_set(OLD.refresh_token, NEWER)
    assert store.load() == NEWER


def test_a_cancelled_save_frees_the_lock() -> None:
    shelf = Shelf()
    stuck = True

    async def load() -> Tokens | None:
        return shelf.load()

    async def save(tokens: Tokens | None) -> None:
        if stuck:
            await asyncio.Event().wait()
        shelf.save(tokens)

    async def use() -> None:
        nonlocal stuck
        store = AsyncCallbackTokenStore(load, save)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await store.asave(OLD)
        stuck = False
        assert await asyncio.wait_for(store.acompare_and_set(None, NEWER), 5)
        assert shelf.kept == NEWER

    asyncio.run(use())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_wait_for_a_lock_that_its_parent_held() -> None:
    holding, release = threading.Event(), threading.Event()

    def save(tokens: Tokens | None) -> None:
        if tokens == OLD:
            holding.set()
            assert release.wait(10)

    store = CallbackTokenStore(lambda: None, save)
    holder = threading.Thread(target=store.save, args=(OLD,))
    holder.start()
    assert holding.wait(10)
    with warnings.catch_warnings():
        # Since 3.12, forking with threads warns; the test shows that it works here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        worker = threading.Thread(target=store.save, args=(NEWER,), daemon=True)
        worker.start()
        worker.join(5)
        os._exit(1 if worker.is_alive() else 0)
    _, status = os.waitpid(child, 0)
    release.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 0
