"""The tokens of a user's session, and the stores that keep them.

| store | keeps the tokens |
|---|---|
| `MemoryTokenStore` | in this process |
| `FixedTokens` | in this object, for the one session it was given |
| `FileTokenStore` | in a file that processes of one user share |
| `RedisTokenStore`, `AsyncRedisTokenStore` | in Redis, for a fleet |
| `CallbackTokenStore`, `AsyncCallbackTokenStore` | wherever two functions put them |

Blocking apps take a `TokenStore`, async apps either kind. To write a store, subclass `TokenStore` or `AsyncTokenStore`
and define its three abstract methods.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hexclave.tokens._callbacks import AsyncCallbackTokenStore, CallbackTokenStore
    from hexclave.tokens._file import FileTokenStore
    from hexclave.tokens._memory import FixedTokens, MemoryTokenStore
    from hexclave.tokens._redis import AsyncRedisTokenStore, RedisTokenStore
    from hexclave.tokens._store import AsyncTokenStore, Tokens, TokenStore
else:

    def __getattr__(name: str) -> object:
        # Loaded when touched: no program uses all stores, and some need asyncio.
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
    "TokenStore": "_store",
    "Tokens": "_store",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
