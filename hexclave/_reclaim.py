"""Mend the async connection pool of httpx after a call was cancelled in it."""

from typing import Any


async def reclaim(client: Any, request: Any) -> None:
    """Give back what an attempt that ended with an exception still holds in an httpx or httpx2 client.

    httpcore 1.0 shields its cleaning up from cancel scopes but not from `Task.cancel`, so about one cancellation in a
    hundred leaves a connection behind that is neither used nor reused nor closed, until the pool is full of them
    (https://github.com/encode/httpcore/issues/1093). httpcore2 is not affected; transports without such a pool neither.
    """
    pool = getattr(getattr(client, "_transport", None), "_pool", None)
    if pool is None:
        return
    for waiting in list(pool._requests):  # noqa: SLF001 - the pool has no other way in
        if waiting.request.extensions is request.extensions:
            pool._requests.remove(waiting)  # noqa: SLF001
    used = {waiting.connection for waiting in pool._requests}  # noqa: SLF001
    lost = [each for each in pool._connections if not (each in used or each.is_idle() or each.is_closed())]  # noqa: SLF001
    for connection in lost:
        pool._connections.remove(connection)  # noqa: SLF001
    # Calls that wait for a connection get the places that became free.
    for connection in lost + pool._assign_requests_to_connections():  # noqa: SLF001
        await connection.aclose()
