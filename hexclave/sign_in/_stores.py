"""Storage for the tokens of browser sessions: sealed in the browser's own cookies, or on the server."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar, runtime_checkable
from weakref import WeakValueDictionary

from hexclave.errors import UnsafeUseError
from hexclave.tokens import AsyncRedisTokenStore, AsyncTokenStore, MemoryTokenStore, RedisTokenStore, Tokens
from hexclave.tokens._freshness import issued_at
from hexclave.tokens._memory import ProcessLock

if TYPE_CHECKING:
    import redis
    import redis.asyncio

Store = TypeVar("Store", bound=AsyncTokenStore)

_MOST: Final = 10_000
_REMEMBERED_FOR: Final = 900.0
"""Seconds for which a process remembers a session in cookies; longer than an access token is valid."""


@runtime_checkable
class Sessions(Protocol):
    """Browser sessions that are kept on the server. The browser has a sealed cookie with a random ID."""

    def open(self, session_id: str, /) -> AsyncTokenStore:
        """Return the token store of the session, which is empty if the session does not exist.

        Parallel calls with the same ID should get the same object, so that they share a token refresh.
        """
        ...


class MemorySessions:
    """Sessions in the memory of this process: for development, tests, and servers with one worker.

    A restart signs all users out. At most 10,000 sessions; the least recently used ones are signed out.
    """

    def __init__(self) -> None:
        self._stores: OrderedDict[str, MemoryTokenStore] = OrderedDict()
        self._lock = ProcessLock()

    def open(self, session_id: str, /) -> MemoryTokenStore:
        with self._lock():
            store = self._stores.setdefault(session_id, MemoryTokenStore())
            self._stores.move_to_end(session_id)
            while len(self._stores) > _MOST:
                self._stores.popitem(last=False)
            return store


class Opened(Generic[Store]):
    """The token stores in use, one object for each key."""

    def __init__(self, make: Callable[[str], Store]) -> None:
        self._make = make
        self._stores: WeakValueDictionary[str, Store] = WeakValueDictionary()
        self._lock = ProcessLock()

    def store(self, prefix: str, session_id: str) -> Store:
        # Hashed, so that somebody who can read Redis cannot use the sessions of its keys.
        key = f"{prefix}:session:{hashlib.sha256(session_id.encode()).hexdigest()}"
        with self._lock():
            store = self._stores.get(key)
            if store is None:
                store = self._stores[key] = self._make(key)
            return store


class RedisSessions:
    """Sessions in Redis, for the workers of a blocking application, such as one with Flask.

    `client` is a `redis.Redis`; you close it. Of all requests of a browser, on any worker, one refreshes the tokens.
    """

    def __init__(self, client: "redis.Redis", *, prefix: str = "hexclave") -> None:
        self._prefix = _checked(prefix)
        self._opened = Opened(lambda key: RedisTokenStore(client, key))
        RedisTokenStore(client, prefix)  # raises now if the client is not one

    def open(self, session_id: str, /) -> RedisTokenStore:
        return self._opened.store(self._prefix, session_id)


class AsyncRedisSessions:
    """Sessions in Redis, for the workers of an async application, such as one with FastAPI.

    `client` is a `redis.asyncio.Redis`; you close it. Of all requests of a browser, on all workers, one refreshes the
    tokens.
    """

    def __init__(self, client: "redis.asyncio.Redis", *, prefix: str = "hexclave") -> None:
        self._prefix = _checked(prefix)
        self._opened = Opened(lambda key: AsyncRedisTokenStore(client, key))
        AsyncRedisTokenStore(client, prefix)  # raises now if the client is not one

    def open(self, session_id: str, /) -> AsyncRedisTokenStore:
        return self._opened.store(self._prefix, session_id)


class CookieSessions:
    """The sessions of cookies that this process has seen lately.

    Parallel requests of one browser bring the same tokens. They share one store, so that one of them refreshes; later
    requests that still bring the old tokens get the new ones, or find that they are signed out.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: OrderedDict[bytes, tuple[float, MemoryTokenStore]] = OrderedDict()
        self._lock = ProcessLock()

    def open(self, tokens: Tokens) -> MemoryTokenStore:
        """Return the store of the session with these tokens."""
        if tokens.refresh_token is None:
            return MemoryTokenStore(tokens)
        key, now = hashlib.sha256(tokens.refresh_token.reveal().encode()).digest(), self._now()
        with self._lock():
            while self._seen and (
                len(self._seen) > _MOST or next(iter(self._seen.values()))[0] < now - _REMEMBERED_FOR
            ):
                self._seen.popitem(last=False)
            _, store = self._seen.get(key, (now, None))
            if store is None:
                store = MemoryTokenStore(tokens)
            elif (known := store.load()) is not None and issued_at(known) < issued_at(tokens):
                # Another process has refreshed them.
                store.compare_and_set(tokens.refresh_token, tokens)
            self._seen[key] = now, store
            self._seen.move_to_end(key)
            return store


def _checked(prefix: str) -> str:
    if not isinstance(prefix, str) or not prefix:
        raise UnsafeUseError("prefix must be a non-empty str.")
    return prefix
