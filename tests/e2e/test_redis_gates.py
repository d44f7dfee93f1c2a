"""Gates in a real Redis: one budget for several processes, and calls continue if Redis fails."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("redis", reason="redis-py is not installed: pip install 'hexclave[redis]'")

import redis
import redis.asyncio

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave._engine.async_executor import AwaitingExecutor
from hexclave._engine.executor import BlockingExecutor
from hexclave._steps import Steps
from hexclave.errors import UnsafeUseError
from hexclave.ratelimit import Gates, RateLimit, Scope, Ticket
from hexclave.redis import RedisGates
from hexclave.testing import emulator
from hexclave_api.operations.users import list_users
from tests.e2e.redis_process import RedisProcess, redis_process

SCOPE = Scope("project", "server", "GET", "/users")


@pytest.fixture(scope="module")
def running() -> Iterator[RedisProcess]:
    with redis_process() as process:
        yield process


@pytest.fixture
def server(running: RedisProcess) -> RedisProcess:
    with redis.Redis(port=running.port) as client:
        client.flushall()
    return running


def admission(gates: Gates) -> Steps[Ticket]:
    return gates.admit(SCOPE, deadline=None, clock=time)


def admit(gates: Gates) -> float:
    """Return the seconds that a blocking call waited."""
    begin = time.monotonic()
    BlockingExecutor().run(admission(gates))
    return time.monotonic() - begin


def keys(server: RedisProcess) -> list[str]:
    with redis.Redis(port=server.port, decode_responses=True) as client:
        return client.keys()


def admitted_for(gates: Gates, seconds: float) -> int:
    ends, count = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        admit(gates)
        count += 1
    return count


CALLS = """
import asyncio, sys, time
from hexclave._engine.async_executor import AwaitingExecutor
from hexclave._engine.executor import BlockingExecutor
from hexclave.ratelimit import Gates, RateLimit, Scope
from hexclave.redis import RedisGates

url, mode = sys.argv[1:]
store = RedisGates(url)
gates = Gates(ceiling=RateLimit(per_second=100, burst=5), shared=store)
admission = lambda: gates.admit(Scope("project", "server", "GET", "/users"), deadline=None, clock=time)
times = []
print("ready", flush=True)
ends = float(sys.stdin.readline())

async def work():
    executor = AwaitingExecutor()
    while time.monotonic() < ends:
        await executor.run(admission())
        times.append(time.monotonic())

async def main():
    await asyncio.gather(*(work() for _ in range(5)))
    await store.aclose()

if mode == "async":
    asyncio.run(main())
else:
    while time.monotonic() < ends:
        BlockingExecutor().run(admission())
        times.append(time.monotonic())
    store.close()
