"""The Redis delivery stores with a real server: each event is handled once by several processes."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hexclave.webhooks import AsyncRedisDeliveryStore, RedisDeliveryStore, Router
from hexclave.webhooks._deliveries import KEPT, LEASE
from tests.e2e.test_redis_store import redis, redis_asyncio, redis_server
from tests.webhooks.test_router import delivery
from tests.webhooks.test_webhooks import SECRET


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[Any]:
    with redis.Redis(port=port) as client:
        client.flushall()
        yield client


@pytest.mark.parametrize("decode", [True, False])
def test_a_delivery_goes_from_new_over_running_to_done(client: Any, port: int, decode: bool) -> None:
    with redis.Redis(port=port, decode_responses=decode) as connection:
        store = RedisDeliveryStore(connection)
        assert [store.begin("msg_1"), store.begin("msg_1")] == ["new", "running"]
        assert 0 < client.ttl("hexclave:webhook:msg_1") <= LEASE
        store.end("msg_1", handled=True)
        assert store.begin("msg_1") == "done"
        assert LEASE < client.ttl("hexclave:webhook:msg_1") <= KEPT


def test_a_failed_delivery_is_new_again(client: Any) -> None:
    store = RedisDeliveryStore(client, prefix="mine:")
    store.begin("msg_1")
    store.end("msg_1", handled=False)
    assert store.begin("msg_1") == "new"
    assert client.keys() == [b"mine:msg_1"]


def test_two_workers_handle_an_event_once(client: Any) -> None:
    calls: list[Any] = []
    routers = [Router(SECRET, deliveries=RedisDeliveryStore(client)) for _ in range(2)]
    for router in routers:
        router.on("user.created")(calls.append)
    with ThreadPoolExecutor(8) as pool:
        outcomes = [result.outcome for result in pool.map(lambda n: routers[n % 2].handle(*delivery()), range(40))]
    assert outcomes.count("handled") == len(calls) == 1


def test_async_workers_handle_an_event_once(client: Any, port: int) -> None:
    calls: list[Any] = []

    async def run() -> list[str]:
        async with redis_asyncio.Redis(port=port) as connection:
            router = Router(SECRET, deliveries=AsyncRedisDeliveryStore(connection))
            router.on("user.created")(calls.append)
            return [
                handled.outcome for handled in await asyncio.gather(*[router.ahandle(*delivery()) for _ in range(40)])
            ]

    assert asyncio.run(run()).count("handled") == len(calls) == 1
    assert client.get("hexclave:webhook:msg_1") == b"done"


def test_an_async_failure_makes_the_delivery_new_again(client: Any, port: int) -> None:
    async def run() -> list[str]:
        async with redis_asyncio.Redis(port=port) as connection:
            store = AsyncRedisDeliveryStore(connection)
            first = await store.abegin("msg_1")
            await store.aend("msg_1", handled=False)
            return [first, await store.abegin("msg_1"), await store.abegin("msg_1")]

    assert asyncio.run(run()) == ["new", "new", "running"]
