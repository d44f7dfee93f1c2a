"""Codes and links from emails: sign-in, password reset, verification, invitation.

Programs that check links open them, so a code is never used by opening its link: the page has a button.
"""

import secrets
from typing import Final

from hexclave import HexclaveClientApp
from hexclave._steps import Steps
from hexclave.errors import PermissionDeniedError, SignUpNotEnabled
from hexclave.sign_in._messages import Outcome, Redirect
from hexclave.sign_in._pages.entering import checked_email, checked_password, enter, show_sign_in
from hexclave.sign_in._paths import safe_path
from hexclave.sign_in._visit import Problem, Route, Routes, Visit, done

_CODE: Final = "code"
_TYPED: Final = 6
_WHOLE: Final = 45
_INVALID: Final = "This code is invalid or has expired. Please request a new one."


def _linked(visit: Visit) -> str:
    return visit.field("code") or visit.request.query.get("code", "")


def _code(visit: Visit) -> str:
    """Return the code of a link.

    Raises:
        Problem: it cannot be one.
    """
    code = _linked(visit)
    if len(code) != _WHOLE or not code.isascii() or not code.isalnum():
        raise Problem(_INVALID)
    return code


def show_linked(visit: Visit) -> Steps[Outcome]:
    """Show the page that a link in an email leads to."""
    yield from done()
    return visit.show(visit.request.path.rpartition("/")[2], code=_linked(visit))


def send_code(visit: Visit) -> Steps[Outcome]:
    email = checked_email(visit)
    yield from visit.limit(email)
    url = visit.page_url(f"magic-link{visit.next_query}")
    try:
        sent = yield from visit.ask_signed_out(lambda app: app.auth.send_sign_in_code(email=email, callback_url=url))
        nonce = sent.nonce.reveal()
    except SignUpNotEnabled:
        # Must not reveal whether the email has an account.
        nonce = secrets.token_hex(_WHOLE)[: _WHOLE - _TYPED]
    visit.browser.started[_CODE] = {"nonce": nonce, "email": email, "next": visit.next}
    return visit.to_page("code")


def show_code(visit: Visit) -> Steps[Outcome]:
    yield from done()
    pending = visit.browser.started.get(_CODE)
    return visit.to_page("sign-in") if pending is None else visit.show("code", email=pending["email"])


def sign_in_with_typed_code(visit: Visit) -> Steps[Outcome]:
    pending = visit.browser.started.get(_CODE)
    if pending is None:
        return visit.to_page("sign-in")
    yield from visit.limit(pending["nonce"])
    code = "".join(visit.field("code").split())
    if len(code) != _TYPED or not code.isascii() or not code.isalnum():
        raise Problem("Enter the six characters from the email.", field="code")
    path = safe_path(pending["next"], visit.settings.after_sign_in)

    def redeem(app: HexclaveClientApp) -> object:
        return app.auth.sign_in_with_code(code, nonce=pending["nonce"])

    return (yield from enter(visit, redeem, path, account=pending["email"]))


def sign_in_with_link(visit: Visit) -> Steps[Outcome]:
    yield from visit.limit()
    code = _code(visit)
    return (yield from enter(visit, lambda app: app.auth.sign_in_with_code(code), visit.next))


def show_forgot_password(visit: Visit) -> Steps[Outcome]:
    yield from done()
    return visit.show("forgot-password")


def send_reset_email(visit: Visit) -> Steps[Outcome]:
    email = checked_email(visit)
    yield from visit.limit(email)
    url = visit.page_url("reset-password")
    yield from visit.ask_signed_out(lambda app: app.auth.send_password_reset_email(email=email, callback_url=url))
    visit.notify("If there is an account with this email, we have sent a link to it.")
    return visit.to_page("sign-in")


def reset_password(visit: Visit) -> Steps[Outcome]:
    password = checked_password(visit)
    code = _code(visit)
    yield from visit.limit()
    yield from visit.ask_signed_out(lambda app: app.auth.reset_password(code, password=password))
    visit.notify("Your password has been changed. Please sign in.")
    return visit.to_page("sign-in")


def verify_email(visit: Visit) -> Steps[Outcome]:
    code = _code(visit)
    yield from visit.limit()
    yield from visit.ask_signed_out(lambda app: app.contact_channels.verify(code))
    if visit.user is None:
        visit.notify("Your email has been verified. Please sign in.")
        return visit.to_page("sign-in")
    yield from visit.browser.user(fresh=True)  # The token says whether the email is verified.
    visit.notify("Your email has been verified.")
    return Redirect(visit.settings.after_sign_in)


def show_invitation(visit: Visit) -> Steps[Outcome]:
    code = _code(visit)
    details = yield from visit.ask(lambda app: app.teams.invitations.get_details(code))
    return visit.show("invitation", code=code, team=details.team_display_name)


def accept_invitation(visit: Visit) -> Steps[Outcome]:
    code = _code(visit)
    try:
        yield from visit.ask(lambda app: app.teams.invitations.accept_with_code(code))
    except PermissionDeniedError:
        raise Problem("This invitation is for another email.", status=403) from None
    return Redirect(visit.settings.after_sign_in)


ROUTES: Final[Routes] = {
    "send-code": Route(post=send_code, form=show_sign_in),
    "code": Route(show_code, sign_in_with_typed_code),
    "magic-link": Route(show_linked, sign_in_with_link),
    "forgot-password": Route(show_forgot_password, send_reset_email),
    "reset-password": Route(show_linked, reset_password),
    "verify-email": Route(show_linked, verify_email),
    "invitation": Route(show_invitation, accept_invitation, needs_user=True),
}
