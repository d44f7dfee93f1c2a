"""Every member with a server of the oldest release, which refuses only what the caller requested explicitly."""

import asyncio
import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from hexclave._messages import Reply, Request
from hexclave.errors import (
    APIStatusError,
    ArgumentNotAvailable,
    HexclaveError,
    OperationNotAvailable,
    SchemaError,
    TeamMembershipNotFound,
)
from hexclave.pagination import AsyncPages, Page
from hexclave.testing import RunningEmulator, emulator
from hexclave_api import OPERATIONS
from hexclave_api.operation import Operation
from hexclave_api.value import evolve
from hexclave_emulator import Emulator, HttpRequest
from tests.surface.calls import CALLS
from tests.surface.members import members
from tests.surface.recording import APPS, example, recorded

pytest.importorskip("uvicorn", reason="the emulator's packages are not installed")

ROWS = [pytest.param(access, row[0], id=f"{access}: {row[0]}") for access, rows in CALLS.items() for row in rows]
KEYS = {"client": "publishable_client_key", "server": "secret_server_key", "admin": "super_secret_admin_key"}


@attrs.define
class Oldest:
    """A server of the oldest release that gets the requests of the recorded app; its refusals are stored."""

    emulator: Emulator
    asked: list[str] = attrs.field(factory=list)
    refused: list[APIStatusError] = attrs.field(factory=list)

    def answer(self, request: Request, name: str) -> Reply:
        access = request.headers["x-stack-access-type"]
        self.asked.append(name)
        reply = self.emulator.handle(self._asked(request, access))
        if reply.status >= 400:
            self.refused.append(_error(reply.status, reply.content, reply.headers, name, request))
        return example(name, access)

    def _asked(self, request: Request, access: str) -> HttpRequest:
        ready, url = self.emulator.ready, urlsplit(request.url)
        assert ready is not None
        key = f"x-stack-{KEYS[access].replace('_', '-')}"
        keys = {"x-stack-project-id": ready.project_id, key: getattr(ready, KEYS[access])}
        headers = {name: value for name, value in request.headers.items() if not name.endswith("-token")}
        return HttpRequest(request.method, url.path, parse_qsl(url.query), headers | keys, request.content or b"")


def _error(status: int, content: bytes, headers: Mapping[str, str], name: str, request: Request) -> APIStatusError:
    from hexclave.errors._older_servers import more_specific
    from hexclave.errors._reading import from_reply

    found = from_reply(Reply(status, headers, content), method=request.method, path=request.url, attempts=1)
    is_json = request.headers.get("content-type") == "application/json"
    body = json.loads(request.content or b"{}") if is_json else {}
    query = dict(parse_qsl(urlsplit(request.url).query))
    return more_specific(found, content, evolve(_made(name), query=query, body=body or {}))


def _made(name: str) -> Operation[Any]:
    """Return the operation of this name, with placeholder arguments."""
    entry = OPERATIONS[name]
    required = [each for each in inspect.signature(entry.function).parameters.values() if each.default is each.empty]
    return entry.function(
        *("x" for each in required if each.kind is each.POSITIONAL_OR_KEYWORD),
        **{each.name: "x" for each in required if each.kind is each.KEYWORD_ONLY},
    )


@pytest.fixture(scope="module")
def oldest() -> Iterator[Emulator]:
    made = Emulator(release="2026-04")
    yield made
    made.close()


@pytest.mark.parametrize(("access", "expression"), ROWS)
def test_an_old_server_refuses_only_what_was_asked_for_and_is_marked_newer(
    oldest: Emulator, access: str, expression: str
) -> None:
    server = Oldest(oldest)
    recorded(access, server.answer).call(expression)
    missing = {error.operation for error in server.refused if isinstance(error, OperationNotAvailable)}
    assert missing == {name for name in server.asked if _made(name).since is not None}
    for error in server.refused:
        if isinstance(error, OperationNotAvailable):
            assert error.since is not None, error
        elif isinstance(error, ArgumentNotAvailable):
            assert error.since is not None, error
            assert all(argument.partition("=")[0] in expression for argument in error.arguments), error
        elif isinstance(error, SchemaError):
            assert "unknown properties" not in error.message, error


class TestLists:
    """Over sockets, in both modes: with only the required ids, all lists of all apps."""

    @pytest.fixture(scope="class")
    @classmethod
    def hx(cls) -> Iterator[RunningEmulator]:
        with emulator(release="2026-04") as running:
            yield running

    @staticmethod
    def _lists(app: Any) -> Iterator[tuple[str, Any]]:
        for path, source in members(app):
            if ") -> Page[" in source or ") -> AsyncPages[" in source:
                target = eval(f"app.{path.replace('(…)', '(app_user)')}", {"app": app, "app_user": USER})
                required = [
                    each for each in inspect.signature(target).parameters.values() if each.default is each.empty
                ]
                yield (
                    path,
                    lambda target=target, required=required: target(
                        *(USER for each in required if each.kind is each.POSITIONAL_OR_KEYWORD),
                        **{each.name: USER for each in required if each.kind is each.KEYWORD_ONLY},
                    ),
                )

    @staticmethod
    def _judge(path: str, error: HexclaveError | None) -> None:
        if isinstance(error, OperationNotAvailable):
            assert error.since is not None, (path, error)
        elif error is not None:
            assert isinstance(error, APIStatusError), (path, error)
            assert not isinstance(error, ArgumentNotAvailable), (path, error)

    @pytest.mark.parametrize("access", APPS)
    def test_blocking(self, hx: RunningEmulator, access: str) -> None:
        answered = 0
        for path, ask in self._lists(self._app(hx, access)):
            try:
                assert isinstance(ask(), Page)
                answered += 1
            except HexclaveError as error:
                self._judge(path, error)
        assert answered > {"client": 5, "server": 10, "admin": 15}[access]

    @pytest.mark.parametrize("access", APPS)
    def test_async(self, hx: RunningEmulator, access: str) -> None:
        async def run() -> int:
            answered = 0
            app = self._app(hx, access, asynchronous=True)
            for path, ask in self._lists(app):
                listed = ask()
                assert isinstance(listed, AsyncPages)
                try:
                    await listed
                    answered += 1
                except HexclaveError as error:
                    self._judge(path, error)
            await app.close()
            return answered

        assert asyncio.run(run()) > {"client": 5, "server": 10, "admin": 15}[access]

    @staticmethod
    def _app(hx: RunningEmulator, access: str, *, asynchronous: bool = False) -> Any:
        server = hx.server_app()
        user = server.users.create(primary_email=f"{len(list(server.users.list()))}@example.com")
        tokens = server.sessions.create(user.id)
        name = f"{'async_' if asynchronous else ''}{access}_app"
        return getattr(hx, name)().with_session(tokens)


USER = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
"""An id that does not exist, which an API may look up."""


def test_a_team_that_the_user_is_not_in_is_not_found() -> None:
    """To a client, the API does not reveal whether the team exists."""
    with emulator(release="2026-04") as hx:
        server = hx.server_app()
        user, team = server.users.create(primary_email="ada@example.com"), server.teams.create(display_name="Others")
        app = hx.client_app().with_session(server.sessions.create(user.id))
        assert app.teams.find(team.id) is None
        assert app.teams.find(USER) is None
        assert server.teams.find(USER) is None
        assert server.users.find(USER) is None
        with pytest.raises(TeamMembershipNotFound):
            app.teams.get(team.id)
