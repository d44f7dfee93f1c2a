"""Single-use codes: sent by email, or issued between two steps of a flow.

A domain creates one with `issue`, or with `mail_code`, which also sends it, and consumes it with `redeem`. The last 39
of its 45 characters are the nonce, which sign-in by code returns to the client; guesses with the right nonce count as
attempts.
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from hexclave_emulator.mail.messages import send_mail
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table

if TYPE_CHECKING:
    from hexclave_emulator.routing.routes import Request

MAX_ATTEMPTS: Final = 20
DAY: Final = 24 * 3600 * 1000


@attrs.frozen(kw_only=True)
class Code:
    id: str
    project_id: str
    kind: str
    code: str
    nonce: str
    """The code without its first six characters."""
    data: JsonObject
    created_at_millis: int
    expires_at_millis: int
    used_at_millis: int | None = None
    attempts: int = 0


CODES: Final = table("codes", Code, indexes=("code", "nonce", "project_id"))


def issue(state: State, project_id: str, kind: str, data: JsonObject, *, now: int, life: int) -> Code:
    """Create a code; `data` is returned when it is redeemed. `life` is in milliseconds."""
    code = secret()
    return state[CODES].insert(
        Code(
            id=new_id(),
            project_id=project_id,
            kind=kind,
            code=code,
            nonce=code[6:],
            data=data,
            created_at_millis=now,
            expires_at_millis=now + life,
        )
    )


def mail_code(
    request: "Request",
    state: State,
    kind: str,
    to: str,
    callback_url: str,
    data: JsonObject,
    *,
    life: int,
    subject: str,
) -> Code:
    """Issue a code and send it as a link to the callback URL."""
    code = issue(state, request.project.id, kind, data, now=request.now, life=life)
    link = with_query(callback_url, code=code.code)
    short = code.code[:6].upper() if kind == "sign_in" else None
    lines = [subject, "", link, *([f"Or type this code: {short}"] if short else [])]
    send_mail(
        state,
        request.project.id,
        to,
        kind,
        subject,
        "\n".join(lines),
        now=request.now,
        code=code.code,
        short_code=short,
        link=link,
        user_id=data.get("user_id"),
    )
    return code


def look_up(request: "Request", state: State, kind: str, code: str) -> Code:
    """Return the code if it is still valid.

    Raises:
        Refusal: VERIFICATION_CODE_NOT_FOUND, _EXPIRED, _ALREADY_USED or _MAX_ATTEMPTS_REACHED.
    """
    # Users type the first six characters, in upper or lower case.
    typed = code[:6].lower() + code[6:]
    found = state[CODES].first(code=typed, project_id=request.project.id, kind=kind)
    if found is None:
        for guessed in state[CODES].where(nonce=code[6:], project_id=request.project.id, kind=kind):
            state[CODES].update(guessed, attempts=guessed.attempts + 1)
        raise known("VERIFICATION_CODE_NOT_FOUND").keeping()
    if found.expires_at_millis <= request.now:
        raise known("VERIFICATION_CODE_EXPIRED")
    if found.used_at_millis is not None:
        raise known("VERIFICATION_CODE_ALREADY_USED")
    if found.attempts >= MAX_ATTEMPTS:
        raise known("VERIFICATION_CODE_MAX_ATTEMPTS_REACHED")
    return found


def redeem(request: "Request", state: State, kind: str, code: str) -> JsonObject:
    """Consume the code and return its data. Raise later refusals with `keeping()` so that the code stays used."""
    found = look_up(request, state, kind, code)
    state[CODES].update(found, used_at_millis=request.now)
    return found.data


def with_query(url: str, **values: str) -> str:
    """Return the URL with these parameters added to its query."""
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *values.items()])
    return urlunsplit(parts._replace(query=query))
