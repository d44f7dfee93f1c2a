"""Async calls leave no garbage wherever they are cancelled, and an app outlives its event loops."""

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hexclave._transport.pool import CONNECTIONS
from hexclave._transport.streams import AsyncSocketTransport
from hexclave.hooks import Hooks
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from tests.e2e.calling import (
    Outcome,
    Place,
    Server,
    attempted_async,
    awaiting,
    check_reveals_nothing,
    expired,
    full_backlog,
    operation,
    refreshes,
    run,
)

LONG = Timeout(total=20, connect=20, read=20)


def check_idle(app: Any) -> None:
    """Check that no call occupies the pool in the running loop, and that idle connections are usable."""
    if (transport := own(app)) is not None:
        assert transport._slots._value == CONNECTIONS
        assert all(connection.is_clean() for connection in transport._pool)


def check_open(place: Place, app: Any) -> None:
    """Check that only the app's idle connections are open."""
    if (transport := own(app)) is not None:
        assert eventually(lambda: place.open == len(list(transport._pool)))


def own(app: Any) -> AsyncSocketTransport | None:
    """Return the transport of the running loop, if there is one."""
    opened = app._performer.executor._made.get(asyncio.get_running_loop())
    return None if opened is None else opened.transport


async def cancelled(call: Awaitable[Any], after: float) -> asyncio.CancelledError:
    task = asyncio.ensure_future(call)
    await asyncio.sleep(after)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=2)
    assert done, "the call did not end when it was cancelled"
    with pytest.raises(asyncio.CancelledError) as caught:
        task.result()
    return caught.value


STOPS: dict[str, tuple[str, tuple[object, ...], dict[str, Any]]] = {
    "sending": ("unread", (30,), {"method": "POST", "body": {"text": "x" * (12 << 20)}}),
    "waiting for the reply": ("broken", ("before", "hold"), {}),
    "reading the headers": ("broken", ("headers", "hold"), {}),
    "reading the body": ("broken", ("body", "hold"), {}),
    "dripping": ("drip", ("headers", 0.01), {}),
}


@pytest.mark.parametrize(("behaviour", "arguments", "what"), STOPS.values(), ids=STOPS)
def test_a_call_cancelled_on_the_wire_gives_its_connection_back(
    server: Server, behaviour: str, arguments: tuple[object, ...], what: dict[str, Any]
) -> None:
    here = server.at(behaviour, *arguments)

    async def main() -> None:
        async with awaiting(here, timeout=LONG) as app:
            for after in (0.0, 0.001, 0.15):
                error = await cancelled(app.call(operation(**what)), after)
                check_reveals_nothing(error)
                check_idle(app)
            # A server that does not read cannot notice.
            assert behaviour == "unread" or eventually(lambda: here.open == 0)

    run(main())


