"""An httpx or httpx2 client passed by the caller, in both modes: used as configured, and left unchanged."""

import asyncio
import functools
import gc
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest

from hexclave.errors import (
    APIConnectionError,
    ConnectTimeout,
    CrossOriginRedirectError,
    HexclaveError,
    NotFoundError,
    ReadTimeout,
    TotalTimeout,
    UnreadableReplyError,
    UnsafeUseError,
)
from hexclave.retries import Retries
from hexclave.timeouts import Timeout
from hexclave.tokens import Tokens
from tests.e2e import misbehaving
from tests.e2e.calling import (
    KEYS,
    REFRESH_TOKEN,
    Outcome,
    Place,
    Server,
    attempted,
    attempted_async,
    awaiting,
    blocking,
    check,
    full_backlog,
    operation,
    run,
)

LIMITS = Timeout(total=0.5, connect=0.3, read=0.3)


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> ModuleType:
    """The library of the client."""
    module: ModuleType = request.param
    return module


def call(mode: str, library: ModuleType, place: Place, *calls: Any, **changes: Any) -> list[Outcome]:
    """Make the calls sequentially through a client of the library, which must still be open after the app is closed."""
    changes = {"timeout": LIMITS, "retries": Retries.OFF} | changes
    if mode == "blocking":
        with library.Client() as client:
            with blocking(place, http_client=client, **changes) as app:
                outcomes = [attempted(functools.partial(app.call, what)) for what in calls]
            assert not client.is_closed
        return outcomes

    async def main() -> list[Outcome]:
        async with library.AsyncClient() as client:
            async with awaiting(place, http_client=client, **changes) as app:
                outcomes = [await attempted_async(functools.partial(app.call, what)) for what in calls]
            assert not client.is_closed
        return outcomes

    return run(main())


def test_calls_work_and_reuse_connections(server: Server, mode: str, library: ModuleType) -> None:
    here = server.at("ok")
    outcomes = call(mode, library, here, *[operation("POST", body={"n": number}) for number in range(5)], timeout=20)
    assert [outcome.result["body"] for outcome in outcomes] == [f'{{"n":{number}}}' for number in range(5)]
    assert len({request["connection"] for request in here.seen}) == 1
    assert here.seen[0]["headers"]["x-stack-secret-server-key"] == KEYS["server"]


CASES: dict[str, tuple[str, tuple[object, ...], type[HexclaveError]]] = {
    "reset": ("broken", ("headers", "reset"), APIConnectionError),
    "cut": ("broken", ("body", "close"), APIConnectionError),
    "silence": ("broken", ("before", "hold"), ReadTimeout),
    "drip of headers": ("drip", ("before", 0.1), TotalTimeout),
    "drip of the body": ("drip", ("body", 0.1), TotalTimeout),
    "not gzip": ("encoded", ("not-gzip",), UnreadableReplyError),
    "not gzip with a status": ("encoded", ("not-gzip", 404), NotFoundError),
    "status": ("status", (404,), NotFoundError),
    "garbage": ("echo", ("garbage",), APIConnectionError),
    "redirect": ("echo", ("location",), CrossOriginRedirectError),
}


@pytest.mark.parametrize(("behaviour", "arguments", "error"), CASES.values(), ids=CASES)
def test_failures_have_the_same_classes(
    server: Server,
    mode: str,
    library: ModuleType,
    behaviour: str,
    arguments: tuple[object, ...],
    error: type[HexclaveError],
) -> None:
    if mode == "blocking" and arguments[:1] == ("before",) and behaviour == "drip":
        pytest.skip("each byte comes within the read timeout, and nothing public limits all waits together")
    # Only one limit can apply, and none on connecting: on a busy machine, that may take longest.
    limits = Timeout(total=0.5 if error is TotalTimeout else 10, connect=None, read=0.3)
    (outcome,) = call(mode, library, server.at(behaviour, *arguments), operation("POST"), timeout=limits)
    check(outcome, total=0.5)
    assert type(outcome.error) is error, repr(outcome.error)


def test_no_answer_to_connecting_is_a_connect_timeout(mode: str, library: ModuleType) -> None:
    with full_backlog() as here:
        if mode == "blocking":
            with library.Client() as client, blocking(here, http_client=client, timeout=LIMITS) as app:
                outcome = attempted(lambda: app.options(retries=Retries.OFF).call(operation()))
        else:

            async def main() -> Outcome:
                async with library.AsyncClient() as client, awaiting(here, http_client=client, timeout=LIMITS) as app:
                    return await attempted_async(lambda: app.options(retries=Retries.OFF).call(operation()))

            outcome = run(main())
    check(outcome, total=0.4)
    assert type(outcome.error) is ConnectTimeout
    assert not outcome.error.sent


