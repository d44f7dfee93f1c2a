"""Worker process that makes calls with one library on request and reports the time they took.

python -m benchmarks.worker LIBRARY URL PATH

Each line of standard input is a mode (`blocking`, `threads`, `one` or `many`) and a number of calls; the output is wall
time and CPU time in seconds. Libraries are imported where they are used, so that only the tested one must be installed.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

PROJECT = "00000000-0000-4000-8000-000000000001"
KEY = "ssk_not_a_real_key_0000000000000000000000000000"
USER = "00000000-0000-4000-8000-000000000001"
AT_ONCE, THREADS = 50, 8

Blocking = Callable[[], object]
Async = Callable[[], Awaitable[object]]


@contextmanager
def blocking(library: str, url: str, path: str) -> Iterator[Blocking]:
    if library == "hexclave":
        from hexclave import HexclaveServerApp

        with HexclaveServerApp(PROJECT, KEY, base_url=url) as app:
            yield lambda: app.users.get(USER)
    elif library == "httpx":
        import httpx

        with httpx.Client() as client:
            yield lambda: client.get(url + path).json()
    elif library == "httpx2":
        import httpx2

        with httpx2.Client() as client2:
            yield lambda: client2.get(url + path).json()
    elif library == "niquests":
        import niquests  # pyright: ignore[reportMissingImports] # installed in a separate environment

        with niquests.Session(pool_maxsize=100) as session:
            yield lambda: session.get(url + path).json()
    elif library == "pyreqwest":
        from pyreqwest.client import SyncClientBuilder

        with SyncClientBuilder().build() as sync_client:
            yield lambda: sync_client.get(url + path).build().send().json()
    else:
        raise ValueError(f"{library} has no blocking calls")


@asynccontextmanager
async def asynchronous(library: str, url: str, path: str) -> AsyncIterator[Async]:
    if library == "hexclave":
        from hexclave import AsyncHexclaveServerApp

        async with AsyncHexclaveServerApp(PROJECT, KEY, base_url=url) as app:
            yield lambda: app.users.get(USER)
    elif library == "httpx":
        import httpx

        async with httpx.AsyncClient() as client:

            async def get() -> object:
                return (await client.get(url + path)).json()

            yield get
    elif library == "httpx2":
        import httpx2

        async with httpx2.AsyncClient() as client2:

            async def get2() -> object:
                return (await client2.get(url + path)).json()

            yield get2
    elif library == "niquests":
        import niquests  # pyright: ignore[reportMissingImports]

        async with niquests.AsyncSession(pool_maxsize=100) as session:

            async def get_niquests() -> object:
                return (await session.get(url + path)).json()

            yield get_niquests
    elif library == "pyreqwest":
        from pyreqwest.client import ClientBuilder

        async with ClientBuilder().build() as async_client:

            async def get_pyreqwest() -> object:
                return await (await async_client.get(url + path).build().send()).json()

            yield get_pyreqwest
    elif library == "aiohttp":
        import aiohttp

        async with aiohttp.ClientSession() as aiohttp_session:

            async def get_aiohttp() -> object:
                async with aiohttp_session.get(url + path) as response:
                    return await response.json()

            yield get_aiohttp
    else:
        raise ValueError(f"{library} has no async calls")


def _repeat(call: Blocking, times: int) -> None:
    for _ in range(times):
        call()


async def _repeat_async(call: Async, times: int) -> None:
    for _ in range(times):
        await call()


def _in_threads(call: Blocking, times: int) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: _repeat(call, times // THREADS), range(THREADS)))


async def _at_once(call: Async, times: int) -> None:
    await asyncio.gather(*[_repeat_async(call, times // AT_ONCE) for _ in range(AT_ONCE)])


async def _serve_async(library: str, url: str, path: str, first: str) -> None:
    async with asynchronous(library, url, path) as call:
        line = first
        while line:
            way, times = line.split()
            started = time.perf_counter(), time.process_time()
            await (_at_once if way == "many" else _repeat_async)(call, int(times))
            _answer(*started)
            line = sys.stdin.readline()


def _answer(wall: float, cpu: float) -> None:
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


def main(library: str, url: str, path: str) -> None:
    """Run the worker; the first line determines whether it makes sync or async calls."""
    line = sys.stdin.readline()
    if line.startswith(("one", "many")):
        asyncio.run(_serve_async(library, url, path, line))
        return
    with blocking(library, url, path) as call:
        while line:
            way, times = line.split()
            started = time.perf_counter(), time.process_time()
            (_in_threads if way == "threads" else _repeat)(call, int(times))
            _answer(*started)
            line = sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
