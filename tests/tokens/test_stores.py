"""Stores in the process, over callbacks and written by hand: compare-and-set holds under threads, tasks and forks."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.tokens import (
    AsyncCallbackTokenStore,
    AsyncTokenStore,
    CallbackTokenStore,
    FileTokenStore,
    FixedTokens,
    MemoryTokenStore,
    Tokens,
    TokenStore,
)
from hexclave_api.secret import Secret

OLD = Tokens("fake-access-1", "fake-refresh-1")
RENEWED = Tokens("fake-access-2", "fake-refresh-1")
NEWER = Tokens("fake-access-3", "fake-refresh-3")


class Shelf:
    """Stores tokens for a caller's callbacks; each access lets other threads and tasks interleave."""

    def __init__(self) -> None:
        self.kept: Tokens | None = None

    def load(self) -> Tokens | None:
        kept = self.kept
        time.sleep(0)
        return kept

    def save(self, tokens: Tokens | None) -> None:
        time.sleep(0)
        self.kept = tokens

    async def aload(self) -> Tokens | None:
        kept = self.kept
        await asyncio.sleep(0)
        return kept

    async def asave(self, tokens: Tokens | None) -> None:
        await asyncio.sleep(0)
        self.kept = tokens


class SessionTokenStore(TokenStore):
    """A store that a user of a web framework would write for its session."""

    def __init__(self, session: dict[str, Any]) -> None:
        self.session = session

    def load(self) -> Tokens | None:
        saved = self.session.get("tokens")
        return Tokens(**saved) if saved else None

    def save(self, tokens: Tokens | None, /) -> None:
        self.session["tokens"] = tokens.reveal() if tokens else None

    def compare_and_set(self, expected: Secret | None, tokens: Tokens | None, /) -> bool:
        current = self.load()
        if (current and current.refresh_token) != expected:
            return False
        self.save(tokens)
        return True


class RowTokenStore(AsyncTokenStore):
    """The same for async apps."""

    def __init__(self) -> None:
        self.row: dict[str, str | None] | None = None

    async def aload(self) -> Tokens | None:
        return Tokens(**self.row) if self.row else None

    async def asave(self, tokens: Tokens | None, /) -> None:
        self.row = tokens.reveal() if tokens else None

    async def acompare_and_set(self, expected: Secret | None, tokens: Tokens | None, /) -> bool:
        current = await self.aload()
        if (current and current.refresh_token) != expected:
            return False
        await self.asave(tokens)
        return True


BLOCKING: dict[str, Callable[[Path], TokenStore]] = {
    "memory": lambda _: MemoryTokenStore(),
    "callbacks": lambda _: CallbackTokenStore((shelf := Shelf()).load, shelf.save),
    "file": lambda path: FileTokenStore(path / "tokens.json"),
    "handwritten": lambda _: SessionTokenStore({}),
}
ASYNC: dict[str, Callable[[Path], AsyncTokenStore]] = {
    **BLOCKING,
    "async callbacks": lambda _: AsyncCallbackTokenStore((shelf := Shelf()).aload, shelf.asave),
    "async handwritten": lambda _: RowTokenStore(),
}


@pytest.fixture(params=BLOCKING)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return BLOCKING[request.param](tmp_path)


@pytest.fixture(params=ASYNC)
def async_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncTokenStore:
    return ASYNC[request.param](tmp_path)


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Make threads switch far more often than usual, to provoke races."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_a_new_store_is_signed_out_and_keeps_what_is_saved(store: TokenStore) -> None:
    assert store.load() is None
    store.save(OLD)
    assert store.load() == OLD
    store.save(None)
    assert store.load() is None


@pytest.mark.parametrize("tokens", [Tokens("fake-access"), Tokens(None, "fake-refresh")])
def test_a_store_keeps_a_session_of_one_token(store: TokenStore, tokens: Tokens) -> None:
    store.save(OLD)
    store.save(tokens)
    assert store.load() == tokens


def test_a_refresh_replaces_the_tokens_it_began_with(store: TokenStore) -> None:
    store.save(OLD)
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.load() == RENEWED


@pytest.mark.parametrize("late", [RENEWED, None], ids=["refresh", "sign-out"])
def test_a_late_refresh_or_sign_out_leaves_a_newer_sign_in_alone(store: TokenStore, late: Tokens | None) -> None:
    store.save(NEWER)
    assert not store.compare_and_set(OLD.refresh_token, late)
    assert store.load() == NEWER


def test_a_late_refresh_does_not_bring_back_a_session_that_was_signed_out(store: TokenStore) -> None:
    assert not store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.load() is None


def test_a_sign_in_can_be_limited_to_signed_out_sessions(store: TokenStore) -> None:
    assert store.compare_and_set(None, OLD)
    assert not store.compare_and_set(None, NEWER)
    assert store.load() == OLD


def test_a_session_can_be_signed_out_by_its_refresh_token(store: TokenStore) -> None:
    store.save(OLD)
    assert store.compare_and_set(OLD.refresh_token, None)
    assert store.load() is None


