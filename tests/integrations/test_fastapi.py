"""FastAPI and Starlette: the OpenAPI document, the lifespan, mounted applications."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.routing import Route

from hexclave import AsyncHexclaveServerApp
from hexclave.errors import APIConnectionError, UnsafeUseError
from hexclave.integrations import starlette
from hexclave.integrations.fastapi import (
    ApiApp,
    CurrentUser,
    Hexclave,
    OptionalUser,
    RefusedError,
    require_permission,
    require_team_member,
    require_user,
)
from hexclave.verify import InvalidCredentials, SignedIn


async def ask(api, path, *, headers=(), kind="http"):
    """Return the status, headers and content of an ASGI application's reply."""
    sent = []
    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": kind,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "extensions": {"websocket.http.response": {}},
    }
    incoming = iter([{"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request"}])

    async def receive():
        return next(incoming)

    async def send(message):
        sent.append(message)

    await api(scope, receive, send)
    (start,) = [message for message in sent if message["type"].endswith("response.start")]
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], answered, b"".join(message.get("body", b"") for message in sent)


@asynccontextmanager
async def running(api):
    async with api.router.lifespan_context(api):
        yield api


def test_security_schemes_are_those_that_each_endpoint_takes(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.get("/token")
    async def token(user: CurrentUser): ...

    @api.get("/optional")
    async def optional(user: OptionalUser): ...

    @api.get("/all")
    async def everything(user: Annotated[SignedIn, require_user(api_keys={"user"}, cookies=True)]): ...

    @api.get("/teams/{team_id}", dependencies=[require_permission("x", team="team_id")])
    async def team(): ...

    @api.get("/open")
    async def visitor(app: ApiApp): ...

    document = api.openapi()
    security = {path: methods["get"].get("security", []) for path, methods in document["paths"].items()}
    names = {path: [name for entry in entries for name in entry] for path, entries in security.items()}
    assert names == {
        "/token": ["HexclaveAccessToken"],
        "/optional": ["HexclaveAccessToken"],
        "/all": ["HexclaveAccessToken", "HexclaveApiKey", "HexclaveCookie"],
        "/teams/{team_id}": ["HexclaveAccessToken"],
        "/open": [],
    }
    schemes = document["components"]["securitySchemes"]
    assert (schemes["HexclaveAccessToken"]["type"], schemes["HexclaveAccessToken"]["scheme"]) == ("http", "bearer")
    assert (schemes["HexclaveApiKey"]["in"], schemes["HexclaveApiKey"]["name"]) == ("header", "x-api-key")
    assert schemes["HexclaveCookie"]["in"] == "cookie"


def test_the_app_lives_as_long_as_the_application(world):
    made, order = [], []

    def make():
        made.append(world.emulator.async_server_app())
        return made[-1]

    @asynccontextmanager
    async def own(api):
        order.append("begun")
        yield
        order.append("ended")

    async def main():
        api = FastAPI(lifespan=own)
        Hexclave(api, make)
        for _ in range(2):
            async with running(api):
                await made[-1].users.list(limit=1)
            with pytest.raises(UnsafeUseError, match="closed"):
                await made[-1].users.list(limit=1)

    asyncio.run(main())
    assert len(made) == 2
    assert order == ["begun", "ended"] * 2


def test_missing_keys_stop_the_application_at_its_start(monkeypatch):
    for name in ("HEXCLAVE_PROJECT_ID", "STACK_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    api = FastAPI()
    Hexclave(api)

    async def main():
        async with running(api):
            pass

    with pytest.raises(UnsafeUseError, match="project_id"):
        asyncio.run(main())


def test_wrong_options_stop_the_program_where_they_are_written():
    with pytest.raises(UnsafeUseError, match="mode"):
        require_user(mode="apy")
    with pytest.raises(UnsafeUseError, match="api_keys"):
        require_user(api_keys="user")
    with pytest.raises(UnsafeUseError, match="Unknown option cookie:"):
        require_user(cookie=True)
    with pytest.raises(UnsafeUseError, match="cookies must be True or False"):
        require_user(cookies="no")
    with pytest.raises(UnsafeUseError, match="permission"):
        require_permission("")
    with pytest.raises(UnsafeUseError, match="permission"):
        require_permission(None)
    with pytest.raises(UnsafeUseError, match="team"):
        require_team_member("")


def test_an_application_without_hexclave_says_what_to_do(world):
    api = FastAPI()

    @api.get("/me")
    async def me(user: CurrentUser): ...

    with pytest.raises(UnsafeUseError, match=r"call Hexclave\(app\)"):
        asyncio.run(ask(api, "/me"))


def test_a_team_parameter_missing_from_the_route_is_an_error_and_refuses_all_users(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.get("/teams/{id}", dependencies=[require_team_member("team_id")])
    async def team(): ...

    async def main():
        async with running(api):
            await ask(api, f"/teams/{world.team_id}", headers=[("authorization", f"Bearer {world.member}")])

    with pytest.raises(UnsafeUseError, match="no path parameter 'team_id'"):
        asyncio.run(main())


def test_whom_one_dependency_admits_another_one_of_the_request_may_refuse(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.get("/both", dependencies=[require_user(allow_anonymous=True)])
    async def both(user: CurrentUser): ...

    async def main():
        async with running(api):
            return await ask(api, "/both", headers=[("authorization", f"Bearer {world.anonymous}")])

    assert asyncio.run(main())[0] == 403


def test_mounted_applications_refuse_too(world):
    inner, outer = FastAPI(), FastAPI()
    Hexclave(outer, world.emulator.async_server_app)

    @inner.get("/me")
    async def me(user: CurrentUser): ...

    outer.mount("/inner", inner)

    async def main():
        async with running(outer):
            return await ask(outer, "/inner/me")

    status, headers, _ = asyncio.run(main())
    assert status == 401
    assert headers["www-authenticate"] == 'Bearer realm="hexclave"'
    assert headers["cache-control"] == "private, no-store"


def test_a_response_of_ones_own_is_marked_and_keeps_what_it_says_of_caches(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.get("/plain")
    async def plain(user: OptionalUser):
        return JSONResponse({})

    @api.get("/careful")
    async def careful(user: OptionalUser):
        return JSONResponse({}, headers={"cache-control": "private, max-age=5"})

    async def main():
        async with running(api):
            return await ask(api, "/plain"), await ask(api, "/careful")

    plain_answer, careful_answer = asyncio.run(main())
    assert plain_answer[1]["cache-control"] == "private, no-store"
    assert careful_answer[1]["cache-control"] == "private, max-age=5"


def test_websockets_are_refused_before_they_open(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.websocket("/live")
    async def live(user: CurrentUser): ...

    async def main():
        async with running(api):
            return await ask(api, "/live", kind="websocket")

    status, headers, content = asyncio.run(main())
    assert (status, headers["cache-control"]) == (401, "private, no-store")
    assert b"USER_AUTHENTICATION_REQUIRED" in content


def test_refusals_can_be_worded_by_the_application(world):
    api = FastAPI()
    Hexclave(api, world.emulator.async_server_app)

    @api.exception_handler(RefusedError)
    async def refuse(request, error):
        return JSONResponse({"problem": error.body["code"]}, error.status_code, error.headers)

    @api.get("/me")
    async def me(user: CurrentUser): ...

    async def main():
        async with running(api):
            return await ask(api, "/me")

    assert asyncio.run(main())[2] == b'{"problem":"USER_AUTHENTICATION_REQUIRED"}'


def test_an_api_that_is_away_is_no_refusal(world):
    """A failure of the API must not look like a failure of the user's."""
    api = FastAPI()
    Hexclave(api, lambda: world.emulator.async_server_app(base_url="http://127.0.0.1:9", timeout=1))

    @api.get("/me")
    async def me(user: Annotated[SignedIn, require_user(mode="api")]): ...

    async def main():
        async with running(api):
            await ask(api, "/me", headers=[("authorization", f"Bearer {world.token}")])

    with pytest.raises(APIConnectionError):
        asyncio.run(main())


def test_starlette_alone_asks_by_functions(world):
    async def me(request: HTTPConnection):
        user = await starlette.current_user(request, team="team_id")
        again = await starlette.optional_user(request)
        who = await starlette.authenticate(request, allow_restricted=True)
        assert isinstance(starlette.api_app(request), AsyncHexclaveServerApp)
        return JSONResponse([user.user_id == again.user_id == who.user_id])

    async def who(request: HTTPConnection):
        return JSONResponse(isinstance(await starlette.authenticate(request), InvalidCredentials))

    api = Starlette(routes=[Route("/teams/{team_id}", me), Route("/who", who)])
    Hexclave(api, world.emulator.async_server_app)

    async def main():
        async with running(api):
            path, signed_in = f"/teams/{world.team_id}", [("authorization", f"Bearer {world.member}")]
            asked = partial(ask, api)
            return (
                await asked(path, headers=signed_in),
                await asked(path),
                await asked("/who", headers=[("authorization", "Bearer a.b.c")]),
            )

    admitted, refused, told = asyncio.run(main())
    assert admitted[2] == b"[true]"
    assert (refused[0], refused[1]["www-authenticate"]) == (401, 'Bearer realm="hexclave"')
    assert (told[0], told[2]) == (200, b"true")
