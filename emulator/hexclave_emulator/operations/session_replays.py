"""Recordings of browser sessions, in the chunks in which they were uploaded."""

import gzip
import json
from typing import Any, Final

import attrs

from hexclave_emulator.checking.rules import UUID, between
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.teams import MEMBERSHIPS
from hexclave_emulator.domains.users import USERS
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.operations.analytics import require_analytics
from hexclave_emulator.routing.routes import ADMIN, CLIENT, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class Replay:
    """The recording of one session."""

    id: str
    project_id: str
    user_id: str
    session_id: str


@attrs.frozen(kw_only=True)
class Chunk:
    id: str
    project_id: str
    user_id: str
    replay_id: str
    batch_id: str
    segment_id: str
    browser_session_id: str
    events: list[JsonObject]
    byte_length: int
    first_event_at_millis: int
    last_event_at_millis: int
    created_at_millis: int


REPLAYS: Final = table("session_replays", Replay, indexes=("project_id", "user_id", "session_id"))
CHUNKS: Final = table("session_replay_chunks", Chunk, indexes=("replay_id", "user_id", "project_id"))
_IDS: Final = {f"body.{name}": UUID for name in ("browser_session_id", "session_replay_segment_id", "batch_id")}
_LIMIT: Final = {"query.limit": between(1, 1000)}


@route("POST", "/session-replays/batch", access=CLIENT, rules=_IDS)
def upload(request: Request, state: State) -> Reply:
    require_analytics(request)
    body, user = request.body, request.user
    session_id = request.caller.session_id or ""
    replay = state[REPLAYS].first(session_id=session_id, user_id=user.id) or state[REPLAYS].insert(
        Replay(id=new_id(), project_id=user.project_id, user_id=user.id, session_id=session_id)
    )
    is_known = state[CHUNKS].first(replay_id=replay.id, batch_id=body["batch_id"]) is not None
    if not is_known:
        times = [_time(event, body["sent_at_ms"]) for event in body["events"]]
        state[CHUNKS].insert(
            Chunk(
                id=new_id(),
                project_id=user.project_id,
                user_id=user.id,
                replay_id=replay.id,
                batch_id=body["batch_id"],
                segment_id=body["session_replay_segment_id"],
                browser_session_id=body["browser_session_id"],
                events=body["events"],
                byte_length=_stored_size(replay.id, body),
                first_event_at_millis=min(times),
                last_event_at_millis=max(times),
                created_at_millis=request.now,
            )
        )
    key = f"session-replays/{user.project_id}/main/{replay.id}/{body['batch_id']}.json.gz"
    return ok({"session_replay_id": replay.id, "batch_id": body["batch_id"], "s3_key": key, "deduped": is_known})


@route("GET", "/internal/session-replays", access=ADMIN, rules=_LIMIT)
@route("GET", "/session-replays", access=SERVER, rules=_LIMIT)
def list_replays(request: Request, state: State) -> Reply:
    replays = state[REPLAYS].where(project_id=request.project.id)
    found = [_view(request, state, each) for each in replays if _is_wanted(request, state, each)]
    found.sort(key=lambda view: view["last_event_at_millis"], reverse=True)
    return _page(request, found)


@route("GET", "/session-replays/{session_replay_id}", access=SERVER)
def get_replay(request: Request, state: State) -> Reply:
    return ok(_view(request, state, find_replay(request, state)))


@route("GET", "/internal/session-replays/{session_replay_id}/chunks", access=ADMIN, rules=_LIMIT)
@route("GET", "/session-replays/{session_replay_id}/chunks", access=SERVER, rules=_LIMIT)
def list_chunks(request: Request, state: State) -> Reply:
    chunks = state[CHUNKS].where(replay_id=find_replay(request, state).id)
    return _page(request, [{**_chunk_view(each), "browser_session_id": each.browser_session_id} for each in chunks])


@route("GET", "/internal/session-replays/{session_replay_id}/chunks/{chunk_id}/events", access=ADMIN)
@route("GET", "/session-replays/{session_replay_id}/chunks/{chunk_id}/events", access=SERVER)
def get_chunk_events(request: Request, state: State) -> Reply:
    chunk = state[CHUNKS].get(request.params["chunk_id"])
    if chunk is None or chunk.replay_id != find_replay(request, state).id:
        raise known("ITEM_NOT_FOUND", item_id=request.params["chunk_id"])
    return ok({"events": chunk.events})


