"""A reply that is too large, compressed or decompressed, ends the call; a large one does not block other tasks."""

import resource
import threading
from typing import Any

import httpx
import pytest

from hexclave._transport import decoding
from hexclave.errors import UnreadableReplyError
from hexclave.retries import Retries
from tests.e2e.calling import Outcome, Server, attempted, attempted_async, awaiting, blocking, check, operation, run

KINDS = ["own", "client"]


def call(mode: str, server: Server, behaviour: str, *arguments: object, kind: str = "own", **changes: Any) -> Outcome:
    here, changes = server.at(behaviour, *arguments), {"retries": Retries.OFF} | changes
    if mode == "blocking":
        with httpx.Client() as client:
            given = {"http_client": client} if kind == "client" else {}
            with blocking(here, **changes, **given) as app:
                return attempted(lambda: app.call(operation()))

    async def main() -> Outcome:
        async with httpx.AsyncClient() as client:
            given = {"http_client": client} if kind == "client" else {}
            async with awaiting(here, **changes, **given) as app:
                return await attempted_async(lambda: app.call(operation()))

    return run(main())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("behaviour", "arguments", "reason"),
    [
        ("huge", (65,), "larger than max_reply_size, 67108864 bytes"),
        ("inflated", (65,), "larger than max_reply_size, 67108864 bytes"),
        ("inflated", (1, 2), "more than once"),
    ],
    ids=["huge", "inflated", "twice"],
)
def test_a_reply_that_is_too_large_is_unreadable(
    server: Server, mode: str, kind: str, behaviour: str, arguments: tuple[object, ...], reason: str
) -> None:
    outcome = call(mode, server, behaviour, *arguments, kind=kind)
    check(outcome)
    assert type(outcome.error) is UnreadableReplyError
    assert reason in str(outcome.error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("limit", "fits"), [(1 << 20, True), ((1 << 20) - 1, False)])
def test_the_limit_is_an_option(server: Server, mode: str, kind: str, limit: int, fits: bool) -> None:
    outcome = call(mode, server, "inflated", 1, kind=kind, max_reply_size=limit)
    assert (outcome.error is None) is fits, outcome.error


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_is_kept_of_a_bomb_than_the_limit(server: Server, mode: str, kind: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = call(mode, server, "inflated", 600, kind=kind, timeout=20)
    assert type(outcome.error) is UnreadableReplyError
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # kilobytes


@pytest.mark.parametrize("kind", KINDS)
def test_other_tasks_go_on_while_a_large_reply_is_decompressed(server: Server, kind: str) -> None:
    """Parsing JSON is a separate matter."""

    async def main() -> Outcome:
        async with httpx.AsyncClient() as client:
            changes = {"http_client": client} if kind == "client" else {}
            async with awaiting(server.at("inflated", 60), **changes, retries=Retries.OFF) as app:
                return await attempted_async(lambda: app.call(operation(parse=len)))

    on_the_loop = []
    original = decoding._Decoding._step

    def step(self: Any) -> None:
        on_the_loop.append(threading.current_thread() is threading.main_thread())
        original(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding._Decoding, "_step", step)
        outcome = run(main())
    assert outcome.error is None
    assert outcome.result == (60 << 20) - 2
    assert on_the_loop.count(True) <= 5
    assert on_the_loop.count(False) > 100
