"""Logins of command-line programs, beyond what recordings show."""

import asyncio
from datetime import timedelta

import pytest

from hexclave.errors import CliAuthExpiredError
from hexclave.resources.auth import PendingCliLogin
from hexclave.testing import RunningEmulator, emulator
from hexclave_api.secret import Secret
from hexclave_emulator import Emulator
from tests.emulator.asking import Asker, code


def session(ask: Asker, **fields: object) -> str:
    user = ask.server("POST", "/users", fields).json()
    return str(ask.server("POST", "/auth/sessions", {"user_id": user["id"]}).json()["refresh_token"])


def test_the_lifetime_of_a_login_depends_on_the_release() -> None:
    """Two minutes, and two hours before mid-2026; what is asked for counts in both."""
    for release, life in (("2026-09", 120), ("2026-04", 7200)):
        asker = Asker(Emulator(release=release))  # type: ignore[arg-type]
        polling_code = asker.client("POST", "/auth/cli", {}).json()["polling_code"]
        asked = asker.client("POST", "/auth/cli", {"expires_in_millis": 120_000}).json()["polling_code"]
        for seconds, codes in ((life - 1, polling_code), (121, asked)):
            asker.emulator.clock.reset()
            asker.emulator.clock.advance(seconds)
            status = asker.client("POST", "/auth/cli/poll", {"polling_code": codes}).json()["status"]
            assert status == ("waiting" if codes is polling_code else "expired")


def test_codes_belong_to_their_project(ask: Asker) -> None:
    """Neither half of a login works with another project's keys, nor does another project's session."""
    login = ask.client("POST", "/auth/cli", {}).json()
    internal = {"x-stack-access-type": "client", "x-stack-project-id": "internal"}
    assert code(ask.plain("POST", "/auth/cli/poll", {"polling_code": login["polling_code"]}, internal)) == (
        "INVALID_POLLING_CODE"
    )
    body = {"login_code": login["login_code"], "refresh_token": session(ask)}
    assert ask.plain("POST", "/auth/cli/complete", body, internal).status == 400
    other = ask.plain("POST", "/auth/cli", {}, internal).json()
    refused = ask.plain("POST", "/auth/cli/complete", body | {"login_code": other["login_code"]}, internal)
    assert refused.content == b"Refresh token does not belong to this project"


def test_an_anonymous_session_is_issued_once(ask: Asker) -> None:
    """And not at all if a login starts with the session of a regular user."""
    refused = ask.client("POST", "/auth/cli", {"anon_refresh_token": session(ask)})
    assert refused.content == b"The provided refresh token does not belong to an anonymous user"
    login = ask.client("POST", "/auth/cli", {"anon_refresh_token": session(ask, is_anonymous=True)}).json()
    claim = {"login_code": login["login_code"], "mode": "claim-anon-session"}
    assert set(ask.client("POST", "/auth/cli/complete", claim).json()) == {"access_token", "refresh_token"}
    assert ask.client("POST", "/auth/cli/complete", claim).status == 400


def test_a_restricted_user_cannot_confirm(ask: Asker) -> None:
    """The program would get a session that the project does not accept."""
    login = ask.client("POST", "/auth/cli", {}).json()
    body = {"login_code": login["login_code"], "refresh_token": session(ask, restricted_by_admin=True)}
    assert code(ask.client("POST", "/auth/cli/complete", body)) == "RESTRICTED_USER_NOT_ALLOWED"


@pytest.mark.parametrize("life", [-1, -(10**300), 0.5])
def test_odd_lives(ask: Asker, life: float) -> None:
    """A negative lifetime expires immediately."""
    assert ask.client("POST", "/auth/cli", {"expires_in_millis": life}).status in (200, 400)


def confirm(hx: RunningEmulator, pending: PendingCliLogin) -> str:
    """Do what the page opened by the user does."""
    refresh_token = session(Asker(hx.inner), display_name="Ada")
    body = {"login_code": pending.login_code.reveal(), "refresh_token": refresh_token}
    assert Asker(hx.inner).client("POST", "/auth/cli/complete", body).json() == {"success": True}
    return refresh_token


def test_the_sdk_logs_a_program_in() -> None:
    """Blocking and awaiting, over a socket: the program ends up with the session that was confirmed."""
    with emulator() as hx:
        app = hx.client_app()
        pending = app.auth.start_cli_login(app_url="http://localhost:3000")
        confirm(hx, pending)
        app.auth.finish_cli_login(pending, poll_every=timedelta(seconds=0))
        assert app.auth.get_access_token() is not None
        assert asyncio.run(_log_in(hx))


async def _log_in(hx: RunningEmulator) -> Secret | None:
    async with hx.async_client_app() as app:
        pending = await app.auth.start_cli_login(app_url="http://localhost:3000")
        waiting = asyncio.create_task(_finished(app, pending))
        await asyncio.sleep(0.15)
        confirm(hx, pending)
        await waiting
        return await app.auth.get_access_token()


async def _finished(app: object, pending: PendingCliLogin) -> None:
    await app.auth.finish_cli_login(pending, poll_every=timedelta(seconds=0.1))  # type: ignore[attr-defined]


def test_the_sdk_notices_an_expired_login() -> None:
    """The user did not confirm in time."""
    with emulator() as hx:
        app = hx.client_app()
        pending = app.auth.start_cli_login(app_url="http://localhost:3000", expires_in=timedelta(minutes=1))
        hx.clock.advance(61)
        with pytest.raises(CliAuthExpiredError):
            app.auth.finish_cli_login(pending)
