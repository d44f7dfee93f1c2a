"""`hexclave.testing`: an emulator inside a test, and apps that use it over a real socket."""

import asyncio

import pytest

from hexclave import AsyncHexclaveServerApp, HexclaveServerApp
from hexclave.errors import RateLimitError, UserNotFound
from hexclave.retries import Retries
from hexclave.testing import emulator
from hexclave_api import OPERATIONS

create_user = OPERATIONS["create_user"].function
get_user = OPERATIONS["get_user"].function


def test_apps_of_the_ready_project_work() -> None:
    """Server, client and admin app, without a key in sight; errors arrive as the SDK's classes."""
    with emulator() as hx:
        user = hx.server_app().call(create_user(primary_email="ada@example.com"))
        assert hx.admin_app().call(get_user(user.id)).primary_email == "ada@example.com"
        assert hx.client_app().project_id == hx.project.project_id
        with pytest.raises(UserNotFound):
            hx.server_app().call(get_user("00000000-0000-4000-8000-000000000000"))
        assert [each.request.method for each in hx.requests] == ["POST", "GET", "GET"]
        assert hx.requests[-1].code == "USER_NOT_FOUND"
        assert [event.type for event in hx.events] == ["user.created"]


def test_asynchronous_apps_work() -> None:
    """In an event loop of the test's own."""

    async def call(app: AsyncHexclaveServerApp) -> str | None:
        async with app:
            user = await app.call(create_user(display_name="Ada"))
            return str(user.display_name)

    with emulator() as hx:
        assert asyncio.run(call(hx.async_server_app())) == "Ada"


def test_the_environment_points_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apps without arguments find the emulator."""
    with emulator() as hx:
        for name, value in hx.environment().items():
            monkeypatch.setenv(name, value)
        with HexclaveServerApp() as app:
            app.call(create_user())
        assert len(hx.requests) == 1


def test_failures_can_be_ordered() -> None:
    """A rate limit that outlasts the retries reaches the caller; a shorter one is waited out."""
    with emulator() as hx:
        app = hx.server_app(retries=Retries(attempts=1))
        hx.fail_next(429, headers={"retry-after": "0"})
        with pytest.raises(RateLimitError):
            app.call(create_user())
        app.call(create_user())


def test_emulators_do_not_see_one_another() -> None:
    """Each has its own port, keys and state."""
    with emulator() as one, emulator() as other:
        one.server_app().call(create_user(primary_email="ada@example.com", primary_email_auth_enabled=True))
        other.server_app().call(create_user(primary_email="ada@example.com", primary_email_auth_enabled=True))
        assert one.base_url != other.base_url
        assert one.project.secret_server_key != other.project.secret_server_key


def test_going_back() -> None:
    """A snapshot restores users; a reset creates another project."""
    with emulator() as hx:
        user = hx.server_app().call(create_user())
        snapshot = hx.snapshot()
        hx.server_app().call(OPERATIONS["delete_user"].function(user.id))
        hx.restore(snapshot)
        assert hx.server_app().call(get_user(user.id)).id == user.id
        before = hx.project.project_id
        hx.reset()
        assert hx.project.project_id != before
        with pytest.raises(UserNotFound):
            hx.server_app().call(get_user(user.id))


def test_stopping_twice_does_no_harm() -> None:
    """As when both a fixture and a test stop it."""
    hx = emulator()
    hx.stop()
    hx.stop()


def test_keys_do_not_show() -> None:
    """The repr of a project names it and no key."""
    with emulator() as hx:
        assert hx.project.secret_server_key not in repr(hx.project)
