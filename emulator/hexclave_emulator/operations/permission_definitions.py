"""`/team-permission-definitions` and `/project-permission-definitions`: the permissions that a project defines."""

from typing import Final

from hexclave_emulator.checking.rules import Said, between, matches
from hexclave_emulator.domains.permissions import (
    GRANTS,
    PERMISSION_ID,
    PERMISSION_IDS,
    SYSTEM,
    Scope,
    definition_view,
    definitions,
    own_definitions,
)
from hexclave_emulator.domains.projects import change_settings
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, success
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.routing.paging import paged
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.tables import State

_OWN_ID: Final = matches(r"[a-z0-9_:]+", Said('Only lowercase letters, numbers, ":", "_" are allowed'))
_FIELDS: Final = {"body.id": _OWN_ID, "body.contained_permission_ids": PERMISSION_IDS}
_ONE: Final = {"params.permission_id": PERMISSION_ID}


def _serve(scope: Scope) -> None:
    path = f"/{scope}-permission-definitions"

    @route("GET", path, access=ADMIN, rules={"query.limit": between(1)} if scope == "team" else None)
    def list_definitions(request: Request, _state: State) -> Reply:
        found = list(definitions(request.project, scope).values())
        return paged(request, found, words=("id", "description"))

    @route("POST", path, access=ADMIN, rules=_FIELDS)
    def post_definition(request: Request, state: State) -> Reply:
        own, body = own_definitions(request.project), request.body
        if body["id"] in own:
            raise known("PERMISSION_ID_ALREADY_EXISTS", permission_id=body["id"])
        made = _made(request, scope, body)
        change_settings(state, request.project, {"rbac.permissions": {**own, body["id"]: made}})
        return created(_view(body["id"], made))

    @route("PATCH", f"{path}/{{permission_id}}", access=ADMIN, rules=_ONE | _FIELDS)
    def patch_definition(request: Request, state: State) -> Reply:
        old_id = _existing(request, scope)
        new_id = request.body.get("id", old_id)
        own = own_definitions(request.project)
        if new_id != old_id and new_id in own:
            raise known("PERMISSION_ID_ALREADY_EXISTS", permission_id=new_id)
        made = _made(request, scope, request.body)
        others = {name: _renamed(each, old_id, new_id) for name, each in own.items() if name != old_id}
        change_settings(state, request.project, {"rbac.permissions": {**others, new_id: made}})
        for grant in state[GRANTS].where(project_id=request.project.id, permission_id=old_id):
            state[GRANTS].update(grant, permission_id=new_id)
        return ok(_view(new_id, made))

    @route("DELETE", f"{path}/{{permission_id}}", access=ADMIN, rules=_ONE)
    def delete_definition(request: Request, state: State) -> Reply:
        old_id = _existing(request, scope)
        own = own_definitions(request.project)
        others = {name: _renamed(each, old_id, None) for name, each in own.items() if name != old_id}
        change_settings(state, request.project, {"rbac.permissions": others})
        for grant in state[GRANTS].where(project_id=request.project.id, permission_id=old_id):
            state[GRANTS].delete(grant.id)
        return success()


_serve("team")
_serve("project")


def _existing(request: Request, scope: Scope) -> str:
    permission_id = request.params["permission_id"]
    if permission_id in SYSTEM or permission_id not in definitions(request.project, scope):
        raise known("PERMISSION_NOT_FOUND", permission_id=permission_id)
    return permission_id


def _made(request: Request, scope: Scope, body: JsonObject) -> JsonObject:
    """Return the setting for a body. A change is complete: omitted fields are removed, as in the real API."""
    contained = body.get("contained_permission_ids", [])
    missing = next((each for each in contained if each not in definitions(request.project, scope)), None)
    if missing is not None:
        raise known("CONTAINED_PERMISSION_NOT_FOUND", permission_id=missing)
    description = {"description": body["description"]} if body.get("description") else {}
    return {**description, "scope": scope, "containedPermissionIds": dict.fromkeys(contained, True)}


def _view(permission_id: str, made: JsonObject) -> JsonObject:
    return definition_view(permission_id, made.get("description"), made["containedPermissionIds"])


def _renamed(setting: JsonObject, old_id: str, new_id: str | None) -> JsonObject:
    """Return the setting of another permission, which contains the renamed one by its new id, or no longer."""
    names = [new_id if name == old_id else name for name in setting["containedPermissionIds"]]
    return {**setting, "containedPermissionIds": {name: True for name in names if name is not None}}
