"""What a call costs, next to the same call with bare httpx.

python -m benchmarks.calls
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx

from benchmarks.rows import Row, ratio, timed
from benchmarks.server import serving
from hexclave import AsyncHexclaveServerApp, HexclaveServerApp

PROJECT = "00000000-0000-4000-8000-000000000001"
KEY = "ssk_not_a_real_key_0000000000000000000000000000"
USER = "00000000-0000-4000-8000-000000000001"
CALLS, ROUNDS = 200, 15
AT_ONCE, MANY = 50, 5_000

Action = Callable[[], Awaitable[Any]]


def rows(url: str) -> Iterator[Row]:
    address = f"{url}/api/v1/users/{USER}"
    with httpx.Client() as client, HexclaveServerApp(PROJECT, KEY, base_url=url) as app:
        value = ratio(
            timed(lambda: app.users.get(USER), CALLS), timed(lambda: client.get(address).json(), CALLS), rounds=ROUNDS
        )
        yield Row("blocking `app.users.get`", "`httpx.Client.get(…).json()`", value, 0.82)
        yield Row("a second app and its first call", "nothing", _second_app(url), 1.0, unit="ms")
    one, many = asyncio.run(_async_ratios(url, address))
    yield Row("async, one after another", "`httpx.AsyncClient.get(…).json()`", one, 0.85)
    what = f"async, {AT_ONCE} at once, {MANY:,} calls, calls per second"
    yield Row(what, "`httpx.AsyncClient` with its defaults", many, 3.0, at_least=True)


def _second_app(url: str) -> float:
    """Milliseconds; includes the new connection."""
    seconds = []
    for _ in range(50):
        started = time.perf_counter()
        app = HexclaveServerApp(PROJECT, KEY, base_url=url)
        app.users.get(USER)
        seconds.append(time.perf_counter() - started)
        app.close()
    return statistics.median(seconds) * 1000


async def _async_ratios(url: str, address: str) -> tuple[float, float]:
    async with httpx.AsyncClient() as client, AsyncHexclaveServerApp(PROJECT, KEY, base_url=url) as app:

        async def theirs() -> object:
            return (await client.get(address)).json()

        async def ours() -> object:
            return await app.users.get(USER)

        await _seconds(ours, CALLS), await _seconds(theirs, CALLS)
        one = [await _seconds(ours, CALLS) / await _seconds(theirs, CALLS) for _ in range(ROUNDS)]
        many = [await _at_once(theirs, MANY) / await _at_once(ours, MANY) for _ in range(3)]
    return statistics.median(one), statistics.median(many)


async def _seconds(action: Action, times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        await action()
    return time.perf_counter() - started


async def _at_once(action: Action, times: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*[_seconds(action, times // AT_ONCE) for _ in range(AT_ONCE)])
    return time.perf_counter() - started


if __name__ == "__main__":
    with serving() as url:
        for row in rows(url):
            print(row)
