"""Routing of deliveries to functions; each event is handled once."""

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.webhooks import (
    AsyncDeliveryStore,
    DeliveryStore,
    Handled,
    MemoryDeliveryStore,
    Router,
    WebhookEvent,
    WebhookSignatureError,
    sign,
)
from hexclave.webhooks._deliveries import KEPT
from tests.webhooks.test_webhooks import SECRET


def delivery(kind: str = "user.created", webhook_id: str = "msg_1") -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"type": kind, "data": {"id": "user-1"}}).encode()
    return body, sign(body, SECRET, webhook_id=webhook_id, sent_at=datetime.now(UTC))


@pytest.fixture(params=["handle", "ahandle"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param  # type: ignore[no-any-return]


def handled(router: Router, mode: str, *args: str) -> Handled:
    if mode == "handle":
        return router.handle(*delivery(*args))
    return asyncio.run(router.ahandle(*delivery(*args)))


def test_a_delivery_reaches_the_functions_of_its_type_in_order(mode: str) -> None:
    router, calls = Router(SECRET), []
    router.on("user.created")(lambda event: calls.append(("first", event.type)))
    router.on("user.created", "user.deleted")(lambda event: calls.append(("second", event.type)))
    router.on("team.created")(lambda event: calls.append(("third", event.type)))
    result = handled(router, mode)
    assert (result.outcome, result.status_code, result.event.type) == ("handled", 200, "user.created")
    assert calls == [("first", "user.created"), ("second", "user.created")]


def test_on_returns_the_function() -> None:
    router = Router(SECRET)

    @router.on("user.created")
    def welcome(event: WebhookEvent[Any]) -> str:
        return event.type

    assert welcome(router.handle(*delivery()).event) == "user.created"


def test_events_without_a_handler_are_still_answered(mode: str) -> None:
    router = Router(SECRET)
    result = handled(router, mode, "nobody.knows")
    assert (result.outcome, result.status_code) == ("ignored", 200)


def test_an_unknown_type_can_be_waited_for(mode: str) -> None:
    router, calls = Router(SECRET), []
    router.on("nobody.knows")(calls.append)
    handled(router, mode, "nobody.knows")
    assert calls[0].body.data == {"id": "user-1"}


def test_a_forged_delivery_reaches_no_handler(mode: str) -> None:
    router, calls = Router(SECRET), []
    router.on("user.created")(calls.append)
    body, headers = delivery()
    with pytest.raises(WebhookSignatureError):
        router.handle(body + b" ", headers) if mode == "handle" else asyncio.run(router.ahandle(body + b" ", headers))
    assert not calls


def test_a_repeated_delivery_is_handled_once(mode: str) -> None:
    router, calls = Router(SECRET), []
    router.on("user.created")(calls.append)
    outcomes = [handled(router, mode).outcome for _ in range(3)]
    assert outcomes == ["handled", "duplicate", "duplicate"]
    assert len(calls) == 1
    assert handled(router, mode, "user.created", "msg_2").outcome == "handled"


def test_a_delivery_whose_function_failed_is_handled_when_it_comes_again(mode: str) -> None:
    router, fail = Router(SECRET), [True]

    @router.on("user.created")
    def once_broken(event: object) -> None:
        if fail.pop():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handled(router, mode)
    fail.append(False)
    assert handled(router, mode).outcome == "handled"


def test_a_delivery_that_is_just_being_handled_is_to_be_repeated() -> None:
    router = Router(SECRET)
    inside, go_on = threading.Event(), threading.Event()

    @router.on("user.created")
    def slow(event: object) -> None:
        inside.set()
        go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(router.handle, *delivery())
        inside.wait(10)
        second = router.handle(*delivery())
        go_on.set()
        assert (second.outcome, second.status_code) == ("running", 409)
        assert first.result(10).outcome == "handled"
    assert router.handle(*delivery()).outcome == "duplicate"


def test_a_hundred_threads_handle_a_delivery_once() -> None:
    router, calls = Router(SECRET), []
    router.on("user.created")(calls.append)
    with ThreadPoolExecutor(20) as pool:
        outcomes = [result.outcome for result in pool.map(lambda _: router.handle(*delivery()), range(100))]
    assert outcomes.count("handled") == len(calls) == 1


def test_async_functions_are_awaited_and_sync_ones_called() -> None:
    router, calls = Router(SECRET), []

    @router.on("user.created")
    async def later(event: WebhookEvent[Any]) -> None:
        await asyncio.sleep(0)
        calls.append(event.id)

    router.on("user.created")(lambda event: calls.append("sync"))
    assert handled(router, "ahandle").outcome == "handled"
    assert calls == ["msg_1", "sync"]


def test_a_cancelled_delivery_is_handled_when_it_comes_again() -> None:
    router = Router(SECRET)
    blocked = True

    @router.on("user.created")
    async def slow(event: object) -> None:
        if blocked:
            await asyncio.sleep(60)

    async def cancelled() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await router.ahandle(*delivery())

    asyncio.run(cancelled())
    blocked = False
    assert handled(router, "ahandle").outcome == "handled"


def test_a_delivery_that_is_given_up_asks_nothing_more() -> None:
    """For example if the event loop ends; the mark then expires by itself."""
    router = Router(SECRET)
    router.on("user.created")(lambda event: None)
    steps = router._steps(*delivery())
    next(steps)
    steps.send("new")
    steps.close()


def test_an_async_function_cannot_be_called_by_a_blocking_program() -> None:
    router = Router(SECRET)

    @router.on("user.created")
    async def later(event: object) -> None: ...

    for _ in range(2):
        with pytest.raises(UnsafeUseError, match="ahandle"):
            router.handle(*delivery())


class AsyncOnly(AsyncDeliveryStore):
    async def abegin(self, webhook_id: str, /) -> Any:
        return "new"

    async def aend(self, webhook_id: str, /, *, handled: bool) -> None: ...


def test_an_async_store_serves_async_programs_alone() -> None:
    router = Router(SECRET, deliveries=AsyncOnly())
    router.on("user.created")(lambda event: None)
    assert handled(router, "ahandle").outcome == "handled"
    with pytest.raises(UnsafeUseError, match="ahandle"):
        handled(router, "handle")


class InThreads(DeliveryStore):
    def __init__(self) -> None:
        self.threads: set[int] = set()

    def begin(self, webhook_id: str, /) -> Any:
        self.threads.add(threading.get_ident())
        return "new"

    def end(self, webhook_id: str, /, *, handled: bool) -> None:
        self.threads.add(threading.get_ident())


def test_a_blocking_store_does_not_hold_up_the_event_loop() -> None:
    store = InThreads()
    router = Router(SECRET, deliveries=store)
    router.on("user.created")(lambda event: None)
    handled(router, "ahandle")
    assert threading.get_ident() not in store.threads


@pytest.mark.parametrize("types", [(), ("",), (7,), (lambda event: None,)])
def test_on_takes_types(types: Any) -> None:
    with pytest.raises(UnsafeUseError, match="on\\(\\)"):
        Router(SECRET).on(*types)


def test_secrets_are_checked_at_once_and_stay_masked() -> None:
    with pytest.raises(UnsafeUseError, match="whsec_"):
        Router("secret")
    assert SECRET not in str(vars(Router(SECRET)))


# The store in memory


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_mark_runs_out(moments: list[float]) -> None:
    store = MemoryDeliveryStore()
    assert store.begin("a") == "new"
    moments[0] += 299
    assert store.begin("a") == "running"
    moments[0] += 1
    assert store.begin("a") == "new"
    store.end("a", handled=True)
    moments[0] += 259_199
    assert store.begin("a") == "done"
    moments[0] += 1
    assert store.begin("a") == "new"


def test_only_the_last_deliveries_are_remembered() -> None:
    store = MemoryDeliveryStore(size=3)
    for webhook_id in "abcd":
        store.begin(webhook_id)
        store.end(webhook_id, handled=True)
    assert len(store._done) == 3
    assert [store.begin(webhook_id) for webhook_id in "da"] == ["done", "new"]
    with pytest.raises(UnsafeUseError, match="size"):
        MemoryDeliveryStore(size=0)


def test_a_delivery_that_is_being_handled_is_never_forgotten_for_others() -> None:
    store = MemoryDeliveryStore(size=2)
    assert [store.begin(webhook_id) for webhook_id in "abcd"] == ["new"] * 4
    for webhook_id in "efgh":
        store.begin(webhook_id)
        store.end(webhook_id, handled=True)
    assert [store.begin(webhook_id) for webhook_id in "abcdgh"] == ["running"] * 4 + ["done"] * 2
    store.end("a", handled=False)
    assert store.begin("a") == "new"


def test_deliveries_that_ran_out_take_no_memory(moments: list[float]) -> None:
    store = MemoryDeliveryStore()
    for number in range(100):
        store.begin(f"never ended {number}")
        store.begin(f"handled {number}")
        store.end(f"handled {number}", handled=True)
    assert (len(store._running), len(store._done)) == (100, 100)
    moments[0] += KEPT
    store.begin("the next")
    assert (len(store._running), len(store._done)) == (1, 0)
