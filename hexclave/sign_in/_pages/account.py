"""The page on which users manage their account."""

import base64
import hmac
import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from hexclave import HexclaveClientApp
from hexclave._steps import Steps
from hexclave.sign_in._messages import Outcome, Redirect
from hexclave.sign_in._pages.entering import checked_email, checked_password
from hexclave.sign_in._visit import Handler, Problem, Route, Routes, Visit, done
from hexclave_api.operation import JsonValue

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
_TOTP: Final = "totp"
_SECRET_BYTES: Final = 20
_DIGITS: Final = 6
_STEP: Final = 30


def show(visit: Visit) -> Steps[Outcome]:
    me = yield from visit.ask(lambda app: app.me.get())
    channels = yield from visit.ask(lambda app: app.contact_channels.list())
    sessions = yield from visit.ask(lambda app: app.sessions.list())
    providers = yield from visit.ask(lambda app: app.oauth_providers.list())
    return visit.show(
        "account",
        name=me.display_name,
        has_password=me.has_password,
        has_mfa=me.requires_totp_mfa,
        has_passkey=me.passkey_auth_enabled,
        is_restricted=me.is_restricted,
        emails=[
            {"id": each.id, "email": each.value, "is_primary": each.is_primary, "is_verified": each.is_verified}
            for each in channels.items
        ],
        sessions=[
            {
                "id": each.id,
                "created": _day(each.created_at),
                "last_used": _day(each.last_used_at),
                "is_current": visit.user is not None and each.id == visit.user.session_id,
            }
            for each in sessions.items
            if not each.is_impersonation
        ],
        connected=[{"id": each.id, "type": each.type, "email": each.email} for each in providers.items],
    )


def _day(time: datetime | None) -> JsonValue:
    return None if time is None else time.strftime("%Y-%m-%d %H:%M UTC")


def _change(call: Callable[[Visit], Callable[[HexclaveClientApp], object]], notice: str) -> Handler:
    """Return a handler that makes one call and shows the account page with a notice."""

    def handle(visit: Visit) -> Steps[Outcome]:
        made = call(visit)
        yield from visit.limit()  # Some of them send emails.
        yield from visit.ask(made)
        visit.notify(notice)
        return visit.to_page("account")

    return handle


def _chosen(visit: Visit) -> str:
    """Return the ID of what a form is about.

    Raises:
        Problem: it cannot be one.
    """
    given = visit.field("id")
    if not _ID.fullmatch(given):
        raise Problem("This does not exist any more.", status=404)
    return given


def _rename(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    name = visit.field("name").strip()
    return lambda app: app.me.update(display_name=name or None)


def _set_password(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    password = checked_password(visit)
    return lambda app: app.me.set_password(password=password)


def change_password(visit: Visit) -> Steps[Outcome]:
    """Change the password, which ends all other sessions."""
    old, new = visit.field("old_password"), checked_password(visit)
    yield from visit.limit(visit.user.user_id if visit.user is not None else None)
    yield from visit.ask(lambda app: app.me.change_password(old_password=old, new_password=new))
    visit.notify("Your password has been changed. All other sessions have been signed out.")
    return visit.to_page("account")


def add_email(visit: Visit) -> Steps[Outcome]:
    email, url = checked_email(visit), visit.page_url("verify-email")
    yield from visit.limit(email)
    channel = yield from visit.ask(lambda app: app.contact_channels.create(value=email, used_for_auth=False))
    yield from visit.ask(lambda app: app.contact_channels.send_verification_email(channel.id, callback_url=url))
    visit.notify("We have sent you a link to verify this email.")
    return visit.to_page("account")


def _send_verification(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    channel, url = _chosen(visit), visit.page_url("verify-email")
    return lambda app: app.contact_channels.send_verification_email(channel, callback_url=url)


def _make_primary(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    channel = _chosen(visit)
    return lambda app: app.contact_channels.update(channel, is_primary=True, used_for_auth=True)


def _remove_email(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    channel = _chosen(visit)
    return lambda app: app.contact_channels.delete(channel)


def _revoke_session(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    session = _chosen(visit)
    return lambda app: app.sessions.revoke(session)


def _disconnect(visit: Visit) -> Callable[[HexclaveClientApp], object]:
    provider = _chosen(visit)
    return lambda app: app.oauth_providers.delete(provider)


def show_mfa(visit: Visit) -> Steps[Outcome]:
    """Show a new secret for an authenticator app; it counts once the user has entered its digits."""
    yield from done()
    encoded = visit.browser.started.get(_TOTP)
    if encoded is None:
        encoded = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        visit.browser.started[_TOTP] = encoded
    key = base64.b32encode(base64.b64decode(encoded)).decode().rstrip("=")
    site = visit.project.display_name
    label = quote(f"{site}:{visit.user.email if visit.user is not None and visit.user.email else ''}")
    uri = f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': site})}"
    return visit.show("account-mfa", key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)), uri=uri)


def switch_mfa_on(visit: Visit) -> Steps[Outcome]:
    encoded = visit.browser.started.get(_TOTP)
    if encoded is None:
        return visit.to_page("account/mfa")
    yield from visit.limit()
    typed = "".join(visit.field("totp").split())
    if not _fits(base64.b64decode(encoded), typed, time.time()):
        raise Problem("Incorrect code.", field="totp")
    yield from visit.ask(lambda app: app.me.update(totp_secret_base64=encoded))
    del visit.browser.started[_TOTP]
    visit.notify("Two-factor authentication is on.")
    return visit.to_page("account")


def _fits(key: bytes, typed: str, now: float) -> bool:
    totp = TOTP(key, _DIGITS, SHA1(), _STEP, enforce_key_length=False)  # noqa: S303 - RFC 6238
    # The digits before count too, because typing takes time.
    expected = [totp.generate(int(now) - back) for back in (0, _STEP)]
    return any(hmac.compare_digest(each, typed.encode()) for each in expected)


def delete(visit: Visit) -> Steps[Outcome]:
    if visit.field("confirm") != "yes":
        raise Problem("Confirm that you want to delete your account.", field="confirm")
    yield from visit.ask(lambda app: app.me.delete())
    yield from visit.browser.end_session()
    return Redirect(visit.settings.after_sign_out)


def _form(post: Handler) -> Route:
    return Route(post=post, form=show, needs_user=True)


ROUTES: Final[Routes] = {
    "account": Route(show, needs_user=True),
    "account/name": _form(_change(_rename, "Your name has been changed.")),
    "account/password": _form(change_password),
    "account/new-password": _form(_change(_set_password, "Your password has been set.")),
    "account/add-email": _form(add_email),
    "account/verify-email": _form(_change(_send_verification, "We have sent you a link to verify this email.")),
    "account/primary-email": _form(_change(_make_primary, "Your primary email has been changed.")),
    "account/remove-email": _form(_change(_remove_email, "The email has been removed.")),
    "account/revoke-session": _form(_change(_revoke_session, "The session has been signed out.")),
    "account/disconnect": _form(_change(_disconnect, "The account has been disconnected.")),
    "account/mfa": Route(show_mfa, switch_mfa_on, needs_user=True),
    "account/mfa-off": _form(
        _change(lambda _: lambda app: app.me.update(totp_secret_base64=None), "Two-factor authentication is off.")
    ),
    "account/delete": _form(delete),
}
