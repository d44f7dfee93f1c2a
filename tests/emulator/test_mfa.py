"""The second factor, beyond what recordings show."""

import asyncio
import base64

import pytest

from hexclave.errors import InvalidTotpCode, MultiFactorAuthenticationRequired
from hexclave.testing import RunningEmulator, emulator
from hexclave_emulator.operations.mfa import totp_digits
from tests.emulator.asking import Asker, code

SECRET = base64.b64encode(b"12345678901234567890").decode()
PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_digits_are_those_of_the_standard(seconds: int, digits: str) -> None:
    """The vectors of RFC 6238, appendix B, cut to six digits."""
    assert totp_digits(SECRET, seconds) == digits


def attempt(ask: Asker, secret: str | None = SECRET) -> tuple[str, str]:
    """Create a user with a second factor, and a code of a sign-in that needs it."""
    fields = {"primary_email": "ada@example.com", "primary_email_auth_enabled": True, "password": PASSWORD}
    user = ask.server("POST", "/users", fields).json()
    ask.server("PATCH", f"/users/{user['id']}", {"totp_secret_base64": secret})
    refused = ask.client("POST", "/auth/password/sign-in", {"email": "ada@example.com", "password": PASSWORD})
    assert code(refused) == "MULTI_FACTOR_AUTHENTICATION_REQUIRED"
    return user["id"], refused.json()["details"]["attempt_code"]


def test_digits_are_good_for_their_half_minute(ask: Asker) -> None:
    """Neither earlier nor later ones, and wrong digits do not consume the attempt."""
    ask.emulator.clock.freeze(1_800_000_000_000)
    user_id, attempt_code = attempt(ask)
    replies = []
    for seconds in (-1, 30, 29):
        body = {"type": "totp", "totp": totp_digits(SECRET, 1_800_000_000 + seconds), "code": attempt_code}
        replies.append(ask.client("POST", "/auth/mfa/sign-in", body))
    assert [code(reply) for reply in replies] == ["INVALID_TOTP_CODE", "INVALID_TOTP_CODE", None]
    assert replies[-1].json()["user_id"] == user_id


def test_an_attempt_runs_out(ask: Asker) -> None:
    """After five minutes the first factor has to be given again."""
    _, attempt_code = attempt(ask)
    ask.emulator.clock.advance(301)
    body = {"type": "totp", "totp": "000000", "code": attempt_code}
    assert code(ask.client("POST", "/auth/mfa/sign-in", body)) == "VERIFICATION_CODE_EXPIRED"


def test_no_digits_fit_when_the_factor_is_gone(ask: Asker) -> None:
    """If the secret was removed in between, no digits are accepted."""
    user_id, attempt_code = attempt(ask)
    ask.server("PATCH", f"/users/{user_id}", {"totp_secret_base64": None})
    for digits in ("", "000000", "①②③④⑤⑥"):
        body = {"type": "totp", "totp": digits, "code": attempt_code}
        assert code(ask.client("POST", "/auth/mfa/sign-in", body)) == "INVALID_TOTP_CODE"


def test_an_empty_secret_is_a_secret(ask: Asker) -> None:
    """The API accepts it, and the emulator does not fail."""
    _, attempt_code = attempt(ask, "")
    digits = totp_digits("", ask.emulator.clock.seconds())
    assert ask.client("POST", "/auth/mfa/sign-in", {"type": "totp", "totp": digits, "code": attempt_code}).status == 200


def test_the_sdk_signs_in_with_a_second_factor() -> None:
    """Blocking and awaiting, over a socket: the error of the first step leads to the second."""
    with emulator() as hx:
        hx.clock.freeze(1_800_000_000_000)
        user = attempt(Asker(hx.inner))[0]
        digits = totp_digits(SECRET, 1_800_000_000)
        app = hx.client_app()
        with pytest.raises(MultiFactorAuthenticationRequired) as required:
            app.auth.sign_in_with_password(email="ada@example.com", password=PASSWORD)
        with pytest.raises(InvalidTotpCode):
            app.auth.sign_in_with_mfa(required.value, totp="000000")
        assert app.auth.sign_in_with_mfa(required.value, totp=digits).user_id == user
        assert app.auth.get_access_token() is not None
        assert asyncio.run(_sign_in(hx, digits)) == user


async def _sign_in(hx: RunningEmulator, digits: str) -> str:
    async with hx.async_client_app() as app:
        with pytest.raises(MultiFactorAuthenticationRequired) as required:
            await app.auth.sign_in_with_password(email="ada@example.com", password=PASSWORD)
        return (await app.auth.sign_in_with_mfa(required.value, totp=digits)).user_id
