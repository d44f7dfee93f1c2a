"""Many threads and tasks with one app, session and pool: one refresh, and no reply or token reaches another caller."""

import asyncio
import functools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hexclave.errors import AccessTokenExpired, APIConnectionError, SessionExpired, TotalTimeout, UnsafeUseError
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave.tokens import MemoryTokenStore, Tokens
from tests.e2e import misbehaving
from tests.e2e.calling import (
    REFRESH_TOKEN,
    Outcome,
    Server,
    attempted,
    attempted_async,
    awaiting,
    blocking,
    call,
    check,
    expired,
    operation,
    refreshes,
    run,
)

PATIENT = Timeout(total=40, connect=30, read=20)
THREADS, TASKS = 200, 1_000


def looks_fresh() -> MemoryTokenStore:
    """Return a session whose access token only the server considers expired."""
    return MemoryTokenStore(Tokens(misbehaving.token("revoked"), REFRESH_TOKEN))


def in_threads(action: Callable[[int], Any], count: int) -> list[Outcome]:
    """Run in threads that start at the same moment."""
    start = threading.Barrier(count)

    def one(number: int) -> Outcome:
        start.wait()
        return attempted(lambda: action(number))

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_200_threads_on_one_expired_session_cause_one_refresh(server: Server) -> None:
    here = server.at("session", 0.3)
    with blocking(here, session=expired(), timeout=PATIENT) as app:
        outcomes = in_threads(lambda _: app.call(operation()), THREADS)
    for outcome in outcomes:
        check(outcome, total=40)
        assert outcome.error is None
    assert len(refreshes(here)) == 1
    assert len(here.seen) == THREADS + 1


def test_1000_tasks_on_one_expired_session_cause_one_refresh(server: Server) -> None:
    here = server.at("session", 0.3)

    async def main() -> list[Outcome]:
        async with awaiting(here, session=expired(), timeout=PATIENT) as app:
            return await asyncio.gather(*[attempted_async(lambda: app.call(operation())) for _ in range(TASKS)])

    for outcome in run(main()):
        check(outcome, total=40)
        assert outcome.error is None
    assert len(refreshes(here)) == 1
    assert len(here.seen) == TASKS + 1


def test_threads_whose_token_the_server_refuses_cause_one_refresh(server: Server) -> None:
    """All are refused with the same token; the later ones find it already replaced."""
    here = server.at("session", 0.2)
    with blocking(here, session=looks_fresh(), timeout=PATIENT) as app:
        outcomes = in_threads(lambda _: app.call(operation("POST")), 50)
    assert [outcome.error for outcome in outcomes] == [None] * 50
    assert len(refreshes(here)) == 1


def test_a_blocking_and_an_async_app_on_one_store_cause_one_refresh(server: Server) -> None:
    here = server.at("session", 0.2)
    store = expired()

    async def main() -> list[Outcome]:
        async with awaiting(here, session=store, timeout=PATIENT) as app:
            return await asyncio.gather(*[attempted_async(lambda: app.call(operation())) for _ in range(50)])

    with blocking(here, session=store, timeout=PATIENT) as app, ThreadPoolExecutor(1) as other:
        tasks = other.submit(run, main())
        outcomes = in_threads(lambda _: app.call(operation()), 50) + tasks.result()
    assert [outcome.error for outcome in outcomes] == [None] * 100
    assert len(refreshes(here)) == 1


def test_a_refresh_that_fails_in_transit_fails_all_waiting_callers_and_keeps_the_session(server: Server) -> None:
    here, store = server.at("session", 0.3, "reset"), expired()
    before = store.load()
    with blocking(here, session=store, timeout=PATIENT, retries=Retries.OFF) as app:
        outcomes = in_threads(lambda _: app.call(operation()), 50)
    for outcome in outcomes:
        check(outcome, total=40)
        assert type(outcome.error) is APIConnectionError
    assert len({id(outcome.error) for outcome in outcomes}) == 50
    assert store.load() == before
    assert len(here.seen) == len(refreshes(here)) == 1


