"""Stores of handled deliveries, because an event may be delivered several times, also to several workers at once."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from hexclave._redis_client import checked_client
from hexclave.credentials import hide_text
from hexclave.errors import UnsafeUseError
from hexclave.tokens._memory import ProcessLock

if TYPE_CHECKING:
    import redis
    import redis.asyncio

Progress: TypeAlias = Literal["new", "running", "done"]

KEPT: Final = 3 * 24 * 3600
"""Seconds; deliveries are retried for a bit more than a day."""
LEASE: Final = 300
"""Seconds after which another worker may take over a delivery whose worker crashed."""


class AsyncDeliveryStore(ABC):
    """A store of deliveries for async routers. Keep handled ones for three days, running ones for five minutes."""

    @abstractmethod
    async def abegin(self, webhook_id: str, /) -> Progress:
        """Atomically mark a new delivery as running and return `new`; otherwise return its progress."""

    @abstractmethod
    async def aend(self, webhook_id: str, /, *, handled: bool) -> None:
        """Mark the delivery as done; if it was not handled, forget it, so that the retry is handled."""


class DeliveryStore(AsyncDeliveryStore):
    """A store of deliveries for blocking routers, and for async ones, which use worker threads."""

    @abstractmethod
    def begin(self, webhook_id: str, /) -> Progress:
        """Atomically mark a new delivery as running and return `new`; otherwise return its progress."""

    @abstractmethod
    def end(self, webhook_id: str, /, *, handled: bool) -> None:
        """Mark the delivery as done; if it was not handled, forget it, so that the retry is handled."""

    async def abegin(self, webhook_id: str, /) -> Progress:
        return await asyncio.to_thread(self.begin, webhook_id)

    async def aend(self, webhook_id: str, /, *, handled: bool) -> None:
        await asyncio.to_thread(lambda: self.end(webhook_id, handled=handled))


class MemoryDeliveryStore(DeliveryStore):
    """A store in memory of the last `size` handled deliveries and those in progress, for a single process."""

    def __init__(self, size: int = 10_000) -> None:
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise UnsafeUseError(f"size must be a positive integer, not {size!r}.")
        self._size = size
        self._lock = ProcessLock()
        self._running: OrderedDict[str, float] = OrderedDict()
        """Expiry times of deliveries in progress."""
        self._done: OrderedDict[str, float] = OrderedDict()
        """Expiry times of handled deliveries. Both are sorted by time."""

    def begin(self, webhook_id: str, /) -> Progress:
        with self._lock():
            now = time.monotonic()
            for entries in (self._running, self._done):
                _forget(entries, now)
            if webhook_id in self._done:
                return "done"
            if webhook_id in self._running:
                return "running"
            self._running[webhook_id] = now + LEASE
            return "new"

    def end(self, webhook_id: str, /, *, handled: bool) -> None:
        with self._lock():
            self._running.pop(webhook_id, None)
            if handled:
                self._done.pop(webhook_id, None)
                if len(self._done) == self._size:
                    self._done.popitem(last=False)
                self._done[webhook_id] = time.monotonic() + KEPT

    async def abegin(self, webhook_id: str, /) -> Progress:
        return self.begin(webhook_id)

    async def aend(self, webhook_id: str, /, *, handled: bool) -> None:
        self.end(webhook_id, handled=handled)


class RedisDeliveryStore(DeliveryStore):
    """A store in Redis, shared by all workers, under `<prefix><webhook id>`. You close `client`, a `redis.Redis`.

    Every method may raise the client's own errors, such as `redis.ConnectionError`; the delivery is then retried.
    """

    def __init__(self, client: "redis.Redis", prefix: str = "hexclave:webhook:") -> None:
        client = hide_text(client)
        self._client = checked_client(client, self, is_async=False)
        self._prefix = _checked(prefix)

    def begin(self, webhook_id: str, /) -> Progress:
        key = self._prefix + webhook_id
        if self._client.set(key, "running", nx=True, ex=LEASE):
            return "new"
        return _progress(self._client.get(key))

    def end(self, webhook_id: str, /, *, handled: bool) -> None:
        key = self._prefix + webhook_id
        if handled:
            self._client.set(key, "done", ex=KEPT)
        else:
            self._client.delete(key)


class AsyncRedisDeliveryStore(AsyncDeliveryStore):
    """A store in Redis, shared by all workers, under `<prefix><webhook id>`. `client` is a `redis.asyncio.Redis`.

    Every method may raise the client's own errors, such as `redis.ConnectionError`; the delivery is then retried.
    """

    def __init__(self, client: "redis.asyncio.Redis", prefix: str = "hexclave:webhook:") -> None:
        client = hide_text(client)
        self._client = checked_client(client, self, is_async=True)
        self._prefix = _checked(prefix)

    async def abegin(self, webhook_id: str, /) -> Progress:
        key = self._prefix + webhook_id
        if await self._client.set(key, "running", nx=True, ex=LEASE):
            return "new"
        return _progress(await self._client.get(key))

    async def aend(self, webhook_id: str, /, *, handled: bool) -> None:
        key = self._prefix + webhook_id
        if handled:
            await self._client.set(key, "done", ex=KEPT)
        else:
            await self._client.delete(key)


def _forget(entries: OrderedDict[str, float], now: float) -> None:
    """Remove expired entries, which come first."""
    while entries and next(iter(entries.values())) <= now:
        entries.popitem(last=False)


def _progress(value: object) -> Progress:
    # Anything else, such as nothing because the mark just expired, is left to the next retry.
    return "done" if value in (b"done", "done") else "running"


def _checked(prefix: str) -> str:
    if not isinstance(prefix, str) or not prefix:
        raise UnsafeUseError(f"prefix must be a non-empty str, not {prefix!r}.")
    return prefix
