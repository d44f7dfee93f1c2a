"""Concurrent callers: one fetch, all waiting callers get its outcome, none waits forever."""

import asyncio
import json
import os
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave._engine.context import Context
from hexclave._messages import Reply
from hexclave._steps import Send, Wait
from hexclave.errors import NotFoundError, TotalTimeout
from hexclave.tokens import Tokens
from hexclave.verify import AccessTokenClaims, Verifier
from hexclave.verify._tokens import TokenChecks
from tests.playing import context, reply
from tests.signing import BASE, NORMAL, PROJECT, App, jwk, token

KEY = "ssk_not_a_real_key_0000000000000000000000000000"
CONTEXT = context()
DOCUMENT = {"keys": [jwk("normal-key", NORMAL)]}


def checks() -> TokenChecks:
    return TokenChecks(CONTEXT, issuers=(), leeway=0, remember=0)


def started(of: TokenChecks, sub: str = "user-1", *, app: Context = CONTEXT) -> Any:
    return of.verified(app, token(sub=sub), allow_restricted=False, allow_anonymous=False)


def finished(steps: Any, outcome: Any) -> AccessTokenClaims:
    with pytest.raises(StopIteration) as end:
        steps.send(outcome)
    return end.value.value  # type: ignore[no-any-return]


def test_callers_who_come_during_the_first_fetch_wait_for_it() -> None:
    shared = checks()
    first, second = started(shared), started(shared, "user-2")
    assert isinstance(next(first), Send)
    assert isinstance(next(second), Wait)
    assert finished(first, reply(200, DOCUMENT)).user_id == "user-1"
    assert finished(second, True).user_id == "user-2"


def test_callers_who_come_during_a_refresh_go_on_with_the_old_keys() -> None:
    app = App()
    shared = TokenChecks(app._context, issuers=(), leeway=0, remember=0)
    first = started(shared, app=app._context)
    next(first)
    finished(first, reply(200, DOCUMENT))
    app.clock.pass_(590)
    refreshing = started(shared, app=app._context)
    assert isinstance(next(refreshing), Send)
    with pytest.raises(StopIteration) as end:
        next(started(shared, "user-2", app=app._context))
    assert end.value.value.user_id == "user-2"
    assert finished(refreshing, reply(200, DOCUMENT)).user_id == "user-1"


def test_a_failure_reaches_each_waiting_caller_as_a_copy() -> None:
    shared = checks()
    first, second, third = started(shared), started(shared), started(shared)
    for steps in (first, second, third):
        next(steps)
    with pytest.raises(NotFoundError) as leading:
        first.send(reply(404, b"Project not found"))
    waiting = []
    for steps in (second, third):
        with pytest.raises(NotFoundError) as caught:
            steps.send(True)
        waiting.append(caught.value)
    assert len({id(leading.value), *map(id, waiting)}) == 3


def test_when_the_one_who_fetches_is_cancelled_another_fetches() -> None:
    shared = checks()
    first, second = started(shared), started(shared)
    next(first)
    next(second)
    first.close()
    assert isinstance(second.send(True), Send)
    assert finished(second, reply(200, DOCUMENT)).user_id == "user-1"


def test_a_bug_in_a_hook_leaves_no_caller_waiting() -> None:
    shared = checks()
    first, second = started(shared), started(shared)
    next(first)
    next(second)
    with pytest.raises(ZeroDivisionError):
        first.throw(ZeroDivisionError())
    assert isinstance(second.send(True), Send)


def test_a_fetch_that_never_ends_is_not_waited_for_forever() -> None:
    shared = checks()
    first, second = started(shared), started(shared)
    next(first)
    step = next(second)
    assert isinstance(step, Wait)
    assert step.timeout is not None
    with pytest.raises(TotalTimeout):
        second.send(False)


