"""Token stores based on two callbacks, for example for a web framework's session or a database table."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from hexclave.errors import UnsafeUseError
from hexclave.tokens._memory import ProcessLock
from hexclave.tokens._store import AsyncTokenStore, Tokens, TokenStore, refresh_token_of
from hexclave_api.secret import Secret


class CallbackTokenStore(TokenStore):
    """A token store based on the functions `load` and `save`. Async apps call both in worker threads.

    `save(None)` signs out. Compare-and-set is atomic only among the threads of this process. If several processes share
    the tokens, subclass `TokenStore` with an atomic `compare_and_set` instead.

    Raises:
        UnsafeUseError: a callback is not callable or is async.
        TypeError: `load` returned something other than `Tokens` or `None`.
    """

    def __init__(self, load: Callable[[], Tokens | None], save: Callable[[Tokens | None], None]) -> None:
        for name, callback in (("load", load), ("save", save)):
            _check_callable(name, callback)
            if _is_async(callback):
                raise UnsafeUseError(f"{name} is async: use AsyncCallbackTokenStore and an async app.")
        self._load = load
        self._save = save
        self._lock = ProcessLock()

    def load(self) -> Tokens | None:
        return _checked(self._load())

    def save(self, tokens: Tokens | None, /) -> None:
        with self._lock():
            self._save(tokens)

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        with self._lock():
            if refresh_token_of(self.load()) != expected_refresh_token:
                return False
            self._save(tokens)
            return True


class AsyncCallbackTokenStore(AsyncTokenStore):
    """A token store based on the async functions `load` and `save`; `save(None)` signs out.

    Compare-and-set is atomic only among the tasks of an event loop. If several processes share the tokens, subclass
    `AsyncTokenStore` with an atomic `acompare_and_set` instead.

    Raises:
        UnsafeUseError: a callback is not callable.
        TypeError: a callback is not async, or `load` returned something other than `Tokens` or `None`.
    """

    def __init__(
        self, load: Callable[[], Awaitable[Tokens | None]], save: Callable[[Tokens | None], Awaitable[None]]
    ) -> None:
        for name, callback in (("load", load), ("save", save)):
            _check_callable(name, callback)
        self._load = load
        self._save = save
        self._locks: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def _lock(self) -> asyncio.Lock:
        return self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())

    async def aload(self) -> Tokens | None:
        return _checked(await self._load())

    async def asave(self, tokens: Tokens | None, /) -> None:
        async with self._lock():
            await self._save(tokens)

    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        async with self._lock():
            if refresh_token_of(await self.aload()) != expected_refresh_token:
                return False
            await self._save(tokens)
            return True


def _check_callable(name: str, callback: Callable[..., Any]) -> None:
    if not callable(callback):
        raise UnsafeUseError(f"{name} must be a function, not {type(callback).__name__}.")


def _is_async(callback: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(type(callback).__call__)


def _checked(tokens: Tokens | None) -> Tokens | None:
    if not isinstance(tokens, Tokens | None):
        raise TypeError(f"load must return Tokens or None, not {type(tokens).__name__}")
    return tokens
