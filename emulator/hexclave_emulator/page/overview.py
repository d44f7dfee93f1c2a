"""The contents of the page at `/_emulator`: its files, and the state in one document."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import attrs

from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.sessions import SESSIONS
from hexclave_emulator.domains.teams import MEMBERSHIPS, TEAMS
from hexclave_emulator.domains.users import USERS, User, restricted_reason
from hexclave_emulator.mail.messages import MAILS
from hexclave_emulator.messages.exchange import JsonObject, Reply
from hexclave_emulator.webhooks.endpoints import DELIVERIES, ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hexclave_emulator.emulator import Emulator, Logged

LATEST: Final = 200
"""Rows of each list that the page gets; it says how many there are in all."""

_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@cache
def served(name: str, content_type: str) -> Reply:
    """A file of the page."""
    content = files("hexclave_emulator.page").joinpath("web", name).read_bytes()
    return Reply(200, content, {"content-type": f"{content_type}; charset=utf-8", **_HEADERS}, bare=True)


def overview(emulator: "Emulator", project_id: str | None) -> JsonObject:
    """The latest rows of everything that the page lists, newest first, of one project; by default the ready one."""
    state = emulator.state
    if project_id is None and emulator.ready is not None:
        project_id = emulator.ready.project_id
    users = state[USERS].where(project_id=project_id)
    named = {user.id: _name(emulator, user) for user in users}
    sessions = [each for user in users for each in state[SESSIONS].where(user_id=user.id)]
    sessions.sort(key=lambda each: each.created_at_millis)
    endpoints = {each.id: each for each in state[ENDPOINTS].where(project_id=project_id)}
    lists: dict[str, list[Any]] = {
        "requests": list(emulator.log),
        "users": users,
        "teams": state[TEAMS].where(project_id=project_id),
        "sessions": sessions,
        "mails": state[MAILS].where(project_id=project_id),
        "deliveries": state[DELIVERIES].where(project_id=project_id),
    }
    views: dict[str, Callable[[Any], JsonObject]] = {
        "requests": logged_view,
        "users": lambda user: _user(emulator, user, named[user.id]),
        "teams": lambda team: {**_plain(team), "members": len(state[MEMBERSHIPS].where(team_id=team.id))},
        "sessions": lambda session: {**_plain(session), "user": named[session.user_id]},
        "mails": _plain,
        "deliveries": lambda delivery: {**_plain(delivery), "url": endpoints[delivery.endpoint_id].url},
    }
    return {
        "now_millis": emulator.clock.millis(),
        "stands_still": emulator.clock.stands_still,
        "ready": attrs.asdict(emulator.ready) if emulator.ready is not None else None,
        "project_id": project_id,
        "projects": [{"id": each.id, "display_name": each.display_name} for each in state[PROJECTS]],
        "counts": {name: len(rows) for name, rows in lists.items()},
        "endpoints": [_plain(each) for each in endpoints.values()],
        "faults": [_plain(each) for each in emulator.faults.waiting],
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


def _user(emulator: "Emulator", user: User, name: str) -> JsonObject:
    channel = primary_channel(emulator.state, user.id)
    reason = restricted_reason(emulator.state, emulator.project(user.project_id), user)
    return {
        "id": user.id,
        "name": name,
        "primary_email": channel.value if channel else None,
        "primary_email_verified": channel is not None and channel.is_verified,
        "restricted_reason": reason["type"] if reason else None,
        "has_password": user.password_hash is not None,
        "second_factor": user.totp_secret_base64 is not None,
        "signed_up_at_millis": user.signed_up_at_millis,
        "last_active_at_millis": user.last_active_at_millis,
    }


def _name(emulator: "Emulator", user: User) -> str:
    channel = primary_channel(emulator.state, user.id)
    return user.display_name or (channel.value if channel else "") or ("anonymous" if user.is_anonymous else user.id)
