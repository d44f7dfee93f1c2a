"""`/project-secrets`: values for services and workflows of a project. They are never returned."""

from typing import Final

import attrs

from hexclave_emulator.checking.rules import NOT_EMPTY, matches
from hexclave_emulator.messages.exchange import Reply, ok, success
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_KEY: Final = matches(r"[A-Za-z0-9_-]{1,256}", "must have letters, digits, underscores and hyphens only")
_ALL: Final = "all"
"""The environment of a secret without one."""


@attrs.frozen(kw_only=True)
class ProjectSecret:
    id: str
    project_id: str
    key: str
    environment: str
    value: str
    created_at_millis: int
    updated_at_millis: int


PROJECT_SECRETS: Final = table("project_secrets", ProjectSecret, indexes=("project_id",))


@route("GET", "/project-secrets", access=SERVER)
def list_secrets(request: Request, state: State) -> Reply:
    found = state[PROJECT_SECRETS].where(project_id=request.project.id)
    views = [
        {
            "key": each.key,
            "environment": each.environment,
            "created_at_millis": each.created_at_millis,
            "updated_at_millis": each.updated_at_millis,
        }
        for each in sorted(found, key=lambda each: (each.key, each.environment))
    ]
    return ok({"items": views})


@route("POST", "/project-secrets", access=SERVER, rules={"body.key": _KEY, "body.value": NOT_EMPTY})
def set_secret(request: Request, state: State) -> Reply:
    body = request.body
    key, environment = body["key"], body.get("environment", _ALL)
    found = _find(state, request, key, environment)
    if found is None:
        state[PROJECT_SECRETS].insert(
            ProjectSecret(
                id=new_id(),
                project_id=request.project.id,
                key=key,
                environment=environment,
                value=body["value"],
                created_at_millis=request.now,
                updated_at_millis=request.now,
            )
        )
    else:
        state[PROJECT_SECRETS].update(found, value=body["value"], updated_at_millis=request.now)
    return ok({"key": key, "environment": environment, "created": found is None})


@route("DELETE", "/project-secrets/{key}", access=SERVER)
def delete_secret(request: Request, state: State) -> Reply:
    found = _find(state, request, request.params["key"], request.query.get("environment", _ALL))
    if found is None:
        raise plain(404, "Secret not found.")
    state[PROJECT_SECRETS].delete(found.id)
    return success()


def _find(state: State, request: Request, key: str, environment: str) -> ProjectSecret | None:
    return state[PROJECT_SECRETS].first(project_id=request.project.id, key=key, environment=environment)