print(times)
"""


def test_several_processes_of_both_modes_stay_below_one_ceiling_and_use_it(server: RedisProcess) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [
        subprocess.Popen([sys.executable, "-c", CALLS, server.url, mode], text=True, **pipes)  # type: ignore[call-overload]
        for mode in ("blocking", "async", "blocking", "async")
    ]
    for process in processes:
        process.stdout.readline()
    begin = time.monotonic()
    times: list[float] = []
    for process in processes:
        process.stdin.write(f"{begin + 3}\n")
        process.stdin.flush()
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        times += json.loads(output)
    times.sort()
    span = times[-1] - begin
    assert len(times) <= 5 + 100 * (span + 0.1)
    assert len(times) >= 0.7 * 100 * span


def test_a_429_in_one_process_reaches_redis_with_that_processs_next_call(server: RedisProcess) -> None:
    store = RedisGates(server.url, prefix="my-app")
    gates = Gates(shared=store)
    assert admit(gates) < 0.5
    assert keys(server) == []
    ticket = BlockingExecutor().run(admission(gates))
    gates.settle(ticket, 429, {"retry-after": "0.3"}, clock=time)
    assert 0.2 <= admit(gates) < 2
    assert keys(server) == ["my-app:gate:1:project:server:GET:/users"]
    store.close()


def test_apps_of_both_modes_share_what_is_passed_to_both(server: RedisProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RedisGates(server.url)

    async def call() -> None:
        async with AsyncHexclaveServerApp(rate_limit=RateLimit(1000), gates=store) as app:
            await app.call(list_users())
        await store.aclose()

    with emulator() as hx:
        for name, value in hx.environment().items():
            monkeypatch.setenv(name, value)
        with HexclaveServerApp(rate_limit=RateLimit(1000), gates=store) as app:
            app.call(list_users())
            assert keys(server) == [f"hexclave:gate:1:{app.project_id}:server"]
        with redis.Redis(port=server.port) as client:
            client.flushall()
        asyncio.run(call())
    assert len(keys(server)) == 1
    store.close()


def test_unused_state_is_dropped(server: RedisProcess) -> None:
    store = RedisGates(server.url)
    admit(Gates(ceiling=RateLimit(1000), shared=store))
    with redis.Redis(port=server.port) as client:
        assert 500 < client.ttl(keys(server)[0]) <= 600
    store.close()


def test_redis_killed_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """Calls continue at the pace of one process, one warning gives the reason, and sharing resumes automatically."""
    caplog.set_level(logging.INFO, "hexclave")
    with redis_process() as server:
        store = RedisGates(server.url)
        gates = Gates(ceiling=RateLimit(per_second=50), shared=store)
        assert 10 <= admitted_for(gates, 1) <= 60
        server.stop()
        assert 10 <= admitted_for(gates, 1) <= 60
        server.start()
        assert 60 <= admitted_for(gates, 4) <= 220
        assert keys(server) == ["hexclave:gate:1:project:server"]
        store.close()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "WARNING",
            "Redis is unreachable (ConnectionError); until it is back, rate limits are not shared.",
        ),
        ("INFO", "Redis is reachable again; rate limits are shared again."),
    ]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Yield a port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener.getsockname()[1]


def test_a_redis_that_hangs_costs_one_call_half_a_second_and_the_others_nothing(silent_port: int) -> None:
    store = RedisGates(f"redis://127.0.0.1:{silent_port}")
    gates = Gates(ceiling=RateLimit(per_second=1000, burst=50), shared=store)
    assert 0.4 <= admit(gates) < 2
    assert sum(admit(gates) for _ in range(20)) < 3
    store.close()


def test_threads_wait_for_redis_together(silent_port: int) -> None:
    store = RedisGates(f"redis://127.0.0.1:{silent_port}")
    gates = Gates(ceiling=RateLimit(per_second=1000, burst=50), shared=store)
    threads = [threading.Thread(target=admit, args=[gates]) for _ in range(20)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begin < 2
    store.close()


def test_async_apps_in_one_event_loop_after_another(server: RedisProcess) -> None:
    store = RedisGates(server.url)
    gates = Gates(ceiling=RateLimit(per_second=1000), shared=store)

    async def use() -> None:
        executor = AwaitingExecutor()
        await asyncio.gather(*(executor.run(admission(gates)) for _ in range(20)))
        await store.aclose()

    asyncio.run(use())
    asyncio.run(use())
    assert admit(gates) < 1
    store.close()


def test_cancelled_calls_leave_the_gates_usable(server: RedisProcess) -> None:
    store = RedisGates(server.url)
    gates = Gates(ceiling=RateLimit(per_second=100), shared=store)

    async def use() -> None:
        executor = AwaitingExecutor()
        for delay in (0, 0.0001, 0.001, 0.01):
            calls = [asyncio.create_task(executor.run(admission(gates))) for _ in range(20)]
            await asyncio.sleep(delay)
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
        async with asyncio.timeout(5):
            await asyncio.gather(*(executor.run(admission(gates)) for _ in range(20)))
        await store.aclose()

    asyncio.run(use())


@pytest.mark.parametrize("decoded", [False, True])
def test_clients_of_your_own_serve_the_apps_of_their_mode_and_stay_open(server: RedisProcess, decoded: bool) -> None:
    with redis.Redis(port=server.port, decode_responses=decoded) as client:
        store = RedisGates(client)
        gates = Gates(ceiling=RateLimit(1000), shared=store)
        assert admit(gates) < 1
        store.close()
        assert client.ping()
        with pytest.raises(UnsafeUseError, match=r"needs a URL or a redis\.asyncio\.Redis"):
            asyncio.run(AwaitingExecutor().run(admission(gates)))

    async def use() -> None:
        async with redis.asyncio.Redis(port=server.port, decode_responses=decoded) as client:
            store = RedisGates(client)
            gates = Gates(ceiling=RateLimit(1000), shared=store)
            await AwaitingExecutor().run(admission(gates))
            await store.aclose()
            assert await client.ping()
            with pytest.raises(UnsafeUseError, match=r"needs a URL or a redis\.Redis"):
                BlockingExecutor().run(admission(gates))

    asyncio.run(use())


def test_a_forked_child_uses_connections_of_its_own(server: RedisProcess) -> None:
    script = """
        import os, sys, time
        from hexclave._engine.executor import BlockingExecutor
        from hexclave.ratelimit import Gates, RateLimit, Scope
        from hexclave.redis import RedisGates

        store = RedisGates(sys.argv[1])
        def calls():
            gates = Gates(ceiling=RateLimit(1000), shared=store)
            for _ in range(200):
                BlockingExecutor().run(gates.admit(Scope("p", "server", "GET", "/"), deadline=None, clock=time))
        calls()
        child = os.fork()
        calls()
        if child:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script), server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_of_redis_is_no_error_of_the_call(server: RedisProcess, caplog: pytest.LogCaptureFixture) -> None:
    store = RedisGates(server.url)
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory", 1)
        assert admit(Gates(ceiling=RateLimit(1000), shared=store)) < 1
        client.config_set("maxmemory", 0)
    assert "Redis is unreachable (OutOfMemoryError)" in caplog.text
    store.close()


