"""What a call costs, next to the same call with bare httpx.

python -m benchmarks.calls
"""

import asyncio
import functools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
THREADS = 8
FAST = ", fast"

Action = Callable[[], Awaitable[Any]]


def rows(url: str) -> Iterator[Row]:
    """Threads last: the connections that they leave in the pool of a bare client would make its later calls slower."""
    address = f"{url}/api/v1/users/{USER}"
    with (
        httpx.Client() as client,
        HexclaveServerApp(PROJECT, KEY, base_url=url) as app,
        HexclaveServerApp(PROJECT, KEY, base_url=url, http_client="fast") as fast_app,
    ):

        def theirs() -> object:
            return client.get(address).json()

        kinds = [("", functools.partial(app.users.get, USER)), (FAST, functools.partial(fast_app.users.get, USER))]
        what, against = "blocking `app.users.get`", "`httpx.Client.get(…).json()`"
        for (kind, ours), target in zip(kinds, (0.82, 0.30), strict=True):
            value = ratio(timed(ours, CALLS), timed(theirs, CALLS), rounds=ROUNDS)
            yield Row(what + kind, against, value, target)
        yield from _async_rows(url, address)
        yield Row("a second app and its first call", "nothing", _second_app(url), 1.0, unit="ms")
        what, against = f"{THREADS} threads on one app, calls per second", f"{THREADS} threads on one `httpx.Client`"
        for (kind, ours), target in zip(kinds, (0.82, 0.30), strict=True):
            value = 1 / ratio(_in_threads(ours), _in_threads(theirs), rounds=5)
            yield Row(what + kind, against, value, 1 / target, at_least=True)


def _async_rows(url: str, address: str) -> Iterator[Row]:
    one, fast_one, many, fast_many = asyncio.run(_async_ratios(url, address))
    what, against = "async, one after another", "`httpx.AsyncClient.get(…).json()`"
    yield Row(what, against, one, 0.85)
    yield Row(what + FAST, against, fast_one, 0.25)
    what, against = (
        f"async, {AT_ONCE} at once, {MANY:,} calls, calls per second",
        "`httpx.AsyncClient` with its defaults",
    )
    yield Row(what, against, many, 3.0, at_least=True)
    yield Row(what + FAST, against, fast_many, 20.0, at_least=True)


def _in_threads(action: Callable[[], object]) -> Callable[[], float]:
    """A function that calls from all threads at once and gives the seconds it took."""
    run = timed(action, CALLS)

    def run_all() -> float:
        with ThreadPoolExecutor(THREADS) as pool:
            started = time.perf_counter()
            list(pool.map(lambda _: run(), range(THREADS)))
            return time.perf_counter() - started

    return run_all


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


async def _async_ratios(url: str, address: str) -> tuple[float, float, float, float]:
    """One after another, the same fast, many at once, the same fast."""
    async with (
        httpx.AsyncClient() as client,
        AsyncHexclaveServerApp(PROJECT, KEY, base_url=url) as app,
        AsyncHexclaveServerApp(PROJECT, KEY, base_url=url, http_client="fast") as fast_app,
    ):

        async def theirs() -> object:
            return (await client.get(address)).json()

        async def ours() -> object:
            return await app.users.get(USER)

        async def fast() -> object:
            return await fast_app.users.get(USER)

        one, many = [], []
        for number in range(ROUNDS + 1):
            bare, own, quick = [await _seconds(action, CALLS) for action in (theirs, ours, fast)]
            if number:  # The first round opens the connections.
                one.append((own / bare, quick / bare))
        for _ in range(3):
            bare, own, quick = [await _at_once(action, MANY) for action in (theirs, ours, fast)]
            many.append((bare / own, bare / quick))
    (own_one, fast_one), (own_many, fast_many) = (
        map(statistics.median, zip(*each, strict=True)) for each in (one, many)
    )
    return own_one, fast_one, own_many, fast_many


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
