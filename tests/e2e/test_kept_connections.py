"""Servers that close connections despite promising to keep them: a POST that may have arrived is never sent twice."""

import asyncio
import time

import pytest

from hexclave.errors import APIConnectionError
from tests.e2e.calling import (
    Outcome,
    Place,
    Server,
    attempted,
    attempted_async,
    awaiting,
    blocking,
    check,
    operation,
    run,
)


def calls(mode: str, place: Place, method: str, count: int, pause: float) -> list[Outcome]:
    """Make calls sequentially with the same app."""
    if mode == "blocking":
        outcomes = []
        with blocking(place) as app:
            for _ in range(count):
                outcomes.append(attempted(lambda: app.call(operation(method))))
                time.sleep(pause)
        return outcomes

    async def main() -> list[Outcome]:
        outcomes = []
        async with awaiting(place) as app:
            for _ in range(count):
                outcomes.append(await attempted_async(lambda: app.call(operation(method))))
                await asyncio.sleep(pause)
        return outcomes

    return run(main())


def test_connections_are_kept(server: Server, mode: str) -> None:
    here = server.at("ok")
    calls(mode, here, "POST", 5, 0)
    assert len({request["connection"] for request in here.seen}) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_that_died_while_idle_is_not_used_again(server: Server, mode: str, method: str, how: str) -> None:
    here = server.at("broken", "after", how)
    outcomes = calls(mode, here, method, 3, 0.2)
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert len(here.seen) == len({request["connection"] for request in here.seen}) == 3


def test_a_server_that_closes_idle_connections_soon_loses_no_call(server: Server, mode: str) -> None:
    here = server.at("idle-close", 0.05)
    outcomes = calls(mode, here, "POST", 3, 0.25)
    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert len(here.seen) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_dies_under_the_call_is_a_failure_like_any_other(
    server: Server, mode: str, method: str
) -> None:
    """The server closes each connection about when the next call is sent: whether it arrived is unknown."""
    here = server.at("idle-close", 0)
    outcomes = calls(mode, here, method, 60, 0)
    for outcome in outcomes:
        check(outcome)
        assert outcome.error is None or (method == "POST" and type(outcome.error) is APIConnectionError)
    nonces = [request["headers"]["x-stack-random-nonce"] for request in here.seen]
    assert len(nonces) == len(set(nonces))
    assert method == "GET" or len(nonces) <= 60
    assert len([outcome for outcome in outcomes if outcome.error is None]) <= len(nonces)
