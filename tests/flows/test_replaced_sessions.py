"""One client app that signs in several users, which is a mistake in a server."""

import asyncio
import warnings

import pytest

from hexclave.testing import emulator
from hexclave.tokens import MemoryTokenStore, SessionReplacedWarning

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hx():
    with emulator() as hx:
        for name in ("ada", "lin"):
            hx.server_app().users.create(
                primary_email=f"{name}@example.com", primary_email_auth_enabled=True, password=PASSWORD
            )
        yield hx


def sign_in(app, name):
    return app.auth.sign_in_with_password(email=f"{name}@example.com", password=PASSWORD)


def test_a_second_user_of_one_app_is_warned_of(hx):
    app = hx.client_app()
    sign_in(app, "ada")
    with pytest.warns(SessionReplacedWarning, match="with_session") as warned:
        sign_in(app, "lin")
    assert len(warned) == 1
    assert PASSWORD not in str(warned[0].message)
    assert app.me.get().primary_email == "lin@example.com"


def test_a_second_user_of_one_async_app_is_warned_of(hx):
    async def main():
        async with hx.async_client_app() as app:
            await sign_in(app, "ada")
            with pytest.warns(SessionReplacedWarning):
                await sign_in(app, "lin")

    asyncio.run(main())


def test_other_sign_ins_are_not_warned_of(hx):
    app = hx.client_app()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sign_in(app, "ada")
        sign_in(app, "ada")
        app.auth.sign_out()
        sign_in(app, "lin")
        of_one_browser = app.with_session(MemoryTokenStore())
        sign_in(of_one_browser, "ada")
        sign_in(of_one_browser, "lin")
        visitor = hx.client_app(allow_anonymous=True)
        visitor.auth.sign_up_anonymously()
        sign_in(visitor, "ada")
