"""The Redis token stores with a real server: atomic between processes, one refresh for all, no token in any error."""

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.tokens import AsyncRedisTokenStore, AsyncTokenStore, FixedTokens, RedisTokenStore, Tokens

redis = pytest.importorskip("redis", reason="redis-py is not installed: pip install 'hexclave[redis]'")
redis_asyncio = pytest.importorskip("redis.asyncio")

if shutil.which("redis-server") is None:
    pytest.skip("redis-server is not installed (Debian package redis-server)", allow_module_level=True)

OLD = Tokens("fake-access-token-1", "fake-refresh-token-1")
RENEWED = Tokens("fake-access-token-2", "fake-refresh-token-1")
NEWER = Tokens("fake-access-token-3", "fake-refresh-token-3")


@contextmanager
def redis_server(*options: str) -> Iterator[int]:
    """Yield the port of a private server on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
        process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        try:
            with redis.Redis(port=port) as client:
                for _ in range(200):
                    try:
                        client.ping()
                        break
                    except redis.ConnectionError:
                        time.sleep(0.05)
                else:
                    raise AssertionError("redis-server does not answer")
            yield port
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture(params=[False, True], ids=["bytes", "decoded"])
def client(request: pytest.FixtureRequest, port: int) -> Iterator[Any]:
    with redis.Redis(port=port, decode_responses=request.param) as client:
        client.flushall()
        yield client


@pytest.fixture
def store(client: Any) -> RedisTokenStore:
    return RedisTokenStore(client, "session:1")


def run_async(port: int, use: Callable[[AsyncRedisTokenStore], Any], **options: Any) -> None:
    async def main() -> None:
        async with redis_asyncio.Redis(port=port, **options) as client:
            await use(AsyncRedisTokenStore(client, "session:1"))

    asyncio.run(main())


def test_a_new_store_is_signed_out_and_keeps_what_is_saved(client: Any, store: RedisTokenStore) -> None:
    assert store.load() is None
    store.save(OLD)
    assert store.load() == OLD
    assert RedisTokenStore(client, "session:2").load() is None
    store.save(Tokens(None, "fake-refresh-only"))
    assert store.load() == Tokens(None, "fake-refresh-only")
    store.save(Tokens("fake-access-only"))
    assert store.load() == Tokens("fake-access-only")
    store.save(None)
    assert store.load() is None
    assert client.keys() == []


def test_compare_and_set_goes_by_the_refresh_token(store: RedisTokenStore) -> None:
    assert not store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.compare_and_set(None, OLD)
    assert not store.compare_and_set(None, NEWER)
    assert store.compare_and_set(OLD.refresh_token, RENEWED)
    assert store.load() == RENEWED
    assert not store.compare_and_set(NEWER.refresh_token, None)
    assert store.compare_and_set(OLD.refresh_token, None)
    assert store.load() is None


@pytest.mark.parametrize("broken", ["fake-access\n", "", "fake access", "fake-access-\u00e9"])
def test_invalid_tokens_are_an_error_that_does_not_show_them(client: Any, broken: str) -> None:
    client.hset("session:1", mapping={"access_token": broken, "refresh_token": "fake-refresh"})
    with pytest.raises(ValueError, match="'session:1' is not tokens; delete it") as caught:
        RedisTokenStore(client, "session:1").load()
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    frames = shown[shown.index("_redis.py") :]
    assert "fake-refresh" not in frames


@pytest.mark.parametrize("decoded", [False, True], ids=["bytes", "decoded"])
def test_the_async_store_does_the_same(port: int, client: Any, decoded: bool) -> None:
    async def use(store: AsyncRedisTokenStore) -> None:
        assert await store.aload() is None
        assert not await store.acompare_and_set(OLD.refresh_token, RENEWED)
        await store.asave(OLD)
        assert await store.acompare_and_set(OLD.refresh_token, RENEWED)
        assert await store.aload() == RENEWED
        ticket = await store.abegin_refresh()
        assert ticket is not None
        assert await store.abegin_refresh() is None
        await store.aend_refresh("another")
        assert await store.abegin_refresh() is None
        await store.aend_refresh(ticket)
        assert await store.abegin_refresh() is not None
        assert await store.acompare_and_set(OLD.refresh_token, None)
        assert await store.aload() is None

    run_async(port, use, decode_responses=decoded)


def test_both_kinds_share_what_they_keep(port: int, store: RedisTokenStore) -> None:
    store.save(OLD)

    async def use(other: AsyncTokenStore) -> None:
        assert await other.aload() == OLD
        assert await other.abegin_refresh() is not None

    run_async(port, use)
    assert store.begin_refresh() is None


def test_an_async_app_can_use_the_blocking_store(store: RedisTokenStore) -> None:
    async def use() -> None:
        await store.asave(OLD)
        assert await store.acompare_and_set(OLD.refresh_token, RENEWED)
        assert await store.aload() == RENEWED

    asyncio.run(use())


def test_an_unused_session_is_dropped_after_the_maximum_lifetime_of_a_refresh_token(
    client: Any, store: RedisTokenStore
) -> None:
    year = 365 * 24 * 3600
    store.save(OLD)
    assert year < client.ttl("session:1") <= year + 2 * 24 * 3600
    client.expire("session:1", 10)
    store.compare_and_set(OLD.refresh_token, RENEWED)
    assert client.ttl("session:1") > year


def test_one_worker_refreshes_while_others_wait(client: Any, store: RedisTokenStore) -> None:
    ticket = store.begin_refresh()
    assert ticket is not None
    assert RedisTokenStore(client, "session:1").begin_refresh() is None
    assert RedisTokenStore(client, "session:2").begin_refresh() is not None
    store.end_refresh("another")
    assert store.begin_refresh() is None
    store.end_refresh(ticket)
    assert store.begin_refresh() is not None


def test_a_worker_that_died_while_refreshing_blocks_no_refresh(client: Any, store: RedisTokenStore) -> None:
    assert store.begin_refresh() is not None
    assert 14_000 < client.pttl("session:1:refresh") <= 15_000
    client.pexpire("session:1:refresh", 1)
    time.sleep(0.01)
    assert store.begin_refresh() is not None


def test_exactly_one_of_many_threads_may_refresh(store: RedisTokenStore) -> None:
    tickets: list[str | None] = []
    threads = [threading.Thread(target=lambda: tickets.append(store.begin_refresh())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tickets) == 16
    assert len([ticket for ticket in tickets if ticket is not None]) == 1


def test_no_update_is_lost_between_processes(port: int, client: Any, store: RedisTokenStore) -> None:
    store.save(Tokens(None, "0"))
    count = """
        import sys
        import redis
        from hexclave.tokens import RedisTokenStore, Tokens
        with redis.Redis(port=int(sys.argv[1])) as client:
            store = RedisTokenStore(client, "session:1")
            for _ in range(100):
                while True:
                    tokens = store.load()
                    number = int(tokens.refresh_token.reveal()) + 1
                    if store.compare_and_set(tokens.refresh_token, Tokens(None, str(number))):
                        break
    """
    command = [sys.executable, "-c", textwrap.dedent(count), str(port)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert store.load() == Tokens(None, "400")


def test_no_update_is_lost_between_tasks(port: int, client: Any) -> None:
    async def count(store: AsyncRedisTokenStore) -> None:
        while True:
            tokens = await store.aload()
            assert tokens is not None
            assert tokens.refresh_token is not None
            number = int(tokens.refresh_token.reveal()) + 1
            if await store.acompare_and_set(tokens.refresh_token, Tokens(None, str(number))):
                return

    async def use(store: AsyncRedisTokenStore) -> None:
        await store.asave(Tokens(None, "0"))
        await asyncio.gather(*(count(store) for _ in range(20)))
        assert await store.aload() == Tokens(None, "20")

    run_async(port, use)


def test_a_cancelled_call_leaves_the_client_usable(port: int, client: Any, store: RedisTokenStore) -> None:
    async def use(store: AsyncRedisTokenStore) -> None:
        await store.asave(OLD)
        for delay in (0, 0.0001, 0.001):
            loading = asyncio.create_task(store.aload())
            await asyncio.sleep(delay)
            loading.cancel()
            await asyncio.wait([loading])
        assert await store.aload() == OLD
        assert await store.acompare_and_set(OLD.refresh_token, RENEWED)
        assert await store.aload() == RENEWED

    run_async(port, use)


def test_the_script_is_sent_again_when_the_server_forgot_it(client: Any, store: RedisTokenStore) -> None:
    store.save(OLD)
    client.script_flush()
    assert store.compare_and_set(OLD.refresh_token, RENEWED)


def leaked(error: BaseException) -> list[str]:
    """Return the tokens in everything an error tracker would record: text, causes and the locals of every frame."""
    chain = traceback.TracebackException.from_exception(error, capture_locals=True)
    recorded = f"{error!r} {error.args}" + "".join(chain.format())
    tokens = [*OLD.reveal().values(), *NEWER.reveal().values()]
    return [text for text in tokens if text is not None and text in recorded]


@pytest.fixture
def dead_port() -> Iterator[int]:
    """Yield a port that is in use, but refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


