"""Hexclave on one machine: the REST API with its state and rules, for development and tests. Never for production.

`python -m hexclave_emulator` serves it; `hexclave.testing` runs it inside a test. The rooms, ground floor first:

    messages/       requests, replies, refusals (as exceptions), injected faults
    state/          tables of immutable rows; storage.py keeps them in SQLite
    checking/       body, query and path against the description; rules.py is what the description leaves out
    routing/        @route, Request, the table of routes; paging.py
    mail/           sent emails, their templates and rendering
    credentials/    codes, tokens, passwords, passkeys
    webhooks/       events, endpoints and deliveries
    domains/        tables, views and rules of each part of the API; access.py says who calls
    operations/     the routes of each part of the API
    page/           the page at /_emulator
    http/           the steps from a request to its reply; control.py: what the emulator answers besides the API
    emulator.py     Emulator.handle: the one way from a request to its reply, in one transaction
    server.py       ASGI and uvicorn; the only module that knows of sockets

To add a part of the API, add its tables to `domains/` and its routes to `operations/`; nothing else needs an entry:

    @attrs.frozen(kw_only=True)
    class Thing:                # JSON types alone, an `id`, never changed in place
        id: str
        project_id: str         # rows go when their project goes,
        user_id: str            # and, indexed by it, when their user goes
        name: str

    THINGS: Final = table("things", Thing, indexes=("project_id", "user_id"))

    @route("POST", "/things", access=SERVER, rules={"body.name": at_most(256), "body.owner_id": USER_ID})
    def post_thing(request: Request, state: State) -> Reply:
        user = find_user(state, request.project.id, request.user_id(request.body["owner_id"]))
        thing = state[THINGS].insert(Thing(id=new_id(), project_id=user.project_id, user_id=user.id, …))
        emit(state, user.project_id, "thing.created", thing_view(thing), now=request.now)
        return created(thing_view(thing))

Template and parameter names are those of `spec/openapi.yaml`, which says what the operation takes: unknown fields are
refused and scalars coerced before the handler runs, which gets only the fields that were given. `rules` add what the
documents leave out: formats, lengths, fields that the API demands all the same. Refuse with
`raise known("THING_NOT_FOUND", …)` or, where the API has no code, `raise plain(404, "its exact text")`; add
`.keeping()` to keep what was written. Time is `request.now`, never the operating system's. Where releases
differ ask `request.release`: `2026-04` is the API of the recordings, with its faults; `2026-09` is the one described.
"""

from hexclave_emulator import _requirements  # noqa: F401 -- says what to install where something is missing
from hexclave_emulator.emulator import Emulator
from hexclave_emulator.messages.exchange import HttpRequest, Reply
from hexclave_emulator.messages.faults import Fault

__all__ = ["Emulator", "Fault", "HttpRequest", "Reply"]