def test_cookies_never_pass_from_one_users_call_to_anothers(server: Server, mode: str, library: ModuleType) -> None:
    """The server sets a cookie with each user's token; the caller's client may store it, but calls never send any."""
    here = server.at("cookie")
    tokens = [misbehaving.token(f"user-{number}") for number in range(4)]

    if mode == "blocking":
        with library.Client(cookies={"mine": "of-the-caller"}) as client:
            app = blocking(here, http_client=client)
            for token in tokens:
                app.with_session(Tokens(token, REFRESH_TOKEN)).call(operation())
            assert client.cookies["mine"] == "of-the-caller"
    else:

        async def main() -> None:
            async with library.AsyncClient(cookies={"mine": "of-the-caller"}) as client:
                app = awaiting(here, http_client=client)
                for token in tokens:
                    await app.with_session(Tokens(token, REFRESH_TOKEN)).call(operation())
                assert client.cookies["mine"] == "of-the-caller"

        run(main())
    assert [request["headers"]["x-stack-access-token"] for request in here.seen] == tokens
    assert not any("cookie" in request["headers"] for request in here.seen)


def test_settings_of_the_client_do_not_redirect_or_authenticate_calls(
    server: Server, mode: str, library: ModuleType
) -> None:
    """A client that follows redirects and has a password uses neither for calls."""
    elsewhere = server.elsewhere("ok")
    here = server.raw(
        f"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: {elsewhere.base_url}/x\r\n\r\n".encode(), then="keep"
    )
    settings: dict[str, Any] = {"follow_redirects": True, "auth": ("user", "password")}
    if mode == "blocking":
        with library.Client(**settings) as client, blocking(here, http_client=client) as app:
            outcome = attempted(lambda: app.call(operation()))
    else:

        async def main() -> Outcome:
            async with library.AsyncClient(**settings) as client, awaiting(here, http_client=client) as app:
                return await attempted_async(lambda: app.call(operation()))

        outcome = run(main())
    assert isinstance(outcome.error, HexclaveError)
    assert outcome.error.status == 302
    assert elsewhere.seen == []
    assert "authorization" not in here.seen[0]["headers"]


def test_a_closed_app_or_client_refuses_calls(server: Server, mode: str, library: ModuleType) -> None:
    here = server.at("ok")
    if mode == "blocking":
        client = library.Client()
        app, other = blocking(here, http_client=client), blocking(here, http_client=client)
        app.call(operation())
        app.close()
        refused = [attempted(lambda: app.call(operation()))]
        client.close()
        refused.append(attempted(lambda: other.call(operation())))
    else:

        async def main() -> list[Outcome]:
            client = library.AsyncClient()
            app, other = awaiting(here, http_client=client), awaiting(here, http_client=client)
            await app.call(operation())
            await app.close()
            refused = [await attempted_async(lambda: app.call(operation()))]
            await client.aclose()
            return [*refused, await attempted_async(lambda: other.call(operation()))]

        refused = run(main())
    assert [type(outcome.error) for outcome in refused] == [UnsafeUseError, UnsafeUseError]
    assert [str(outcome.error) for outcome in refused] == ["The app is closed.", "http_client is closed."]
    assert len(here.seen) == 1


def test_cancelled_calls_leave_the_callers_pool_whole(server: Server, library: ModuleType) -> None:
    """Also if there are more calls than the client has connections.

    Except that httpx, not httpx2, may keep a connection it never opened when a call is cancelled while getting it.
    """
    here = server.at("ok", 0.01)

    async def main() -> None:
        limits = library.Limits(max_connections=3)
        async with library.AsyncClient(limits=limits) as client, awaiting(here, http_client=client, timeout=20) as app:
            for wave in range(12):
                calls = [asyncio.ensure_future(app.call(operation("POST"))) for _ in range(10)]
                await asyncio.sleep(0.003 * wave)
                for each in calls[::2]:
                    each.cancel()
                await asyncio.wait(calls)
            pool = client._transport._pool
            assert not pool._requests
            if library is httpx2:
                assert all(one.is_idle() or one.is_closed() for one in pool.connections), pool.connections
            assert (await app.call(operation()))["method"] == "GET"

    run(main())


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_an_async_client_that_another_event_loop_used_is_refused_with_the_reason(
    server: Server, library: ModuleType
) -> None:
    here = server.at("ok")

    def twice() -> tuple[Outcome, Outcome]:
        app = awaiting(here, http_client=library.AsyncClient())

        async def once() -> Outcome:
            return await attempted_async(lambda: app.call(operation()))

        return run(once()), run(once())

    first, second = twice()
    check(second)
    assert first.error is None
    assert type(second.error) is UnsafeUseError
    assert "event loop" in str(second.error)
    del first, second
    gc.collect()  # here, where the warning about the unclosed connection is expected
