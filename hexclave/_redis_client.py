"""Validation of redis-py clients."""

import inspect
from typing import Any

from hexclave.errors import UnsafeUseError
from hexclave_api.secret import Secret


def checked_client(client: Any, owner: object, *, is_async: bool) -> Any:
    """Return the client. Callers wrap it with `hide_text` first, because a URL may contain a password.

    Raises:
        UnsafeUseError: it is not a redis-py client, or one for the other mode.
    """
    execute = None if isinstance(client, type) else getattr(client, "execute_command", None)
    if not callable(execute) or inspect.iscoroutinefunction(execute) is not is_async:
        kind = "str" if isinstance(client, Secret) else type(client).__name__
        wanted = "redis.asyncio.Redis" if is_async else "redis.Redis"
        if callable(execute):
            kind = "a blocking one" if is_async else "an async one"
        raise UnsafeUseError(f"{type(owner).__name__}: client must be a {wanted}, not {kind}.")
    return client
