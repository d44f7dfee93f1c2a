"""Tokens of a user's session, and stores that persist them.

| store | stores the tokens |
|---|---|
| `MemoryTokenStore` | in this process |
| `FixedTokens` | in this object, for a single session |
| `FileTokenStore` | in a file, shared by the processes of an OS user |
| `RedisTokenStore`, `AsyncRedisTokenStore` | in Redis, shared by a fleet |
| `CallbackTokenStore`, `AsyncCallbackTokenStore` | wherever your two functions do |

Blocking apps take a `TokenStore`, async apps either kind. To write your own, subclass `TokenStore` or `AsyncTokenStore`
and implement its three abstract methods.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hexclave.tokens._callbacks import AsyncCallbackTokenStore, CallbackTokenStore
    from hexclave.tokens._file import FileTokenStore
    from hexclave.tokens._memory import FixedTokens, MemoryTokenStore, SessionReplacedWarning
    from hexclave.tokens._redis import AsyncRedisTokenStore, RedisTokenStore
    from hexclave.tokens._store import AsyncTokenStore, Tokens, TokenStore
else:

    def __getattr__(name: str) -> object:
        # Loaded on first access: no program uses all stores, and some import asyncio.
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


__all__ = [
    "AsyncCallbackTokenStore",
    "AsyncRedisTokenStore",
    "AsyncTokenStore",
    "CallbackTokenStore",
    "FileTokenStore",
    "FixedTokens",
    "MemoryTokenStore",
    "RedisTokenStore",
    "SessionReplacedWarning",
    "TokenStore",
    "Tokens",
]
_HOMES = {
    "AsyncCallbackTokenStore": "_callbacks",
    "AsyncRedisTokenStore": "_redis",
    "AsyncTokenStore": "_store",
    "CallbackTokenStore": "_callbacks",
    "FileTokenStore": "_file",
    "FixedTokens": "_memory",
    "MemoryTokenStore": "_memory",
    "RedisTokenStore": "_redis",
    "SessionReplacedWarning": "_memory",
    "TokenStore": "_store",
    "Tokens": "_store",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
