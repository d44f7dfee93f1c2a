"""`/team-permissions` and `/project-permissions`: granting, revoking and listing permissions."""

from typing import Final

from hexclave_emulator.checking.rules import REQUIRED, USER_ID, UUID, Rule
from hexclave_emulator.domains.permissions import (
    GRANTS,
    PERMISSION_ID,
    Scope,
    check_member,
    grant,
    permissions_held,
)
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, page, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import CLIENT, SERVER, Request, route
from hexclave_emulator.state.tables import State
from hexclave_emulator.webhooks.events import emit

_LISTED: Final = {"query.user_id": USER_ID, "query.permission_id": PERMISSION_ID}
_IN_PROJECT: Final = {"params.user_id": USER_ID, "params.permission_id": PERMISSION_ID}
_IN_TEAM: Final[dict[str, Rule]] = {"params.team_id": UUID, **_IN_PROJECT}
_EMPTY_BODY: Final = {"body": REQUIRED}


@route("GET", "/team-permissions", access=CLIENT, rules={"query.team_id": UUID, **_LISTED})
def list_team_permissions(request: Request, state: State) -> Reply:
    return _list(request, state, "team")


@route("GET", "/project-permissions", access=CLIENT, rules=_LISTED)
def list_project_permissions(request: Request, state: State) -> Reply:
    return _list(request, state, "project")


def _list(request: Request, state: State, scope: Scope) -> Reply:
    where = {name: request.query[name] for name in ("team_id", "user_id") if name in request.query}
    if "user_id" in where:
        where["user_id"] = request.user_id(where["user_id"])
    if request.is_client and where.get("user_id") != request.user_id("me"):
        raise plain(
            403,
            "Client can only list permissions for their own user. "
            'user_id must be either "me" or the ID of the current user',
        )
    query = request.query
    permission_id, recursive = query.get("permission_id"), bool(query.get("recursive"))
    found = permissions_held(state, request.project, scope, permission_id=permission_id, recursive=recursive, **where)
    return page(found)


@route("POST", "/team-permissions/{team_id}/{user_id}/{permission_id}", access=SERVER, rules=_IN_TEAM | _EMPTY_BODY)
def grant_team_permission(request: Request, state: State) -> Reply:
    view = _named(request)
    check_member(state, request.project, view["team_id"], view["user_id"])
    grant(state, request.project, view["user_id"], view["id"], team_id=view["team_id"])
    emit(state, request.project.id, "team_permission.created", view, now=request.now)
    return created(view)


@route("DELETE", "/team-permissions/{team_id}/{user_id}/{permission_id}", access=SERVER, rules=_IN_TEAM)
def revoke_team_permission(request: Request, state: State) -> Reply:
    view = _named(request)
    check_member(state, request.project, view["team_id"], view["user_id"])
    if not _take(request, state, view):
        details = {"team_id": view["team_id"], "user_id": view["user_id"], "permission_id": view["id"]}
        raise known("TEAM_PERMISSION_NOT_FOUND", **details)
    emit(state, request.project.id, "team_permission.deleted", view, now=request.now)
    return success()


@route("POST", "/project-permissions/{user_id}/{permission_id}", access=SERVER, rules=_IN_PROJECT | _EMPTY_BODY)
def grant_project_permission(request: Request, state: State) -> Reply:
    view = _named(request)
    find_user(state, request.project.id, view["user_id"])
    grant(state, request.project, view["user_id"], view["id"])
    emit(state, request.project.id, "project_permission.created", view, now=request.now)
    return created(view)


@route("DELETE", "/project-permissions/{user_id}/{permission_id}", access=SERVER, rules=_IN_PROJECT)
def revoke_project_permission(request: Request, state: State) -> Reply:
    view = _named(request)
    find_user(state, request.project.id, view["user_id"])
    if not _take(request, state, view):
        raise known("PERMISSION_NOT_FOUND", permission_id=view["id"])
    emit(state, request.project.id, "project_permission.deleted", view, now=request.now)
    return success()


def _named(request: Request) -> JsonObject:
    """Return the permission in the path, in the form used by replies and events."""
    team = {"team_id": request.params["team_id"]} if "team_id" in request.params else {}
    return {"id": request.params["permission_id"], "user_id": request.user_id(request.params["user_id"]), **team}


def _take(request: Request, state: State, view: JsonObject) -> bool:
    """Revoke a direct grant; return true if there was one."""
    found = state[GRANTS].first(
        team_id=view.get("team_id"), user_id=view["user_id"], permission_id=view["id"], project_id=request.project.id
    )
    if found is None:
        return False
    state[GRANTS].delete(found.id)
    return True
