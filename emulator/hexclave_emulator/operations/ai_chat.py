"""`/internal/ai-chat`: the messages of a thread; and rewriting of templates, with a stub model that echoes."""

from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class ChatMessage:
    id: str
    project_id: str
    thread_id: str
    message: JsonObject


CHAT_MESSAGES: Final = table("ai_chat_messages", ChatMessage, indexes=("project_id", "thread_id"))


@route("GET", "/internal/ai-chat/{thread_id}", access=ADMIN)
def list_messages(request: Request, state: State) -> Reply:
    found = state[CHAT_MESSAGES].where(project_id=request.project.id, thread_id=request.params["thread_id"])
    return ok({"messages": [each.message for each in found]})


@route("PATCH", "/internal/ai-chat/{thread_id}", access=ADMIN)
def save_message(request: Request, state: State) -> Reply:
    state[CHAT_MESSAGES].insert(
        ChatMessage(
            id=new_id(),
            project_id=request.project.id,
            thread_id=request.params["thread_id"],
            message=request.body["message"],
        )
    )
    return ok({})


@route("POST", "/internal/rewrite-template-source", access=ADMIN)
def rewrite_source(request: Request, _state: State) -> Reply:
    return ok({"tsx_source": request.body["template_tsx_source"]})
