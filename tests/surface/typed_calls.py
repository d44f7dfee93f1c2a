"""Expected types of calls; checked by mypy and pyright in `make check`, never run."""

from typing import assert_type

import hexclave
from hexclave import models
from hexclave_api.operation import Operation
from hexclave_api.operations.teams import get_team, get_team_as_server
from hexclave_api.operations.users import delete_user, get_current_user, get_user, list_users, update_user
from hexclave_api.pagination import AsyncPage, Page


def operations_are_exact() -> None:
    assert_type(get_user("u1"), Operation[models.ServerUser])
    assert_type(get_current_user(), Operation[models.CurrentUser])
    assert_type(get_team("t1"), Operation[models.Team])
    assert_type(get_team_as_server("t1"), Operation[models.ServerTeam])


def models_are_exact(user: models.ServerUser) -> None:
    assert_type(user.id, str)
    assert_type(user.display_name, str | None)
    assert_type(user.selected_team, models.ServerTeam | None)


def blocking(app: hexclave.HexclaveServerApp, client: hexclave.HexclaveClientApp) -> None:
    assert_type(app.call(get_user("u1")), models.ServerUser)
    assert_type(app.call(list_users(limit=5)).items, tuple[models.ServerUser, ...])
    assert_type(app.call(delete_user("u1")), models.Success)
    assert_type(app.options(timeout=5, extra_headers={"x-a": "b"}, client_request_id="c"), hexclave.HexclaveServerApp)
    assert_type(app.with_reply(lambda app: app.users.get("u1")), hexclave.WithReply[models.ServerUser])
    assert_type(app.with_reply(lambda app: app.users.list()).value, Page[models.ServerUser])
    assert_type(app.with_reply(lambda app: app.call(get_user("u1"))).status, int)
    assert_type(client.with_reply(lambda app: app.auth.get_access_token()).value, hexclave.Secret | None)
    assert_type(app.with_session(hexclave.Tokens(access_token="a")), hexclave.HexclaveServerApp)
    assert_type(client.auth.sign_in_with_password(email="a", password="b"), models.SignInResult)
    assert_type(client.auth.get_access_token(), hexclave.Secret | None)


async def awaiting(app: hexclave.AsyncHexclaveServerApp, client: hexclave.AsyncHexclaveClientApp) -> None:
    assert_type(await app.call(get_user("u1")), models.ServerUser)
    assert_type(app.options(timeout=5), hexclave.AsyncHexclaveServerApp)
    assert_type(await app.with_reply(lambda app: app.users.get("u1")), hexclave.WithReply[models.ServerUser])
    assert_type((await app.with_reply(lambda app: app.users.list())).value, AsyncPage[models.ServerUser])
    assert_type((await client.with_reply(lambda app: app.auth.get_access_token())).value, hexclave.Secret | None)
    assert_type(await client.auth.sign_in_with_password(email="a", password="b"), models.SignInResult)
    assert_type(await client.auth.get_access_token(), hexclave.Secret | None)


def mistakes(app: hexclave.HexclaveServerApp, client: hexclave.HexclaveClientApp) -> None:
    update_user("u1", bogus=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    update_user("u1", display_name=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.options(extra_headers=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.options(base_url="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    get_user()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.auth.sign_in_with_password("a", "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    hexclave.HexclaveServerApp(publishable_client_key="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    print(app.auth)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