def test_the_end_of_a_session_is_seen_by_all_who_waited_and_signs_out_once(server: Server) -> None:
    here, store = server.at("session", 0.3, "over"), expired()
    with blocking(here, session=store, timeout=PATIENT) as app:
        outcomes = in_threads(lambda _: app.call(operation()), 50)
    for outcome in outcomes:
        check(outcome, total=40)
        assert type(outcome.error) is SessionExpired
    assert store.load() is None
    assert len(here.seen) == len(refreshes(here)) == 1


@pytest.mark.parametrize("store", [expired, looks_fresh])
def test_a_server_that_refuses_fresh_tokens_too_is_not_asked_forever(
    server: Server, mode: str, store: Callable[[], MemoryTokenStore]
) -> None:
    here = server.at("session", 0, "stubborn")
    outcome = call(mode, here, operation(), session=store())
    check(outcome)
    assert type(outcome.error) is AccessTokenExpired
    assert len(here.seen) <= 4
    assert len(refreshes(here)) <= 2


def test_a_waiter_whose_time_is_over_leaves_and_the_refresh_goes_on(server: Server) -> None:
    here = server.at("session", 1)
    with blocking(here, session=expired(), timeout=PATIENT) as app, ThreadPoolExecutor(1) as other:
        first = other.submit(app.call, operation())
        while not here.seen:
            time.sleep(0.01)
        hasty = app.options(timeout=0.2)
        for outcome in in_threads(lambda _: hasty.call(operation()), 5):
            check(outcome, total=0.2)
            assert type(outcome.error) is TotalTimeout
        assert first.result()["number"] == 2
    assert len(refreshes(here)) == 1


def test_a_refresher_whose_time_is_over_does_not_fail_those_who_waited(server: Server) -> None:
    here = server.at("session", 0.6)
    with blocking(here, session=expired(), timeout=PATIENT) as app, ThreadPoolExecutor(1) as other:
        first = other.submit(attempted, lambda: app.options(timeout=0.3).call(operation()))
        while not here.seen:
            time.sleep(0.01)
        outcomes = in_threads(lambda _: app.call(operation()), 5)
        assert type(first.result().error) is TotalTimeout
    assert [outcome.error for outcome in outcomes] == [None] * 5
    assert len(refreshes(here)) == 2


def test_eight_threads_on_one_app_get_their_own_replies(server: Server) -> None:
    with blocking(server.at("ok"), timeout=PATIENT) as app:

        def work(thread: int) -> None:
            for number in range(40):
                mine = f"{thread}-{number}"
                reply = app.call(operation("POST", path=("users", mine), body={"mine": mine}))
                assert reply["path"].endswith(f"/users/{mine}")
                assert reply["body"] == f'{{"mine":"{mine}"}}'

        assert [outcome.error for outcome in in_threads(work, 8)] == [None] * 8


def test_no_more_than_100_calls_are_on_the_wire_at_once(server: Server, mode: str) -> None:
    here = server.at("ok", 0.5)
    if mode == "blocking":
        with blocking(here, timeout=PATIENT) as app:
            outcomes = in_threads(lambda _: app.call(operation()), 130)
    else:

        async def main() -> list[Outcome]:
            async with awaiting(here, timeout=PATIENT) as app:
                return await asyncio.gather(*[attempted_async(lambda: app.call(operation())) for _ in range(130)])

        outcomes = run(main())
    assert [outcome.error for outcome in outcomes] == [None] * 130
    assert len({request["connection"] for request in here.seen}) == 100


def test_a_call_whose_time_is_over_before_its_turn_was_not_sent(server: Server, mode: str) -> None:
    here = server.at("ok", 1)
    if mode == "blocking":
        with blocking(here, timeout=PATIENT) as app:
            hasty = app.options(timeout=0.3)

            def one(number: int) -> Any:
                if number < 100:
                    return app.call(operation("POST"))
                time.sleep(0.4)
                return hasty.call(operation("POST"))

            outcomes = in_threads(one, 101)
    else:

        async def main() -> list[Outcome]:
            async with awaiting(here, timeout=PATIENT) as app:
                calls = [
                    asyncio.ensure_future(attempted_async(lambda: app.call(operation("POST")))) for _ in range(100)
                ]
                await asyncio.sleep(0.3)
                late = await attempted_async(lambda: app.options(timeout=0.3).call(operation("POST")))
                return [*await asyncio.gather(*calls), late]

        outcomes = run(main())
    assert type(outcomes[-1].error) is TotalTimeout
    assert len(here.seen) == 100