USES: dict[str, Callable[[RedisTokenStore], object]] = {
    "load": lambda store: store.load(),
    "save": lambda store: store.save(NEWER),
    "compare_and_set": lambda store: store.compare_and_set(OLD.refresh_token, NEWER),
    "begin_refresh": lambda store: store.begin_refresh(),
    "end_refresh": lambda store: store.end_refresh("ticket"),
}
ASYNC_USES: dict[str, Callable[[AsyncRedisTokenStore], Any]] = {
    "aload": lambda store: store.aload(),
    "asave": lambda store: store.asave(NEWER),
    "acompare_and_set": lambda store: store.acompare_and_set(OLD.refresh_token, NEWER),
    "abegin_refresh": lambda store: store.abegin_refresh(),
    "aend_refresh": lambda store: store.aend_refresh("ticket"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_a_server_that_is_down_is_the_clients_own_error_without_tokens(
    dead_port: int, use: Callable[..., object]
) -> None:
    with redis.Redis(port=dead_port, retry=None) as client:
        store = RedisTokenStore(client, "session:1")
        with pytest.raises(redis.ConnectionError, match="refused") as caught:
            use(store)
    assert leaked(caught.value) == []


@pytest.mark.parametrize("use", ASYNC_USES.values(), ids=ASYNC_USES.keys())
def test_the_same_error_comes_from_the_async_store(dead_port: int, use: Callable[..., Any]) -> None:
    with pytest.raises(redis.ConnectionError) as caught:
        run_async(dead_port, use, retry=None)
    assert leaked(caught.value) == []


def test_a_server_that_quotes_a_commands_arguments_reveals_no_token() -> None:
    with redis_server("--rename-command", "EVALSHA", "") as port, redis.Redis(port=port) as client:
        with pytest.raises(redis.ResponseError) as raw:
            client.evalsha("0" * 40, 1, "key", "fake-quoted-token")
        assert "fake-quoted-token" in str(raw.value)
        with pytest.raises(redis.ResponseError, match="unknown command") as caught:
            RedisTokenStore(client, "session:1").compare_and_set(OLD.refresh_token, NEWER)
    assert leaked(caught.value) == []


@pytest.mark.parametrize("key", ["", b"session", None])
@pytest.mark.parametrize("kind", [RedisTokenStore, AsyncRedisTokenStore])
def test_a_key_that_is_no_name_is_refused_before_any_io(kind: Any, key: Any) -> None:
    client: Any = redis.Redis(port=1) if kind is RedisTokenStore else redis.asyncio.Redis(port=1)
    with pytest.raises(UnsafeUseError, match=r"^key must"):
        kind(client, key)


def test_making_a_store_does_no_io() -> None:
    with redis.Redis(port=1) as client:
        RedisTokenStore(client, "session:1")


def test_no_store_shows_tokens_among_its_attributes(client: Any, store: RedisTokenStore) -> None:
    store.save(OLD)
    store.load()
    assert "fake-" not in repr([vars(store), vars(FixedTokens(OLD))])
