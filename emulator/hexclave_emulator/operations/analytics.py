"""Events reported by browsers, and SQL queries on them.

The API queries ClickHouse; the emulator queries SQLite, with tables `events` and `users` of the same columns. Queries
that both support give the same rows: `count()` and parameters such as `{name:String}` are translated.
"""

import json
import re
import sqlite3
import time
from typing import Any, Final

import attrs

from hexclave_emulator.checking.rules import ANY_FIELDS, NOT_EMPTY, UUID, between
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.intervals import iso
from hexclave_emulator.domains.projects import project_setting
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known, schema_error
from hexclave_emulator.routing.routes import ADMIN, CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_REPORTED: Final = ("$page-view", "$click")
_LONGEST: Final = 1_000_000
"""Bytes in one value of a result."""
_MOST_ROWS: Final = 10_000
_PARAMETER: Final = re.compile(r"\{\s*(\w+)\s*:\s*(\w+)[^}]*\}")
_COUNT: Final = re.compile(r"\bcount\(\s*\)", re.IGNORECASE)
_ALLOWED: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, 33})
"""33 is SQLITE_RECURSIVE, which the module does not define."""


@attrs.frozen(kw_only=True)
class ReportedEvent:
    id: str
    project_id: str
    user_id: str | None
    session_id: str | None
    segment_id: str | None
    event_type: str
    event_at_millis: int
    data: JsonObject
    created_at_millis: int


@attrs.frozen(kw_only=True)
class AskedQuery:
    """A completed query."""

    id: str
    project_id: str
    seconds: float


EVENTS: Final = table("reported_events", ReportedEvent, indexes=("project_id", "user_id"))
QUERIES: Final = table("asked_queries", AskedQuery, indexes=("project_id",))


def require_analytics(request: Request) -> None:
    """Refuse callers who are not signed in, and projects without analytics."""
    _ = request.user
    if not project_setting(request.project, "apps.installed.analytics.enabled"):
        raise known("ANALYTICS_NOT_ENABLED")


@route(
    "POST",
    "/analytics/events/batch",
    access=CLIENT,
    rules={"body.session_replay_segment_id": UUID, "body.batch_id": UUID},
)
def report_events(request: Request, state: State) -> Reply:
    body = request.body
    if request.release == "2026-04":
        faults = [
            f"body.events[{number}].event_type must be one of the following values: {', '.join(_REPORTED)}"
            for number, event in enumerate(body["events"])
            if event["event_type"] not in _REPORTED
        ]
        if faults:
            raise schema_error(request.method, request.path, faults)
    require_analytics(request)
    for event in body["events"]:
        state[EVENTS].insert(
            ReportedEvent(
                id=new_id(),
                project_id=request.project.id,
                user_id=request.user.id,
                session_id=request.caller.session_id,
                segment_id=body["session_replay_segment_id"],
                event_type=event["event_type"],
                event_at_millis=event["event_at_ms"],
                data=event["data"],
                created_at_millis=request.now,
            )
        )
    return ok({"inserted": len(body["events"])})


_RULES: Final = {"body.query": NOT_EMPTY, "body.timeout_ms": between(0, 120_000), "body.params": ANY_FIELDS}


@route("POST", "/internal/analytics/query", access=ADMIN, rules=_RULES)
@route("POST", "/analytics/query", access=SERVER, rules=_RULES)
def ask(request: Request, state: State) -> Reply:
    body = request.body
    began = time.perf_counter()
    rows = _rows(request, state, body["query"], body.get("params", {}), body.get("timeout_ms", 10_000))
    query = AskedQuery(
        id=f"{request.project.id}:main:{new_id()}",
        project_id=request.project.id,
        seconds=time.perf_counter() - began,
    )
    state[QUERIES].insert(query)
    return ok({"result": rows, "query_id": query.id})


@route("POST", "/analytics/query/timing", access=SERVER)
def get_timing(request: Request, state: State) -> Reply:
    query = state[QUERIES].get(request.body["query_id"])
    if query is None or query.project_id != request.project.id:
        raise known("ITEM_NOT_FOUND", item_id=request.body["query_id"])
    millis = query.seconds * 1000
    return ok({"stats": {"cpu_time": millis, "wall_clock_time": millis}})


def _rows(request: Request, state: State, query: str, given: JsonObject, timeout: int) -> list[JsonObject]:
    parameters: dict[str, Any] = {}

    def name(match: "re.Match[str]") -> str:
        key, kind = match.groups()
        if key not in given:
            raise known("ANALYTICS_QUERY_ERROR", error=f"Substitution `{key}` is not set.")
        parameters[key] = _typed(given[key], kind)
        return f":{key}"

    sql = _COUNT.sub("count(*)", _PARAMETER.sub(name, query))
    database = sqlite3.connect(":memory:")
    try:
        _fill(database, request, state)
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        database.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
        until = time.monotonic() + timeout / 1000
        database.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        cursor = database.execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, map(_shown, row), strict=True)) for row in cursor.fetchmany(_MOST_ROWS)]
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        if str(error) == "interrupted":
            raise known("ANALYTICS_QUERY_TIMEOUT", timeout_ms=timeout) from None
        raise known("ANALYTICS_QUERY_ERROR", error=str(error)) from None
    finally:
        database.close()


def _fill(database: sqlite3.Connection, request: Request, state: State) -> None:
    database.execute(
        "CREATE TABLE events (event_type, event_at, data, project_id, branch_id, user_id, refresh_token_id, "
        "session_replay_segment_id, created_at)"
    )
    database.execute("CREATE TABLE users (id, display_name, primary_email, signed_up_at, is_anonymous)")
    project_id = request.project.id
    database.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, 'main', ?, ?, ?, ?)",
        [
            (
                each.event_type,
                iso(each.event_at_millis),
                json.dumps(each.data),
                project_id,
                each.user_id,
                each.session_id,
                each.segment_id,
                iso(each.created_at_millis),
            )
            for each in state[EVENTS].where(project_id=project_id)
        ],
    )
    users = []
    for user in state[USERS].where(project_id=project_id):
        channel = primary_channel(state, user.id)
        address = channel.value if channel else None
        users.append((user.id, user.display_name, address, iso(user.signed_up_at_millis), user.is_anonymous))
    database.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?)", users)


def _typed(value: Any, kind: str) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, str) and kind.startswith(("Int", "UInt")):
        return int(value)
    return float(value) if isinstance(value, str) and kind.startswith("Float") else value


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
