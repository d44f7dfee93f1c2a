"""Rate-limit state in Redis, shared by all processes of a fleet.

Needs the extra: `pip install 'hexclave[redis]'`.
"""

import asyncio
import logging
import random
import time
import weakref
from typing import Any, Final

from hexclave._ratelimit.shared_gate import Swapped
from hexclave._steps import Call, Steps
from hexclave.errors import UnsafeUseError

try:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis
    from redis.asyncio.retry import Retry as AsyncRetry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as ConnectionLost
    from redis.exceptions import RedisError
    from redis.retry import Retry
except ImportError as _missing:
    raise ImportError("hexclave.redis needs redis-py: pip install 'hexclave[redis]'") from _missing

__all__ = ["RedisGates"]

_TIMEOUT: Final = 0.5
"""Seconds; after that a call continues without Redis."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_KEPT_FOR: Final = 600
"""Seconds; longer than a gate stays closed or in memory."""

# Redis's clock is used, because the clocks of the processes may differ.
# A value that cannot be a state, by its type, size or bytes, is overwritten.
_SWAP: Final = """
local state = ''
if redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('STRLEN', KEYS[1]) < 4096 then
  state = redis.call('GET', KEYS[1])
  if string.find(state, '[^ -~]') then state = '' end
end
local done = 0
if state == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
  state = ARGV[2]
  done = 1
end
local now = redis.call('TIME')
return {done, state, now[1], now[2]}
"""

logger: Final = logging.getLogger("hexclave.redis")


class RedisGates:
    """Rate-limit state in Redis: `HexclaveServerApp(…, gates=RedisGates("redis://localhost"))`.

    `redis` is a URL, which works for blocking and async apps, or your own redis-py client, which works for apps of its
    mode and is not closed by them. Redis keys start with `prefix` and contain the project ID. No connection is made
    before the first call that is rate limited.

    While Redis is unreachable, each process limits its calls on its own, logs one warning, and retries Redis after
    1 s, backing off to 30 s.

    Raises:
        UnsafeUseError: `redis` is neither a URL nor a client, or `prefix` is empty.
    """

    def __init__(self, redis: "str | Redis | AsyncRedis", *, prefix: str = "hexclave") -> None:
        self._url: str | None = None
        self._blocking: Redis | None = None
        self._awaiting: AsyncRedis | None = None
        self._of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = weakref.WeakKeyDictionary()
        if isinstance(redis, str):
            # Removed from this frame, because the URL may contain a password.
            self._url, redis = redis, ""
        if not isinstance(prefix, str) or not prefix:
            raise UnsafeUseError("RedisGates: prefix must be a non-empty str.")
        self._prefix = prefix
        if self._url is not None:
            self._blocking = _blocking_client(self._url)
        elif isinstance(redis, Redis):
            self._blocking = redis
        elif isinstance(redis, AsyncRedis):
            self._awaiting = redis
        else:
            raise UnsafeUseError(
                f"RedisGates: redis must be a URL or a client of redis-py, not {type(redis).__name__}."
            )
        self._pause = _FIRST_PAUSE
        self._away_until = 0.0
        self._away = False

    def __repr__(self) -> str:
        return f"<RedisGates {getattr(self, '_prefix', None)!r}>"

    def close(self) -> None:
        """Close the connections for blocking apps, except those of your own client. The next call reconnects."""
        if self._url is not None and self._blocking is not None:
            self._blocking.close()

    async def aclose(self) -> None:
        """Close the running event loop's connections, except those of your own client. The next call reconnects."""
        client = self._of_loops.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def swap(self, key: str, expected: str, new: str) -> Steps[Swapped | None]:
        """Compare and swap a state; see `SharedState`."""
        if time.monotonic() < self._away_until:
            return None
        if self._away:
            # Only this call probes whether Redis is back; others do not wait for it.
            self._away_until = time.monotonic() + self._pause
        arguments = [f"{self._prefix}:gate:1:{key}"], [expected, new, _KEPT_FOR]
        try:
            answer = yield Call(lambda: self._ask(*arguments), lambda: self._ask_async(*arguments))
        except (RedisError, OSError, RuntimeError) as error:
            self._missed(error)
            return None
        if self._away:
            self._away, self._away_until, self._pause = False, 0.0, _FIRST_PAUSE
            logger.info("Redis is reachable again; rate limits are shared again.")
        done, state, seconds, micros = answer
        return Swapped(bool(done), _decoded(state), int(seconds) + int(micros) / 1e6)

    def _ask(self, keys: list[str], arguments: list[Any]) -> Any:
        if self._blocking is None:
            raise UnsafeUseError("RedisGates: a blocking app needs a URL or a redis.Redis, not an async client.")
        return self._blocking.register_script(_SWAP)(keys, arguments)

    async def _ask_async(self, keys: list[str], arguments: list[Any]) -> Any:
        client = self._awaiting or self._client_of_loop()
        return await client.register_script(_SWAP)(keys, arguments)

    def _client_of_loop(self) -> "AsyncRedis":
        if self._url is None:
            raise UnsafeUseError(
                "RedisGates: an async app needs a URL or a redis.asyncio.Redis, not a blocking client."
            )
        loop = asyncio.get_running_loop()
        client = self._of_loops.get(loop)
        if client is None:
            client = self._of_loops[loop] = AsyncRedis.from_url(
                self._url,
                socket_timeout=_TIMEOUT,
                socket_connect_timeout=_TIMEOUT,
                retry=AsyncRetry(NoBackoff(), 1, (ConnectionLost,)),
            )
        return client

    def _missed(self, error: Exception) -> None:
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        self._away_until = time.monotonic() + pause * random.uniform(0.8, 1.0)  # noqa: S311 - jitter
        if not self._away:
            self._away = True
            logger.warning(
                "Redis is unreachable (%s); until it is back, rate limits are not shared.",
                type(error).__name__,
            )


def _blocking_client(url: str) -> "Redis":
    try:
        # One retry, because a pooled connection may have been closed since its last use.
        return Redis.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 1, (ConnectionLost,)),
        )
    except ValueError:
        problem = "RedisGates: the URL must look like redis://host:6379/0, rediss://… or unix://path."
    # Outside the `except`, because the cause and this frame would show the URL, which may contain a password.
    del url
    raise UnsafeUseError(problem)


def _decoded(state: bytes | str) -> str:
    return state.decode(errors="replace") if isinstance(state, bytes) else state
