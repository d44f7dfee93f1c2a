"""Surplus bytes never become the reply of the next call, which may be another user's."""

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

from hexclave.errors import APIConnectionError
from hexclave.retries import Retries
from tests.e2e.calling import Outcome, Place, Server, attempted, attempted_async, awaiting, blocking, operation, run

HOW = [
    "two-replies",
    "chunks",
    "trailer",
    "split",
    "later",
    "line-ends",
    "line-end-after-chunks",
    "204",
    "304",
    "204-with-length",
    "304-with-length",
    "interim",
    "both-lengths",
    "two-lengths",
    "unknown-transfer",
    "head",
]
REFUSED = ["both-lengths", "two-lengths", "unknown-transfer"]


def calls(mode: str, place: Place, methods: list[str], pause: float, client: Callable[[], Any] | None) -> list[Outcome]:
    """Make calls sequentially with the same app, each for another user."""
    described = [operation(method, path=("users", f"u{number}")) for number, method in enumerate(methods)]
    changes: dict[str, Any] = {"retries": Retries.OFF}
    outcomes = []
    if mode == "blocking":
        with ExitStack() as stack:
            if client is not None:
                changes |= {"http_client": stack.enter_context(client()), "ssl_context": None}
            app = stack.enter_context(blocking(place, **changes))
            for each in described:
                outcomes.append(attempted(lambda each=each: app.call(each)))
                time.sleep(pause)
        return outcomes

    async def main() -> list[Outcome]:
        async with AsyncExitStack() as stack:
            if client is not None:
                changes.update({"http_client": await stack.enter_async_context(client()), "ssl_context": None})
            app = await stack.enter_async_context(awaiting(place, **changes))
            for each in described:
                outcomes.append(await attempted_async(lambda each=each: app.call(each)))
                if pause:
                    await asyncio.sleep(pause)
        return outcomes

    return run(main())


def check_own(outcomes: list[Outcome], how: str) -> None:
    for number, outcome in enumerate(outcomes):
        if number or how not in (*REFUSED, "204", "304", "204-with-length", "304-with-length", "head"):
            assert outcome.error is None, (number, outcome.error)
            assert outcome.result["path"].endswith(f"/users/u{number}")


@pytest.fixture(params=["plain", "tls"])
def at(server: Server, request: pytest.FixtureRequest) -> Callable[..., Place]:
    return server.at if request.param == "plain" else server.secure


@pytest.mark.parametrize("pause", [0, 0.1])
@pytest.mark.parametrize("how", HOW)
def test_a_surplus_ends_its_connection(at: Callable[..., Place], mode: str, how: str, pause: float) -> None:
    if how in ("later", "line-ends", "line-end-after-chunks") and not pause:
        pytest.skip("nobody can see what has not come yet")
    here = at("surplus", how)
    outcomes = calls(mode, here, ["HEAD" if how == "head" else "GET", "GET", "GET"], pause, None)
    check_own(outcomes, how)
    if how in REFUSED:
        assert type(outcomes[0].error) is APIConnectionError
    first, second, third = (request["connection"] for request in here.seen)
    assert first != second == third


def test_a_reply_that_comes_before_its_request_is_not_taken_for_it(at: Callable[..., Place], mode: str) -> None:
    here = at("ahead")
    outcomes = calls(mode, here, ["GET", "GET"], 0.2, None)
    check_own(outcomes, "ahead")
    assert len({request["connection"] for request in here.seen}) == 2


@pytest.mark.parametrize("how", HOW)
def test_the_client_that_is_made_for_a_proxy_never_uses_a_connection_twice(
    server: Server, mode: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:8080")
    here = server.at("surplus", how)
    check_own(calls(mode, here, ["HEAD" if how == "head" else "GET", "GET", "GET"], 0.05, None), how)
    assert len({request["connection"] for request in here.seen}) == 3


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("how", HOW)
def test_a_client_of_the_callers_own_that_keeps_no_connections_is_as_safe(
    at: Callable[..., Place], mode: str, how: str, library: ModuleType
) -> None:
    """A client that keeps connections hides surplus data; the guide says so."""
    here = at("surplus", how)
    kind = library.Client if mode == "blocking" else library.AsyncClient
    context = here.options.get("ssl_context", ssl.create_default_context())

    def client() -> Any:
        return kind(limits=library.Limits(max_keepalive_connections=0), verify=context)

    check_own(calls(mode, here, ["HEAD" if how == "head" else "GET", "GET", "GET"], 0, client), how)
