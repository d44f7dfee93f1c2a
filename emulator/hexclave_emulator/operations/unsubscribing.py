"""The unsubscribe link in emails."""

from typing import Final

from hexclave_emulator.checking.rules import UNDESCRIBED
from hexclave_emulator.credentials.codes import CODES, DAY, issue
from hexclave_emulator.domains.notifications import choose
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.messages.exchange import Reply, text
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import OPEN, Request, route
from hexclave_emulator.state.tables import State

_KIND: Final = "unsubscribe"
_LIFE: Final = 30 * DAY


def unsubscribe_link(request: Request, state: State, user: User, category_id: str) -> str:
    """Return a link that works for 30 days, without signing in."""
    data = {"user_id": user.id, "category_id": category_id}
    code = issue(state, user.project_id, _KIND, data, now=request.now, life=_LIFE)
    return f"{request.base_url}/api/v1/emails/unsubscribe-link?code={code.code}"


@route("GET", "/emails/unsubscribe-link", access=OPEN, rules={"query.code": UNDESCRIBED})
def unsubscribe(request: Request, state: State) -> Reply:
    code = state[CODES].first(code=request.query.get("code"), kind=_KIND)
    if code is None or code.expires_at_millis <= request.now or state[USERS].get(code.data["user_id"]) is None:
        raise plain(400, "Invalid code")
    choose(state, code.project_id, code.data["user_id"], code.data["category_id"], enabled=False)
    return text("You will no longer receive these emails.")
