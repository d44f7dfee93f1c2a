"""Bulk calls over real sockets, as seen by the server."""

import asyncio
import threading
import time
from typing import Any

from hexclave.errors import APIConnectionError, BadRequestError
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from tests.e2e.calling import Place, Server, awaiting, blocking, check_reveals_nothing, operation, run

PATIENT = Timeout(total=20, read=10)
PASSWORD = "1not2a3real4password5"


def outcomes(mode: str, place: Place, describe: Any, **options: Any) -> list[Any]:
    """Return all outcomes that `describe(app)` streams."""
    if mode == "blocking":
        with blocking(place, timeout=PATIENT, **options) as app:
            return list(describe(app))

    async def main() -> list[Any]:
        async with awaiting(place, timeout=PATIENT, **options) as app:
            return [outcome async for outcome in describe(app)]

    return run(main())


def calls(count: int, concurrency: int, **changes: Any) -> Any:
    described = (operation("POST", path=("users", str(number)), **changes) for number in range(count))
    return lambda app: app.call_many(described, concurrency=concurrency)


def test_the_server_sees_no_more_calls_at_once_than_allowed(server: Server, mode: str) -> None:
    """Each concurrent call needs its own connection."""
    here = server.at("ok", 0.02)
    got = outcomes(mode, here, calls(40, 5))
    assert [outcome.value["path"].rpartition("/")[2] for outcome in got] == [str(number) for number in range(40)]
    assert len({request["connection"] for request in here.seen}) == 5


def test_every_row_becomes_one_request(server: Server, mode: str) -> None:
    here = server.at("ok")
    rows = [{"primary_email": f"user{number}@example.com"} for number in range(30)]
    got = outcomes(mode, here, lambda app: app.users.create_many(rows))
    assert [outcome.row for outcome in got] == rows
    sent = sorted(request["body"] for request in here.seen)
    assert sent == sorted(f'{{"primary_email":"{row["primary_email"]}"}}' for row in rows)


def test_rows_that_cannot_be_sent_fail_alone(server: Server, mode: str) -> None:
    """An unknown argument, not a mapping, a value that JSON does not have, an id that would reach another resource."""
    here = server.at("ok")
    rows: list[Any] = [
        ("u1", {"display_name": "Ada"}),
        ("u2", {"no_such_field": 1}),
        ("u3", None),
        ("u4", {"server_metadata": {"a": object()}}),
        ("..", {"display_name": "Ada"}),
        (),
        ("u5", {"display_name": "Lin"}),
    ]
    got = outcomes(mode, here, lambda app: app.users.update_many(rows, done={"u9"}))
    assert [outcome.ok for outcome in got] == [True, False, False, False, False, False, True]
    assert [request["path"].rpartition("/")[2] for request in here.seen] in (["u1", "u5"], ["u5", "u1"])


def test_a_rate_limit_stops_all_workers_and_loses_no_row(server: Server, mode: str) -> None:
    """The first call is refused for a second; later calls wait instead of being refused as well."""
    refusal = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n"
    here = server.raw(refusal, then="keep")
    started = time.monotonic()
    got = outcomes(mode, here, calls(60, 4))
    assert [outcome.ok for outcome in got] == [True] * 60
    assert 0.9 < time.monotonic() - started < 15
    assert len(here.seen) == 61


def test_an_outage_of_the_server_is_reported_for_every_row(server: Server, mode: str) -> None:
    here = server.at("broken", "before", "reset", 1_000)
    got = outcomes(mode, here, calls(20, 4), retries=Retries(attempts=1))
    assert [type(outcome.error) for outcome in got] == [APIConnectionError] * 20


def test_an_error_reveals_neither_the_row_nor_the_key(server: Server, mode: str) -> None:
    here = server.at("status", 400)
    rows = [{"primary_email": "ada@example.com", "password": PASSWORD}]
    (outcome,) = outcomes(mode, here, lambda app: app.users.create_many(rows))
    assert isinstance(outcome.error, BadRequestError)
    # The test's server echoes the body, unlike any API.
    outcome.error.body = None
    assert PASSWORD not in repr(outcome)
    check_reveals_nothing(outcome.error)


def test_leaving_early_leaves_no_thread_and_no_request_behind(server: Server) -> None:
    here = server.at("ok", 0.02)
    with blocking(here, timeout=PATIENT) as app:
        for outcome in calls(1_000, 4)(app):
            assert outcome.ok
            break
        asked = len(here.seen)
        assert asked <= 20
        assert not any(thread.name.startswith("hexclave-bulk") for thread in threading.enumerate())
        time.sleep(0.1)
        assert len(here.seen) == asked
        assert app.call(operation())["number"] == asked + 1


def test_leaving_early_cancels_and_the_app_goes_on(server: Server) -> None:
    here = server.at("ok", 0.2)

    async def main() -> None:
        async with awaiting(here, timeout=PATIENT) as app:
            stream = calls(1_000, 4)(app)
            async for outcome in stream:
                assert outcome.ok
                break
            await stream.aclose()
            assert asyncio.all_tasks() == {asyncio.current_task()}
            await asyncio.sleep(0.2)
            asked = len(here.seen)
            assert asked <= 12
            await asyncio.sleep(0.3)
            assert len(here.seen) == asked
            assert (await app.call(operation()))["number"] == asked + 1

    run(main())