CEILING_KEY = "hexclave:gate:1:project:server"
GARBAGE: dict[str, Callable[[redis.Redis], object]] = {
    "text": lambda client: client.set(CEILING_KEY, "x"),
    "no text": lambda client: client.set(CEILING_KEY, b"\xff\x00"),
    "not ASCII": lambda client: client.set(CEILING_KEY, '{"opens": "\u0663"}'),
    "a lot": lambda client: client.set(CEILING_KEY, "1" * 1_000_000),
    "another configuration": lambda client: client.set(CEILING_KEY, '{"rate": 1e-9, "burst": 1, "opens": 0}'),
    "the far future": lambda client: client.set(CEILING_KEY, '{"opens": 9e11}'),
    "list": lambda client: client.lpush(CEILING_KEY, "x"),
    "set": lambda client: client.sadd(CEILING_KEY, "x"),
    "sorted set": lambda client: client.zadd(CEILING_KEY, {"x": 1}),
    "hash": lambda client: client.hset(CEILING_KEY, "opens", "1"),
    "stream": lambda client: client.xadd(CEILING_KEY, {"opens": "1"}),
}


@pytest.mark.parametrize("decoded", [False, True])
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_in_redis_is_overwritten(
    server: RedisProcess, garbage: str, decoded: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with redis.Redis(port=server.port, decode_responses=decoded) as client:
        GARBAGE[garbage](client)
        gates = Gates(ceiling=RateLimit(50), shared=RedisGates(client))
        assert 40 <= admitted_for(gates, 1) <= 60
        assert json.loads(client.get(CEILING_KEY)).keys() == {"opens"}
    assert caplog.text == ""


@pytest.mark.parametrize("url", ["localhost", "http://user:fake-password@localhost", "redis://:fake-password@h:port"])
def test_a_url_that_is_none_of_redis_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(UnsafeUseError, match="the URL must look like redis://") as caught:
        RedisGates(url)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_other_misuse_is_refused() -> None:
    with pytest.raises(UnsafeUseError, match="must be a URL or a client of redis-py, not int"):
        RedisGates(6379)  # type: ignore[arg-type]
    with pytest.raises(UnsafeUseError, match="prefix must be"):
        RedisGates("redis://localhost", prefix="")


def test_making_the_gates_does_no_io_and_their_repr_shows_no_password() -> None:
    assert repr(RedisGates("redis://:fake-password@localhost:1")) == "<RedisGates 'hexclave'>"


def test_without_redis_py_the_error_names_the_extra() -> None:
    script = "import sys; sys.modules['redis'] = None; import hexclave; import hexclave.redis"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "ImportError: hexclave.redis needs redis-py: pip install 'hexclave[redis]'"
