"""The contents of the page at `/_emulator` that are not replies of the API: lists in one document, and the log."""

from typing import TYPE_CHECKING, Any, Final

import attrs

from hexclave_emulator.domains.cli_logins import CLI_LOGINS
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.sessions import SESSIONS, Session
from hexclave_emulator.domains.teams import TEAMS
from hexclave_emulator.domains.users import USERS, User
from hexclave_emulator.mail.messages import MAILS
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.page.secret_fields import secret_fields
from hexclave_emulator.webhooks.endpoints import DELIVERIES, ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hexclave_emulator.emulator import Emulator, Logged

LATEST: Final = 200
"""Rows of each list that the page gets; it says how many there are in all."""


def overview(emulator: "Emulator", project_id: str | None) -> JsonObject:
    """The latest rows of everything that the page lists, newest first, of one project; by default the ready one."""
    state = emulator.state
    if project_id is None and emulator.ready is not None:
        project_id = emulator.ready.project_id
    endpoints = {each.id: each for each in state[ENDPOINTS].where(project_id=project_id)}
    lists: dict[str, list[Any]] = {
        "requests": list(emulator.log),
        "sessions": state[SESSIONS].where(project_id=project_id),
        "mails": state[MAILS].where(project_id=project_id),
        "deliveries": state[DELIVERIES].where(project_id=project_id),
    }
    views: dict[str, Callable[[Any], JsonObject]] = {
        "requests": logged_view,
        "sessions": lambda session: _session(emulator, session),
        "mails": _plain,
        "deliveries": lambda delivery: {**_plain(delivery), "url": endpoints[delivery.endpoint_id].url},
    }
    return {
        "now_millis": emulator.clock.millis(),
        "stands_still": emulator.clock.stands_still,
        "ready": attrs.asdict(emulator.ready) if emulator.ready is not None else None,
        "project_id": project_id,
        "projects": [{"id": each.id, "display_name": each.display_name} for each in state[PROJECTS]],
        "secret_fields": sorted(secret_fields()),
        "counts": {
            **{name: len(rows) for name, rows in lists.items()},
            "users": len(state[USERS].where(project_id=project_id)),
            "teams": len(state[TEAMS].where(project_id=project_id)),
        },
        "endpoints": [_plain(each) for each in endpoints.values()],
        "faults": [_plain(each) for each in emulator.faults.waiting],
        "cli_logins": [
            {"id": each.id, "login_code": each.login_code, "expires_at_millis": each.expires_at_millis}
            for each in state[CLI_LOGINS].where(project_id=project_id)
            if each.refresh_token is None and each.expires_at_millis > emulator.clock.millis()
        ],
        **{name: [views[name](row) for row in reversed(rows[-LATEST:])] for name, rows in lists.items()},
    }


def logged_view(logged: "Logged") -> JsonObject:
    """One request as the log lists it."""
    return {
        "number": logged.number,
        "at_millis": logged.at_millis,
        "method": logged.request.method,
        "path": logged.request.path,
        "status": None if logged.reply.broken else logged.reply.status,
        "code": logged.code,
        "duration_seconds": logged.duration,
    }


def logged_whole(logged: "Logged") -> JsonObject:
    """One request with all that was sent and answered."""
    return {
        **logged_view(logged),
        "query": [list(pair) for pair in logged.request.query],
        "request_headers": dict(logged.request.headers),
        "request_body": logged.request.content.decode("utf-8", "replace"),
        "reply_headers": dict(logged.reply.headers),
        "reply_body": logged.reply.content.decode("utf-8", "replace"),
    }


def _plain(row: Any) -> JsonObject:
    return dict(attrs.asdict(row, recurse=False))


def _session(emulator: "Emulator", session: Session) -> JsonObject:
    # Without the token, which the list does not need.
    shown = {name: value for name, value in _plain(session).items() if name != "refresh_token"}
    user = emulator.state[USERS].get(session.user_id)
    return {**shown, "user": _name(emulator, user) if user is not None else session.user_id}


def _name(emulator: "Emulator", user: User) -> str:
    channel = primary_channel(emulator.state, user.id)
    return user.display_name or (channel.value if channel else "") or ("anonymous" if user.is_anonymous else user.id)