def eventually(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("warm", [False, True])
def test_a_call_cancelled_at_any_of_its_steps_leaves_nothing_open_but_what_is_kept(server: Server, warm: bool) -> None:
    """Cancelled after 0, 1, 2, … iterations of the event loop, on new and on reused connections."""
    here = server.at("ok")
    cancellations = 0

    async def main() -> None:
        nonlocal cancellations
        async with awaiting(here, timeout=LONG) as app:
            for steps in range(60):
                if warm:
                    await app.call(operation())
                call = asyncio.ensure_future(app.call(operation("POST")))
                for _ in range(steps):
                    await asyncio.sleep(0)
                cancellations += call.cancel()
                await asyncio.wait([call])
                check_idle(app)
                if not warm:
                    await app.close()
                    app = awaiting(here, timeout=LONG)
            await app.call(operation())
            check_open(here, app)

    run(main())
    assert eventually(lambda: here.open == 0)
    assert cancellations > 4


def test_calls_cancelled_at_any_moment_leave_the_others_alone(server: Server) -> None:
    """100 calls over ten connections, cancelled at random moments; afterwards the whole pool works."""
    here = server.at("ok", 0.02)

    async def main() -> None:
        async with awaiting(here, timeout=LONG) as app:
            for wave in range(10):
                calls = [asyncio.ensure_future(app.call(operation("POST"))) for _ in range(10)]
                await asyncio.sleep(0.003 * wave)
                cancelled = [call for call in calls[::2] if call.cancel()]
                await asyncio.wait(calls)
                assert all(call.cancelled() for call in cancelled)
                assert all(call.exception() is None for call in calls if call not in cancelled)
                check_idle(app)
            replies = await asyncio.gather(*[app.call(operation(path=("users", f"u{n}"))) for n in range(120)])
            assert [reply["path"].rpartition("/")[2] for reply in replies] == [f"u{n}" for n in range(120)]
            check_idle(app)
            check_open(here, app)

    run(main())
    assert eventually(lambda: here.open == 0)


def test_calls_cancelled_when_their_replies_have_come_are_cancelled(server: Server) -> None:
    """The busy event loop processes the cancellations before the replies."""
    here = server.at("ok", 0.2)

    async def main() -> None:
        async with awaiting(here, timeout=LONG) as app:
            calls = [asyncio.ensure_future(app.call(operation("POST"))) for _ in range(20)]
            await asyncio.sleep(0.1)
            assert eventually(lambda: len(here.seen) == 20)
            time.sleep(0.3)  # noqa: ASYNC251 - the loop is to be busy
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            assert all(call.cancelled() for call in calls)
            check_idle(app)
            assert (await app.call(operation()))["number"] == 21

    run(main())


def test_a_call_cancelled_while_it_connects_leaves_nothing() -> None:
    async def main(here: Place) -> None:
        async with awaiting(here, timeout=LONG) as app:
            await cancelled(app.call(operation()), 0.1)
            check_idle(app)

    with full_backlog() as here:
        run(main(here))


def test_a_call_cancelled_while_it_waits_to_try_again_leaves_nothing(server: Server) -> None:
    here = server.raw(b"HTTP/1.1 503 Later\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n", then="keep")

    async def main() -> None:
        async with awaiting(here, timeout=LONG, retries=Retries()) as app:
            await cancelled(app.call(operation()), 0.2)
            check_idle(app)
            assert (await app.call(operation()))["number"] == 2

    run(main())
    assert len(here.seen) == 2


def test_a_call_cancelled_at_a_gate_does_not_hold_up_the_others(server: Server) -> None:
    here = server.raw(b"HTTP/1.1 429 Slow Down\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n", then="keep")

    async def main() -> None:
        refused = asyncio.Event()
        hooks = Hooks(on_retry=lambda _: refused.set())
        async with awaiting(here, timeout=LONG, hooks=hooks) as app:
            first = asyncio.ensure_future(app.call(operation()))
            await refused.wait()
            waiting = [asyncio.ensure_future(app.call(operation())) for _ in range(5)]
            await asyncio.sleep(0.1)
            first.cancel()
            for call in waiting[1:4]:
                call.cancel()
            await asyncio.wait([first, *waiting], timeout=10)
            assert [call.cancelled() for call in waiting] == [False, True, True, True, False]
            assert first.cancelled()
            assert (await app.call(operation()))["number"] == 4

    run(main())
    assert len(here.seen) == 4


def test_a_cancelled_refresh_is_taken_over_by_who_waited(server: Server) -> None:
    here, store = server.at("session", 0.4), expired()

    async def main() -> None:
        async with awaiting(here, session=store, timeout=LONG) as app:
            leader = asyncio.ensure_future(app.call(operation()))
            await asyncio.sleep(0.1)
            others = [asyncio.ensure_future(app.call(operation())) for _ in range(10)]
            await asyncio.sleep(0.1)
            leader.cancel()
            replies = await asyncio.wait_for(asyncio.gather(*others), 5)
            assert len(replies) == 10
            assert leader.cancelled()
            assert not app._context.shared.in_flight._running
            check_idle(app)

    run(main())
    assert len(refreshes(here)) == 2


def test_cancelled_waiters_do_not_disturb_a_refresh(server: Server) -> None:
    here, store = server.at("session", 0.4), expired()

    async def main() -> None:
        async with awaiting(here, session=store, timeout=LONG) as app:
            leader = asyncio.ensure_future(app.call(operation()))
            await asyncio.sleep(0.1)
            for _ in range(5):
                await cancelled(app.call(operation()), 0.02)
            assert (await leader)["number"]
            assert not app._context.shared.in_flight._running

    run(main())
    assert len(refreshes(here)) == 1
    assert len(here.seen) == 2


def test_a_timeout_of_the_callers_own_shows_no_key(server: Server) -> None:
    """A cancelled call is the cause of the TimeoutError that gets reported; its frames are not the HTTP library's."""

    async def main() -> BaseException:
        async with awaiting(server.at("broken", "headers", "hold"), timeout=LONG) as app:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.2):
                    await app.call(operation())
            return caught.value

    check_reveals_nothing(run(main()))


def test_one_app_serves_one_event_loop_after_the_other(server: Server) -> None:
    """Each loop closes its connections when it ends, without leftovers."""
    here = server.at("ok")
    app = awaiting(here)
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await asyncio.gather(*[app.call(operation()) for _ in range(3)])

    for _ in range(5):
        run(main())
        assert eventually(lambda: here.open == 0)
    assert app._performer.executor._made == {}
    gc.collect()
    assert [loop() for loop in loops] == [None] * 5
    assert len(here.seen) == 15


def test_one_app_serves_event_loops_of_several_threads_at_once(server: Server) -> None:
    here = server.at("session", 0.3)
    app = awaiting(here, session=expired(), timeout=LONG)
    start = threading.Barrier(4)

    async def main() -> list[Outcome]:
        start.wait()
        return await asyncio.gather(*[attempted_async(lambda: app.call(operation())) for _ in range(20)])

    with ThreadPoolExecutor(4) as threads:
        outcomes = [outcome for each in threads.map(lambda _: run(main()), range(4)) for outcome in each]
    assert [outcome.error for outcome in outcomes] == [None] * 80
    assert len(refreshes(here)) == 1
    assert app._performer.executor._made == {}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_loop_that_ends_without_asyncio_run_costs_no_connection_for_good(server: Server) -> None:
    """A program that closes a loop manually should close the app first; otherwise, the next loop cleans up."""
    here = server.at("ok")
    app = awaiting(here)
    for _ in range(3):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(app.call(operation()))
        loop.close()
    assert len(app._performer.executor._made) == 1
    gc.collect()
    assert eventually(lambda: here.open <= 1)
    del app, loop
    gc.collect()