class SlowServer:
    """Counts the requests for keys, each of which takes some time."""

    def __init__(self, seconds: float = 0.1) -> None:
        self.count = 0
        self.seconds = seconds

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        time.sleep(self.seconds)
        return httpx.Response(200, json=DOCUMENT, headers={"cache-control": "max-age=3600"})

    async def respond(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        await asyncio.sleep(self.seconds)
        return httpx.Response(200, json=DOCUMENT, headers={"cache-control": "max-age=3600"})


def blocking(server: Callable[[httpx.Request], httpx.Response]) -> HexclaveServerApp:
    client = httpx.Client(transport=httpx.MockTransport(server))
    return HexclaveServerApp(PROJECT, KEY, base_url=BASE.removesuffix("/api/v1"), http_client=client)


def now() -> float:
    return time.time()


def test_a_hundred_threads_cause_one_fetch() -> None:
    server = SlowServer()
    verifier = Verifier(blocking(server))
    texts = [token(at=now(), sub=f"user-{number}") for number in range(100)]
    barrier = threading.Barrier(20)

    def verify(text: str) -> str:
        barrier.wait(10)
        return verifier.verify(text).user_id

    with ThreadPoolExecutor(20) as pool:
        users = list(pool.map(verify, texts))
    assert users == [f"user-{number}" for number in range(100)]
    assert server.count == 1


async def hundred_tasks(server: SlowServer) -> list[str]:
    client = httpx.AsyncClient(transport=httpx.MockTransport(server.respond))
    base_url = BASE.removesuffix("/api/v1")
    async with client, AsyncHexclaveServerApp(PROJECT, KEY, base_url=base_url, http_client=client) as app:
        verifier = Verifier(app)
        texts = [token(at=now(), sub=f"user-{number}") for number in range(100)]
        return [claims.user_id for claims in await asyncio.gather(*map(verifier.verify, texts))]


def test_a_hundred_tasks_cause_one_fetch() -> None:
    server = SlowServer()
    assert asyncio.run(hundred_tasks(server)) == [f"user-{number}" for number in range(100)]
    assert server.count == 1


async def cancelled_leader(server: SlowServer) -> str:
    client = httpx.AsyncClient(transport=httpx.MockTransport(server.respond))
    base_url = BASE.removesuffix("/api/v1")
    async with client, AsyncHexclaveServerApp(PROJECT, KEY, base_url=base_url, http_client=client) as app:
        verifier = Verifier(app)
        leading = asyncio.ensure_future(verifier.verify(token(at=now())))
        waiting = asyncio.ensure_future(verifier.verify(token(at=now(), sub="user-2")))
        await asyncio.sleep(0.02)
        leading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leading
        return (await waiting).user_id


def test_a_task_that_is_cancelled_while_it_fetches_strands_no_other() -> None:
    server = SlowServer()
    assert asyncio.run(cancelled_leader(server)) == "user-2"
    assert server.count == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_that_is_forked_during_a_fetch_fetches_for_itself() -> None:
    started_fetch, go_on = threading.Event(), threading.Event()

    class Server:
        def send(self, _request: object, _ends: object) -> Reply:
            if threading.current_thread() is not threading.main_thread():
                started_fetch.set()
                go_on.wait(20)
            return Reply(200, {"content-type": "application/json"}, json.dumps(DOCUMENT).encode())

    app = HexclaveServerApp(PROJECT, KEY, base_url="http://127.0.0.1:9")
    verifier = Verifier(app, issuers=[BASE.removesuffix("/api/v1")])
    app._performer.executor._opened = Server  # type: ignore[assignment, method-assign]
    with ThreadPoolExecutor(1) as pool:
        leading = pool.submit(verifier.verify, token(at=now()))
        assert started_fetch.wait(10)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            status = 1
            try:
                threading.Timer(10, os._exit, (2,)).start()
                status = 0 if verifier.verify(token(at=now())).user_id == "user-1" else 3
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        go_on.set()
        assert leading.result(10).user_id == "user-1"
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("made_first", ["the app's", "the derived app's"])
def test_the_verifier_of_a_derived_app_has_its_options_and_the_keys_of_both(made_first: str) -> None:
    server = SlowServer(0)
    app = blocking(server)
    derived = app.options(timeout=1).with_session(Tokens("access"))
    apps = [app, derived] if made_first == "the app's" else [derived, app]
    for one in apps:
        assert one.verifier.verify(token(at=now())).user_id == "user-1"
    # Derived again, from an app that already has a verifier.
    apps.append(app.options(timeout=2))
    for one in apps:
        assert one.verifier._context is one._context
    assert server.count == 1


def test_verifying_starts_no_thread() -> None:
    before = threading.active_count()
    verifier = Verifier(blocking(SlowServer(0)))
    for number in range(10):
        verifier.verify(token(at=now(), sub=f"user-{number}"))
    assert threading.active_count() == before
