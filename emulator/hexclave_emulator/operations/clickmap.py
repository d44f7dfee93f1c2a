"""Clicks of users, from reported events, and a user's activity by day."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from hexclave_emulator.checking.rules import USER_ID, Rule, Said, between
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.projects import project_setting
from hexclave_emulator.domains.sign_in import check_callback
from hexclave_emulator.domains.users import USERS, find_user
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.operations.analytics import EVENTS, ReportedEvent
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import secret
from hexclave_emulator.state.tables import State

_DAY: Final = 86_400_000
_LONGEST: Final = 92 * _DAY
_TOKEN_LIFE: Final = 3600 * 1000
_ACTIVITY_DAYS: Final = 365
_LISTS: Final = ("cells", "routes", "users", "replays", "selectors", "elements")


def _is_pattern(value: str) -> str | None:
    try:
        re.compile(value)
    except re.error:
        return Said("body.route_regex is not a regular expression")
    return None


@route(
    "POST",
    "/internal/analytics/clickmap",
    access=ADMIN,
    rules={"body.sampling": between(0, 1), "body.route_regex": Rule((_is_pattern,))},
)
def get_clickmap(request: Request, state: State) -> Reply:
    if not project_setting(request.project, "apps.installed.analytics.enabled"):
        raise known("ANALYTICS_NOT_ENABLED")
    body = request.body
    since, until = _moment(body["since"], "since"), _moment(body["until"], "until")
    if not 0 < until - since <= _LONGEST:
        raise plain(400, "The window must be one of at most 92 days.")
    events = [
        each
        for each in state[EVENTS].where(project_id=request.project.id)
        if since <= each.event_at_millis < until and _is_wanted(body, each)
    ]
    view: JsonObject = {"kind": body["kind"], "sampling": body.get("sampling", 1), **{name: [] for name in _LISTS}}
    if body["kind"] == "team_user_hour_of_week":
        return ok(view | {"cells": _cells(events)})
    clicks = [each for each in events if each.event_type == "$click"]
    return ok(
        view
        | {
            "routes": _routes(clicks),
            "users": _users(state, clicks),
            "replays": _replays(clicks),
            "selectors": [
                {"selector": name, "clicks": count}
                for name, count in _counted(clicks, lambda each: each.data.get("selector"))
            ],
            "elements": _elements(clicks),
        }
    )


@route("POST", "/internal/analytics/clickmap-token", access=ADMIN)
def create_token(request: Request, _state: State) -> Reply:
    origin = request.body["origin"]
    check_callback(request.project, origin)
    return ok({"token": secret(), "origin": origin, "expires_at_millis": request.now + _TOKEN_LIFE})


@route("GET", "/internal/user-activity", access=ADMIN, rules={"query.user_id": USER_ID})
def get_activity(request: Request, state: State) -> Reply:
    user = find_user(state, request.project.id, request.user_id(request.query["user_id"]))
    days = Counter(iso(each.event_at_millis)[:10] for each in state[EVENTS].where(user_id=user.id))
    dates = [iso(request.now - number * _DAY)[:10] for number in range(_ACTIVITY_DAYS - 1, -1, -1)]
    return ok({"data_points": [{"date": date, "activity": days[date]} for date in dates]})


def _moment(value: str, name: str) -> int:
    try:
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise plain(400, f"{name} is not a moment in ISO 8601.") from None


def _path(event: ReportedEvent) -> str | None:
    path = event.data.get("path")
    return path if isinstance(path, str) else None


def _is_wanted(body: JsonObject, event: ReportedEvent) -> bool:
    path, url = _path(event) or "", str(event.data.get("url", ""))
    pattern = "(.*)".join(re.escape(part) for part in body.get("url_pattern", "*").split("*"))
    width = event.data.get("viewport_width")
    return (
        body.get("route_path", path) == path
        and re.search(body.get("route_regex", ""), path) is not None
        and re.fullmatch(pattern, url) is not None
        and body.get("user_id", event.user_id) == event.user_id
        and event.user_id in body.get("member_user_ids", [event.user_id])
        and _is_within(width, body.get("viewport_width_min"), body.get("viewport_width_max"))
    )


def _is_within(width: Any, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    is_number = isinstance(width, int | float)
    return is_number and (least is None or width >= least) and (most is None or width <= most)


def _cells(events: list[ReportedEvent]) -> list[JsonObject]:
    hours: dict[tuple[int, int], set[str | None]] = {}
    for each in events:
        moment = datetime.fromtimestamp(each.event_at_millis / 1000, UTC)
        hours.setdefault((moment.isoweekday(), moment.hour), set()).add(each.user_id)
    return [{"weekday": day, "hour": hour, "value": len(users)} for (day, hour), users in sorted(hours.items())]


def _counted(events: list[ReportedEvent], key: Callable[[ReportedEvent], Any]) -> list[tuple[str, int]]:
    return Counter(name for each in events if isinstance(name := key(each), str)).most_common()


def _routes(clicks: list[ReportedEvent]) -> list[JsonObject]:
    return [
        {
            "path": path,
            "clicks": count,
            "users": len({each.user_id for each in clicks if _path(each) == path}),
            "replays": len({each.session_id for each in clicks if _path(each) == path}),
        }
        for path, count in _counted(clicks, _path)
    ]


def _users(state: State, clicks: list[ReportedEvent]) -> list[JsonObject]:
    found = []
    for user_id, count in _counted(clicks, lambda each: each.user_id):
        user, channel = state[USERS].get(user_id), primary_channel(state, user_id)
        own = [each for each in clicks if each.user_id == user_id]
        found.append(
            {
                "id": user_id,
                "display_name": user.display_name if user else None,
                "primary_email": channel.value if channel else None,
                "profile_image_url": user.profile_image_url if user else None,
                "clicks": count,
                "replays": len({each.session_id for each in own}),
                "last_event_at_millis": max(each.event_at_millis for each in own),
            }
        )
    return found


def _replays(clicks: list[ReportedEvent]) -> list[JsonObject]:
    found = []
    for session_id, count in _counted(clicks, lambda each: each.session_id):
        last = [each for each in clicks if each.session_id == session_id][-1]
        found.append(
            {
                "id": session_id,
                "user_id": last.user_id,
                "route_path": _path(last),
                "viewport_width": last.data.get("viewport_width"),
                "viewport_height": last.data.get("viewport_height"),
                "clicks": count,
                "last_event_at_millis": last.event_at_millis,
            }
        )
    return found


def _elements(clicks: list[ReportedEvent]) -> list[JsonObject]:
    found = []
    for chain, count in _counted(clicks, lambda each: each.data.get("elements_chain")):
        data = next(each.data for each in clicks if each.data.get("elements_chain") == chain)
        found.append(
            {
                "elements_chain": chain,
                "elements_text": str(data.get("text", "")),
                "tag_name": str(data.get("tag_name", "")),
                "href": data.get("href"),
                "clicks": count,
            }
        )
    return found