def test_an_async_app_gets_the_same_from_every_store(async_store: AsyncTokenStore) -> None:
    async def use() -> None:
        assert await async_store.aload() is None
        await async_store.asave(OLD)
        assert not await async_store.acompare_and_set(NEWER.refresh_token, None)
        assert await async_store.aload() == OLD
        assert await async_store.acompare_and_set(OLD.refresh_token, RENEWED)
        assert await async_store.aload() == RENEWED
        ticket = await async_store.abegin_refresh()
        assert ticket is not None
        await async_store.aend_refresh(ticket)
        assert await async_store.abegin_refresh() is not None
        await async_store.asave(None)
        assert await async_store.aload() is None

    asyncio.run(use())


@pytest.mark.parametrize("store", ["memory", "callbacks", "file"], indirect=True)
@pytest.mark.usefixtures("eager_switching")
def test_no_update_is_lost_between_threads(store: TokenStore) -> None:
    store.save(Tokens(None, "0"))

    def count(times: int) -> None:
        for _ in range(times):
            while True:
                tokens = store.load()
                assert tokens is not None
                assert tokens.refresh_token is not None
                if store.compare_and_set(
                    tokens.refresh_token, Tokens(None, str(int(tokens.refresh_token.reveal()) + 1))
                ):
                    break

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, [25] * 8))
    assert store.load() == Tokens(None, "200")


def test_a_sign_in_during_a_compare_and_set_is_not_overwritten() -> None:
    store = MemoryTokenStore(OLD)

    class Compared(Secret):
        def __eq__(self, other: object) -> bool:
            sign_in.start()
            sign_in.join(0.1)
            return super().__eq__(other)

        __hash__ = Secret.__hash__

    sign_in = threading.Thread(target=store.save, args=(NEWER,))
    assert store.compare_and_set(Compared("fake-refresh-1"), RENEWED)
    sign_in.join()
    assert store.load() == NEWER


@pytest.mark.parametrize("async_store", ["memory", "callbacks", "file", "async callbacks"], indirect=True)
def test_no_update_is_lost_between_tasks(async_store: AsyncTokenStore) -> None:
    async def count() -> None:
        while True:
            tokens = await async_store.aload()
            assert tokens is not None
            assert tokens.refresh_token is not None
            later = Tokens(None, str(int(tokens.refresh_token.reveal()) + 1))
            if await async_store.acompare_and_set(tokens.refresh_token, later):
                return

    async def race() -> None:
        await async_store.asave(Tokens(None, "0"))
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(count())
        assert await async_store.aload() == Tokens(None, "20")

    asyncio.run(race())
    asyncio.run(race())  # A second event loop finds no leftovers of the first.


def test_stores_are_compared_by_identity_and_can_be_keys() -> None:
    stores = [MemoryTokenStore(), MemoryTokenStore(), FixedTokens(OLD), FixedTokens(OLD), SessionTokenStore({})]
    assert len(set(stores)) == len(stores)
    assert len({FileTokenStore("x"), FileTokenStore("x")}) == 2


def test_the_kinds_of_store_are_distinguishable_at_run_time() -> None:
    assert isinstance(SessionTokenStore({}), TokenStore)
    assert isinstance(SessionTokenStore({}), AsyncTokenStore)
    assert isinstance(RowTokenStore(), AsyncTokenStore)
    assert not isinstance(RowTokenStore(), TokenStore)


def test_a_store_that_lacks_a_method_cannot_be_made() -> None:
    class Half(TokenStore):
        def load(self) -> Tokens | None:
            return None

    with pytest.raises(TypeError, match="compare_and_set"):
        Half()  # type: ignore[abstract]


def test_stores_of_one_process_let_every_caller_refresh() -> None:
    store = SessionTokenStore({})
    assert store.begin_refresh() is not None
    assert store.begin_refresh() is not None


def test_memory_may_start_with_tokens_and_shows_masks() -> None:
    store = MemoryTokenStore(Tokens("fake-access-" * 4, None))
    assert store.load() == Tokens("fake-access-" * 4)
    assert "fake-" not in repr(vars(store))


def test_memory_refuses_what_are_no_tokens() -> None:
    with pytest.raises(UnsafeUseError, match="not str"):
        MemoryTokenStore("fake-access")  # type: ignore[arg-type]


def test_fixed_tokens_keep_what_a_refresh_brought() -> None:
    store = FixedTokens(OLD)
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.load() == RENEWED


def test_fixed_tokens_end_with_their_session() -> None:
    store = FixedTokens(OLD)
    store.save(None)
    assert store.load() is None


def test_fixed_tokens_refuse_another_session() -> None:
    store = FixedTokens(OLD)
    with pytest.raises(UnsafeUseError, match="MemoryTokenStore"):
        store.save(NEWER)
    with pytest.raises(UnsafeUseError, match="MemoryTokenStore"):
        asyncio.run(store.asave(NEWER))
    assert store.load() == OLD
