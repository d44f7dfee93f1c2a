"""Signing in with a password, signing up, the second factor, and signing out."""

from collections.abc import Callable
from typing import Final

from hexclave import HexclaveClientApp
from hexclave._steps import Steps
from hexclave.errors import MultiFactorAuthenticationRequired
from hexclave.sign_in._messages import Outcome, Redirect
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._visit import Problem, Route, Routes, Visit, done

PASSWORD_LENGTH: Final = range(8, 71)
_MFA: Final = "mfa"


def enter(visit: Visit, call: Callable[[HexclaveClientApp], object], path: str, *, account: str = "") -> Steps[Outcome]:
    """Sign in with the call and send the browser to the path, or to the second factor first.

    `account` is the email, if it is known: guesses of its second factor are limited.
    """
    try:
        yield from visit.sign_in(call)
    except MultiFactorAuthenticationRequired as required:
        if required.attempt_code is None:
            raise
        visit.browser.started[_MFA] = {"code": required.attempt_code.reveal(), "next": path, "account": account}
        return visit.to_page("mfa")
    return Redirect(path)


def checked_email(visit: Visit) -> str:
    """Return the email that was entered.

    Raises:
        Problem: it is not one.
    """
    email = visit.field("email").strip()
    name, _, host = email.partition("@")
    if not name or not host or " " in email or not email.isprintable():
        raise Problem("Enter a valid email address.", field="email")
    return email


def checked_password(visit: Visit) -> str:
    """Return the new password that was entered. Checked here, because the API uses up a code before it refuses.

    Raises:
        Problem: it is too short or too long.
    """
    password = visit.field("password")
    if len(password) not in PASSWORD_LENGTH:
        raise Problem("The password must have 8 to 70 characters.", field="password")
    return password


def show_sign_in(visit: Visit) -> Steps[Outcome]:
    yield from done()
    if visit.user is not None and not visit.user.is_anonymous:
        return Redirect(visit.next)
    return visit.show("sign-in")


def sign_in(visit: Visit) -> Steps[Outcome]:
    email, password = checked_email(visit), visit.field("password")
    yield from visit.limit(email)

    def check(app: HexclaveClientApp) -> object:
        return app.auth.sign_in_with_password(email=email, password=password)

    return (yield from enter(visit, check, visit.next, account=email))


def show_sign_up(visit: Visit) -> Steps[Outcome]:
    yield from done()
    if visit.user is not None and not visit.user.is_anonymous:
        return Redirect(visit.next)
    return visit.show("sign-up")


def sign_up(visit: Visit) -> Steps[Outcome]:
    email, password = checked_email(visit), checked_password(visit)
    yield from visit.limit(email)
    verify = visit.page_url("verify-email")
    return (
        yield from enter(
            visit,
            lambda app: app.auth.sign_up_with_password(
                email=email, password=password, verification_callback_url=verify
            ),
            visit.next,
        )
    )


def show_mfa(visit: Visit) -> Steps[Outcome]:
    yield from done()
    return visit.show("mfa") if _MFA in visit.browser.started else visit.to_page("sign-in")


def answer_mfa(visit: Visit) -> Steps[Outcome]:
    pending = visit.browser.started.get(_MFA)
    if pending is None:
        return visit.to_page("sign-in")
    yield from visit.limit(f"second factor of {pending['account'] or pending['code']}")
    totp = "".join(visit.field("totp").split())
    if len(totp) != len("000000") or not totp.isascii() or not totp.isdecimal():
        raise Problem("Enter the six digits that your authenticator app shows.", field="totp")
    path = safe_path(pending["next"], visit.settings.after_sign_in)
    return (yield from enter(visit, lambda app: app.auth.sign_in_with_mfa(pending["code"], totp=totp), path))


def show_sign_out(visit: Visit) -> Steps[Outcome]:
    yield from done()
    return visit.show("sign-out")


def sign_out(visit: Visit) -> Steps[Outcome]:
    yield from visit.ask(lambda app: app.auth.sign_out())
    yield from visit.browser.end_session()
    return Redirect(visit.settings.after_sign_out)


ROUTES: Final[Routes] = {
    "sign-in": Route(show_sign_in, sign_in),
    "sign-up": Route(show_sign_up, sign_up),
    "mfa": Route(show_mfa, answer_mfa),
    "sign-out": Route(show_sign_out, sign_out),
}
