"""Token stores in Redis, for the workers of a fleet. They take a redis-py client, so nothing here imports it."""

import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from hexclave._redis_client import checked_client
from hexclave.credentials import hide_text
from hexclave.errors import UnsafeUseError
from hexclave.tokens._store import REFRESH_LEASE, AsyncTokenStore, Tokens, TokenStore
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    import redis
    import redis.asyncio

_FIELDS: Final = ("access_token", "refresh_token")
_KEPT_FOR: Final = 367 * 24 * 3600
"""Seconds after the last change; longer than the lifetime of a refresh token."""

_LEASE_MILLIS: Final = int(REFRESH_LEASE * 1000)

_REPLACE: Final = """
if ARGV[1] == 'if' and (redis.call('HGET', KEYS[1], 'refresh_token') or '') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'access_token', ARGV[3]) end
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'refresh_token', ARGV[4]) end
redis.call('EXPIRE', KEYS[1], ARGV[5])
return 1
"""
_GIVE_BACK: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"


class RedisTokenStore(TokenStore):
    """A token store in Redis: one session under `key`, and a refresh lock under `<key>:refresh`.

    `client` is a `redis.Redis`, with or without `decode_responses`; you close it. Tokens expire 367 days after their
    last change. Async apps call it in worker threads: use `AsyncRedisTokenStore` for them.

    Every method may raise the client's own errors, such as `redis.ConnectionError`; `load` raises `ValueError` if the
    value is not tokens.
    """

    def __init__(self, client: "redis.Redis", key: str) -> None:
        client = hide_text(client)
        self._client = client = checked_client(client, self, is_async=False)
        self._key = _checked(key)
        self._replace = client.register_script(_REPLACE)
        self._give_back = client.register_script(_GIVE_BACK)

    def load(self) -> Tokens | None:
        return _tokens(self._key, _asked(lambda: self._client.hmget(self._key, _FIELDS)))

    def save(self, tokens: Tokens | None, /) -> None:
        _asked(lambda: self._replace([self._key], ["always", "", *_arguments(tokens)]))

    def compare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        return bool(
            _asked(lambda: self._replace([self._key], ["if", _text(expected_refresh_token), *_arguments(tokens)]))
        )

    def begin_refresh(self) -> str | None:
        ticket = secrets.token_hex(8)
        granted = _asked(lambda: self._client.set(f"{self._key}:refresh", ticket, nx=True, px=_LEASE_MILLIS))
        return ticket if granted else None

    def end_refresh(self, ticket: str, /) -> None:
        _asked(lambda: self._give_back([f"{self._key}:refresh"], [ticket]))


class AsyncRedisTokenStore(AsyncTokenStore):
    """A token store in Redis: one session under `key`, and a refresh lock under `<key>:refresh`.

    `client` is a `redis.asyncio.Redis`, with or without `decode_responses`; you close it. Tokens expire 367 days after
    their last change.

    Every method may raise the client's own errors, such as `redis.ConnectionError`; `aload` raises `ValueError` if the
    value is not tokens.
    """

    def __init__(self, client: "redis.asyncio.Redis", key: str) -> None:
        client = hide_text(client)
        self._client = client = checked_client(client, self, is_async=True)
        self._key = _checked(key)
        self._replace = client.register_script(_REPLACE)
        self._give_back = client.register_script(_GIVE_BACK)

    async def aload(self) -> Tokens | None:
        return _tokens(self._key, await _awaited(lambda: self._client.hmget(self._key, _FIELDS)))

    async def asave(self, tokens: Tokens | None, /) -> None:
        await _awaited(lambda: self._replace([self._key], ["always", "", *_arguments(tokens)]))

    async def acompare_and_set(self, expected_refresh_token: Secret | None, tokens: Tokens | None, /) -> bool:
        return bool(
            await _awaited(
                lambda: self._replace([self._key], ["if", _text(expected_refresh_token), *_arguments(tokens)])
            )
        )

    async def abegin_refresh(self) -> str | None:
        ticket = secrets.token_hex(8)
        granted = await _awaited(lambda: self._client.set(f"{self._key}:refresh", ticket, nx=True, px=_LEASE_MILLIS))
        return ticket if granted else None

    async def aend_refresh(self, ticket: str, /) -> None:
        await _awaited(lambda: self._give_back([f"{self._key}:refresh"], [ticket]))


def _checked(key: str) -> str:
    if not isinstance(key, str):
        raise UnsafeUseError(f"key must be a str, not {type(key).__name__}.")
    if not key:
        raise UnsafeUseError("key must not be empty: use one key for each session.")
    return key


def _text(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()


def _arguments(tokens: Tokens | None) -> list[str | int]:
    if tokens is None:
        return ["", "", _KEPT_FOR]
    return [_text(tokens.access_token), _text(tokens.refresh_token), _KEPT_FOR]


def _tokens(key: str, fields: list[bytes | str | None]) -> Tokens | None:
    # Tokens are ASCII, so `Tokens` rejects anything that this decodes wrongly.
    texts = [field.decode("latin-1") if isinstance(field, bytes) else field for field in fields]
    try:
        return None if texts == [None, None] else Tokens(*texts)
    except UnsafeUseError:
        pass
    finally:
        del fields, texts
    raise ValueError(f"the value in Redis under {key!r} is not tokens; delete it to start signed out")


def _asked(command: Callable[[], Any]) -> Any:
    try:
        return command()
    except Exception as error:
        failure = _without_secrets(error)
    raise failure


async def _awaited(command: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await command()
    except Exception as error:
        failure = _without_secrets(error)
    raise failure


def _without_secrets(error: Exception) -> Exception:
    """Remove frames, which contain the command, and the server's echo of its arguments from the client's error."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    error.args = tuple(str(argument).partition(", with args beginning with")[0] for argument in error.args)
    return error
