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

from hexclave.tokens._callbacks import AsyncCallbackTokenStore, CallbackTokenStore
from hexclave.tokens._file import FileTokenStore
from hexclave.tokens._memory import FixedTokens, MemoryTokenStore
from hexclave.tokens._redis import AsyncRedisTokenStore, RedisTokenStore
from hexclave.tokens._store import AsyncTokenStore, Tokens, TokenStore

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