def test_users_of_one_app_never_see_each_others_tokens_or_cookies(server: Server, mode: str) -> None:
    """60 concurrent users on one pool; the server returns the token it received to each call, and sets cookies."""
    here = server.at("cookie")
    tokens = [misbehaving.token(f"user-{number}") for number in range(60)]

    def sessions(app: Any) -> list[Any]:
        return [app.with_session(Tokens(token, f"{REFRESH_TOKEN}{number}")) for number, token in enumerate(tokens)]

    def verify(number: int, reply: Any) -> None:
        assert reply["headers"]["x-stack-access-token"] == tokens[number]
        assert "cookie" not in reply["headers"]
        assert not any(token in str(reply) for token in tokens if token != tokens[number])

    if mode == "blocking":
        with blocking(here, timeout=PATIENT) as app:
            apps = sessions(app)

            def one(number: int) -> None:
                for _ in range(3):
                    verify(number, apps[number].call(operation()))

            outcomes = in_threads(one, 60)
    else:

        async def main() -> list[Outcome]:
            async with awaiting(here, timeout=PATIENT) as app:
                apps = sessions(app)

                async def one(number: int) -> None:
                    for _ in range(3):
                        verify(number, await apps[number].call(operation()))

                return await asyncio.gather(*[attempted_async(functools.partial(one, number)) for number in range(60)])

        outcomes = run(main())
    assert [outcome.error for outcome in outcomes] == [None] * 60
    assert len(here.seen) == 180


def test_calls_under_way_when_the_app_is_closed_end_with_an_error_of_the_sdk(server: Server) -> None:
    here = server.at("ok", 0.05)
    app = blocking(here, timeout=PATIENT)

    def work(number: int) -> None:
        if number == 0:
            time.sleep(0.2)
            app.close()
        while True:
            app.call(operation())

    for outcome in in_threads(work, 8):
        check(outcome, total=2)
        assert isinstance(outcome.error, UnsafeUseError | APIConnectionError), repr(outcome.error)


def test_calls_under_way_when_an_async_app_is_closed_end_with_an_error_of_the_sdk(server: Server) -> None:
    here = server.at("ok", 0.05)

    async def main() -> list[Outcome]:
        app = awaiting(here, timeout=PATIENT)

        async def work() -> None:
            while True:
                await app.call(operation())

        tasks = [asyncio.ensure_future(attempted_async(work)) for _ in range(8)]
        await asyncio.sleep(0.2)
        await app.close()
        return await asyncio.gather(*tasks)

    for outcome in run(main()):
        check(outcome, total=2)
        assert isinstance(outcome.error, UnsafeUseError | APIConnectionError), repr(outcome.error)


def test_calls_after_close_are_refused(server: Server, mode: str) -> None:
    here = server.at("ok")
    if mode == "blocking":
        app = blocking(here)
        derived = app.with_session(Tokens(misbehaving.token("u1"), REFRESH_TOKEN))
        app.call(operation())
        app.close()
        app.close()
        outcomes = [attempted(functools.partial(each.call, operation())) for each in (app, derived)]
    else:

        async def main() -> list[Outcome]:
            app = awaiting(here)
            derived = app.with_session(Tokens(misbehaving.token("u1"), REFRESH_TOKEN))
            await app.call(operation())
            await app.close()
            await app.close()
            return [await attempted_async(functools.partial(each.call, operation())) for each in (app, derived)]

        outcomes = run(main())
    assert [type(outcome.error) for outcome in outcomes] == [UnsafeUseError, UnsafeUseError]
    assert len(here.seen) == 1
