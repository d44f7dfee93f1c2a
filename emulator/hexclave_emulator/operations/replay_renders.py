"""`/session-replays/{session_replay_id}/renders`: recordings as videos. They become ready as the clock advances; the
video itself is empty.
"""

from typing import Final

import attrs

from hexclave_emulator.checking.rules import UUID, Rule, between
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.operations.session_replays import CHUNKS, find_replay
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_PATH: Final = "/session-replays/{session_replay_id}/renders"
_QUEUED: Final = 1000
"""Milliseconds before the rendering begins."""
_RENDERING: Final = 4000
"""Duration of the rendering in milliseconds."""
_LINK_LIFE: Final = 3600 * 1000
_OPTIONS: Final[dict[str, Rule]] = {
    "body.session_replay_segment_id": UUID,
    "body.fps": between(1, 60),
    "body.speed": between(0.25, 16),
}


@attrs.frozen(kw_only=True)
class Render:
    id: str
    project_id: str
    user_id: str
    replay_id: str
    segment_id: str
    options: JsonObject
    created_at_millis: int


RENDERS: Final = table("session_replay_renders", Render, indexes=("project_id", "user_id", "replay_id"))


@route("GET", _PATH, access=SERVER)
def list_renders(request: Request, state: State) -> Reply:
    replay = find_replay(request, state)
    found = reversed(state[RENDERS].where(replay_id=replay.id))
    return ok({"items": [_view(request, state, each) for each in found]})


@route("POST", _PATH, access=SERVER, rules=_OPTIONS)
def create_render(request: Request, state: State) -> Reply:
    replay, body = find_replay(request, state), request.body
    segments = [each.segment_id for each in state[CHUNKS].where(replay_id=replay.id)]
    wanted = body.get("session_replay_segment_id", segments[0])
    if wanted not in segments:
        raise known("ITEM_NOT_FOUND", item_id=wanted)
    options = {
        "fps": body.get("fps", 15),
        "speed": body.get("speed", 1),
        "skip_inactivity": body.get("skip_inactivity", True),
    }
    made = Render(
        id=new_id(),
        project_id=replay.project_id,
        user_id=replay.user_id,
        replay_id=replay.id,
        segment_id=wanted,
        options=options,
        created_at_millis=request.now,
    )
    return ok(_view(request, state, state[RENDERS].insert(made)))


@route("GET", f"{_PATH}/{{render_id}}", access=SERVER)
def get_render(request: Request, state: State) -> Reply:
    replay = find_replay(request, state)
    found = state[RENDERS].get(request.params["render_id"])
    if found is None or found.replay_id != replay.id:
        raise known("ITEM_NOT_FOUND", item_id=request.params["render_id"])
    return ok(_view(request, state, found))


def _view(request: Request, state: State, render: Render) -> JsonObject:
    begins = render.created_at_millis + _QUEUED
    ends = begins + _RENDERING
    has_begun, has_ended = request.now >= begins, request.now >= ends
    chunks = [each for each in state[CHUNKS].where(replay_id=render.replay_id) if each.segment_id == render.segment_id]
    length = max(each.last_event_at_millis for each in chunks) - min(each.first_event_at_millis for each in chunks)
    video = {
        "url": f"{request.base_url}/session-replay-renders/{render.id}.mp4",
        "url_expires_at_millis": request.now + _LINK_LIFE,
        "byte_length": 0,
        "width": 1280,
        "height": 720,
        "duration_ms": length / render.options["speed"],
    }
    return {
        "id": render.id,
        "session_replay_id": render.replay_id,
        "session_replay_segment_id": render.segment_id,
        "status": "succeeded" if has_ended else "rendering" if has_begun else "queued",
        "progress": min(1.0, (request.now - begins) / _RENDERING) if has_begun else None,
        "options": render.options,
        "error_message": None,
        "created_at_millis": render.created_at_millis,
        "started_at_millis": begins if has_begun else None,
        "finished_at_millis": ends if has_ended else None,
        "video": video if has_ended else None,
    }
