"""Gates whose state lies in Redis, so that all processes of a fleet share each limit and the ceiling.

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
"""Seconds; a call waits for Redis no longer than that, and then goes on without it."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_KEPT_FOR: Final = 600
"""Seconds; longer than a gate stays closed or is remembered."""

# The time is Redis's own, so that the clocks of the processes do not matter.
# What cannot be a state, because of its type, size or bytes, counts as none and is overwritten.
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

logger: Final = logging.getLogger("hexclave")


class RedisGates:
    """Where apps keep the state of their gates: `HexclaveServerApp(…, gates=RedisGates("redis://localhost"))`.

    `redis` is a URL, which serves blocking and async apps, or your own client of redis-py, which serves apps of its
    mode and stays yours to close. Keys begin with `prefix` and name the project. Nothing is connected before the first
    call that has to wait or is refused.

    While Redis does not answer, each process limits its calls alone; a warning on the logger `hexclave` says so once,
    and Redis is tried again after 1 s, then ever less often, at least every 30 s.

    Raises:
        UnsafeUseError: `redis` is neither, or `prefix` is empty.
    """

    def __init__(self, redis: "str | Redis | AsyncRedis", *, prefix: str = "hexclave") -> None:
        self._url: str | None = None
        self._blocking: Redis | None = None
        self._awaiting: AsyncRedis | None = None
        self._of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncRedis] = weakref.WeakKeyDictionary()
        if isinstance(redis, str):
            # Out of this frame, because the URL may hold a password.
            self._url, redis = redis, ""
        if not isinstance(prefix, str) or not prefix:
            raise UnsafeUseError("RedisGates: prefix must be a text that is not empty.")
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
        """Close the connections of blocking apps that were made here; they come back with the next call."""
        if self._url is not None and self._blocking is not None:
            self._blocking.close()

    async def aclose(self) -> None:
        """Close the running event loop's connections that were made here; they come back with the next call."""
        client = self._of_loops.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def swap(self, key: str, expected: str, new: str) -> Steps[Swapped | None]:
        """See `SharedState`; the gates call this."""
        if time.monotonic() < self._away_until:
            return None
        if self._away:
            # This call finds out whether Redis is back; the others need not wait for it.
            self._away_until = time.monotonic() + self._pause
        arguments = [f"{self._prefix}:gate:1:{key}"], [expected, new, _KEPT_FOR]
        try:
            answer = yield Call(lambda: self._ask(*arguments), lambda: self._ask_async(*arguments))
        except (RedisError, OSError, RuntimeError) as error:
            self._missed(error)
            return None
        if self._away:
            self._away, self._away_until, self._pause = False, 0.0, _FIRST_PAUSE
            logger.info("Redis answers again; the gates are shared.")
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
        self._away_until = time.monotonic() + pause * random.uniform(0.8, 1.0)  # noqa: S311 - spreads a fleet's attempts
        if not self._away:
            self._away = True
            logger.warning(
                "Redis does not answer (%s); until it does, this process limits its calls alone.", type(error).__name__
            )


def _blocking_client(url: str) -> "Redis":
    try:
        # One repetition, because a connection from the pool may have been closed since it was last used.
        return Redis.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 1, (ConnectionLost,)),
        )
    except ValueError:
        problem = "RedisGates: the URL must look like redis://host:6379/0, rediss://… or unix://path."
    # Outside the `except`: the URL may hold a password, and the cause and this frame would show it.
    del url
    raise UnsafeUseError(problem)


def _decoded(state: bytes | str) -> str:
    return state.decode(errors="replace") if isinstance(state, bytes) else state
