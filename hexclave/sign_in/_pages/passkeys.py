"""Passkeys: signing in with one, and adding one. The browser's part is static/passkeys.js."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from hexclave._steps import Steps
from hexclave.sign_in._messages import Outcome, Page
from hexclave.sign_in._pages.entering import enter, show_sign_in
from hexclave.sign_in._visit import Problem, Route, Routes, Visit
from hexclave_api.models import PasskeyOptions
from hexclave_api.operation import JsonValue

_PASSKEY: Final = "passkey"
_NEW_PASSKEY: Final = "new-passkey"


def start_sign_in(visit: Visit) -> Steps[Outcome]:
    yield from visit.limit()
    started = yield from visit.ask_signed_out(lambda app: app.auth.start_passkey_sign_in())
    return _asked(visit, _PASSKEY, started, {"rpId": _host(visit)})


def sign_in(visit: Visit) -> Steps[Outcome]:
    response, code = _answered(visit, _PASSKEY)
    yield from visit.limit()
    return (yield from enter(visit, lambda app: app.auth.sign_in_with_passkey(response, code=code), visit.next))


def start_registration(visit: Visit) -> Steps[Outcome]:
    started = yield from visit.ask(lambda app: app.auth.start_passkey_registration())
    site = {**started.options_json.get("rp", {}), "id": _host(visit)}
    return _asked(visit, _NEW_PASSKEY, started, {"rp": site})


def register(visit: Visit) -> Steps[Outcome]:
    response, code = _answered(visit, _NEW_PASSKEY)
    yield from visit.ask(lambda app: app.auth.register_passkey(response, code=code))
    visit.notify("The passkey has been added.")
    return visit.to_page("account")


def remove(visit: Visit) -> Steps[Outcome]:
    yield from visit.ask(lambda app: app.me.update(passkey_auth_enabled=False))
    visit.notify("The passkey has been removed.")
    return visit.to_page("account")


def _host(visit: Visit) -> str:
    return urlsplit(visit.browser.origin).hostname or ""


def _asked(visit: Visit, kind: str, started: PasskeyOptions, changes: Mapping[str, JsonValue]) -> Outcome:
    if not visit.request.wants_json:
        raise Problem("The sign-in with a passkey failed.", status=406)
    visit.browser.started[kind] = started.code.reveal()
    return Page("passkey-options", {"options": {**started.options_json, **changes}})


def _answered(visit: Visit, kind: str) -> tuple[Mapping[str, JsonValue], str]:
    """Return the browser's response and the code that belongs to it, which it can use once."""
    code = visit.browser.started.pop(kind, None)
    try:
        response: Any = json.loads(visit.field("response"))
    except (ValueError, RecursionError):
        response = None
    if code is None or not isinstance(response, dict):
        raise Problem("The sign-in with a passkey failed.", status=400)
    return cast(Mapping[str, JsonValue], response), code


ROUTES: Final[Routes] = {
    "passkey-options": Route(post=start_sign_in),
    "passkey": Route(post=sign_in, form=show_sign_in),
    "account/passkey-options": Route(post=start_registration, needs_user=True),
    "account/passkey": Route(post=register, needs_user=True),
    "account/remove-passkey": Route(post=remove, needs_user=True),
}