_PART: Final = {"query.offset": between(0), "query.limit": between(1, 1000)}


@route("GET", "/internal/session-replays/{session_replay_id}/events", access=ADMIN, rules=_PART)
@route("GET", "/session-replays/{session_replay_id}/events", access=SERVER, rules=_PART)
def get_events(request: Request, state: State) -> Reply:
    chunks = state[CHUNKS].where(replay_id=find_replay(request, state).id)
    start = request.query.get("offset", 0)
    shown = chunks[start : start + request.query.get("limit", len(chunks))]
    events = [{"chunk_id": each.id, "events": each.events} for each in shown]
    return ok({"chunks": [_chunk_view(each) for each in chunks], "chunk_events": events})


def find_replay(request: Request, state: State) -> Replay:
    identifier = request.params["session_replay_id"]
    found = state[REPLAYS].get(identifier)
    if found is None or found.project_id != request.project.id:
        raise known("ITEM_NOT_FOUND", item_id=identifier)
    return found


def _page(request: Request, found: list[JsonObject]) -> Reply:
    if "cursor" in request.query:
        ids = [each["id"] for each in found]
        if request.query["cursor"] not in ids:
            raise known("ITEM_NOT_FOUND", item_id=request.query["cursor"])
        found = found[ids.index(request.query["cursor"]) :]
    limit = request.query.get("limit", 50)
    following = found[limit]["id"] if limit < len(found) else None
    return ok({"items": found[:limit], "pagination": {"next_cursor": following}})


def _is_wanted(request: Request, state: State, replay: Replay) -> bool:
    query, chunks = request.query, state[CHUNKS].where(replay_id=replay.id)
    began, ended = _span(chunks)
    teams = {each.team_id for each in state[MEMBERSHIPS].where(user_id=replay.user_id)}
    clicks = sum(1 for chunk in chunks for event in chunk.events if _is_click(event))
    return (
        ("user_ids" not in query or replay.user_id in query["user_ids"])
        and ("team_ids" not in query or bool(teams & set(query["team_ids"])))
        and query.get("duration_ms_min", 0) <= ended - began <= query.get("duration_ms_max", ended - began)
        and query.get("last_event_at_from_millis", ended) <= ended <= query.get("last_event_at_to_millis", ended)
        and clicks >= query.get("click_count_min", 0)
    )


def _view(request: Request, state: State, replay: Replay) -> JsonObject:
    chunks, user = state[CHUNKS].where(replay_id=replay.id), state[USERS].get(replay.user_id)
    channel = primary_channel(state, replay.user_id)
    began, ended = _span(chunks)
    view: JsonObject = {
        "id": replay.id,
        "project_user": {
            "id": replay.user_id,
            "display_name": user.display_name if user else None,
            "primary_email": channel.value if channel else None,
        },
        "started_at_millis": began,
        "last_event_at_millis": ended,
        "chunk_count": len(chunks),
        "event_count": sum(len(each.events) for each in chunks),
    }
    is_older = "/internal/" in request.path
    return view if is_older else view | {"refresh_token_id": replay.session_id}


def _stored_size(replay_id: str, body: JsonObject) -> int:
    """Return the size of the file in which the API would store this chunk."""
    content = json.dumps({"v": 1, "session_replay_id": replay_id, **body}, separators=(",", ":"), ensure_ascii=False)
    return len(gzip.compress(content.encode("utf-8", "replace"), 6, mtime=0))


def _chunk_view(chunk: Chunk) -> JsonObject:
    return {
        "id": chunk.id,
        "batch_id": chunk.batch_id,
        "session_replay_segment_id": chunk.segment_id,
        "event_count": len(chunk.events),
        "byte_length": chunk.byte_length,
        "first_event_at_millis": chunk.first_event_at_millis,
        "last_event_at_millis": chunk.last_event_at_millis,
        "created_at_millis": chunk.created_at_millis,
    }


def _span(chunks: list[Chunk]) -> tuple[int, int]:
    return min(each.first_event_at_millis for each in chunks), max(each.last_event_at_millis for each in chunks)


def _time(event: JsonObject, otherwise: int) -> int:
    found: Any = event.get("timestamp")
    return found if isinstance(found, int) and not isinstance(found, bool) else otherwise


def _is_click(event: JsonObject) -> bool:
    """Return true for a click among the events of rrweb, the recorder used in browsers."""
    data = event.get("data")
    return event.get("type") == 3 and isinstance(data, dict) and data.get("source") == 2 and data.get("type") == 2
