"""`/projects/current` and `/internal/projects`: reading the current project; managing one's own projects."""

from hexclave_emulator.checking.rules import OPTIONAL, UUID
from hexclave_emulator.domains.access import INTERNAL
from hexclave_emulator.domains.project_views import LOGOS, admin_project_view, project_view, setting_changes
from hexclave_emulator.domains.projects import (
    KEY_SETS,
    PROJECTS,
    KeySet,
    change_settings,
    create_key_set,
    create_project,
)
from hexclave_emulator.domains.teams import MEMBERSHIPS, membership
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, page, success
from hexclave_emulator.messages.refusals import known, plain
from hexclave_emulator.routing.routes import ADMIN, CLIENT, Request, route
from hexclave_emulator.state.tables import DEFINITIONS, State

_KINDS = ("publishable_client_key", "secret_server_key", "super_secret_admin_key")


@route("GET", "/projects/current", access=CLIENT)
def get_project(request: Request, _state: State) -> Reply:
    return ok(project_view(request.project))


@route("GET", "/internal/projects/current", access=ADMIN)
def get_own_project(request: Request, _state: State) -> Reply:
    return ok(admin_project_view(request.project))


@route("PATCH", "/internal/projects/current", access=ADMIN)
def change_own_project(request: Request, state: State) -> Reply:
    body, project = request.body, request.project
    if "config" in body:
        project = change_settings(state, project, setting_changes(body["config"]))
    names = ("display_name", "description", "is_production_mode", "onboarding_status")
    fields = {name: body[name] for name in names if name in body}
    logos = {name: body[name] for name in LOGOS if name in body}
    return ok(admin_project_view(state[PROJECTS].update(project, **fields, logos={**project.logos, **logos})))


@route("DELETE", "/internal/projects/current", access=ADMIN)
def delete_own_project(request: Request, state: State) -> Reply:
    if request.project.id == INTERNAL:
        raise plain(400, "The internal project cannot be deleted.")
    state[PROJECTS].delete(request.project.id)
    for definition in DEFINITIONS.values():
        for row in state[definition]:
            if getattr(row, "project_id", None) == request.project.id:
                state[definition].delete(row.id)
    return success()


def _require_internal(request: Request) -> None:
    if request.project.id != INTERNAL:
        raise known("EXPECTED_INTERNAL_PROJECT")


@route("GET", "/internal/projects", access=CLIENT)
def list_own_projects(request: Request, state: State) -> Reply:
    _require_internal(request)
    teams = {each.team_id for each in state[MEMBERSHIPS].where(user_id=request.user.id)}
    return page([admin_project_view(each) for each in state[PROJECTS] if each.owner_team_id in teams])


@route("POST", "/internal/projects", access=CLIENT)
def create_own_project(request: Request, state: State) -> Reply:
    _require_internal(request)
    body, user = request.body, request.user
    if membership(state, body["owner_team_id"], user.id) is None:
        raise plain(403, "You are not a member of the team that is to own the project.")
    names = ("description", "owner_team_id", "is_production_mode", "onboarding_status")
    project = create_project(
        state,
        now=request.now,
        display_name=body["display_name"],
        changes=setting_changes(body.get("config", {})),
        logos={name: body[name] for name in LOGOS if name in body},
        **{name: body[name] for name in names if name in body},
    )
    return created(admin_project_view(project))


@route("GET", "/internal/api-keys", access=ADMIN)
def list_key_sets(request: Request, state: State) -> Reply:
    return page([_key_set_view(each) for each in state[KEY_SETS].where(project_id=request.project.id)])


@route("POST", "/internal/api-keys", access=ADMIN, rules={"body.description": OPTIONAL})
def post_key_set(request: Request, state: State) -> Reply:
    body = request.body
    keys = create_key_set(
        state,
        request.project.id,
        now=request.now,
        description=body.get("description", ""),
        expires_at_millis=body["expires_at_millis"],
        kinds=tuple(kind for kind in _KINDS if body[f"has_{kind}"]),
    )
    return ok(_key_set_view(keys, whole=True))


@route("GET", "/internal/api-keys/{api_key_id}", access=ADMIN, rules={"params.api_key_id": UUID})
def get_key_set(request: Request, state: State) -> Reply:
    return ok(_key_set_view(_find(request, state)))


@route("PATCH", "/internal/api-keys/{api_key_id}", access=ADMIN, rules={"params.api_key_id": UUID})
def patch_key_set(request: Request, state: State) -> Reply:
    keys = _find(request, state)
    changes: JsonObject = {}
    if "description" in request.body:
        changes["description"] = request.body["description"]
    if request.body.get("revoked") and keys.manually_revoked_at_millis is None:
        changes["manually_revoked_at_millis"] = request.now
    return ok(_key_set_view(state[KEY_SETS].update(keys, **changes)))


def _find(request: Request, state: State) -> KeySet:
    keys = state[KEY_SETS].get(request.params["api_key_id"])
    if keys is None or keys.project_id != request.project.id:
        raise known("API_KEY_NOT_FOUND")
    return keys


def _key_set_view(keys: KeySet, *, whole: bool = False) -> JsonObject:
    view: JsonObject = {
        "id": keys.id,
        "description": keys.description,
        "created_at_millis": keys.created_at_millis,
        "expires_at_millis": keys.expires_at_millis,
    }
    if keys.manually_revoked_at_millis is not None:
        view["manually_revoked_at_millis"] = keys.manually_revoked_at_millis
    for kind in _KINDS:
        key: str | None = getattr(keys, kind)
        if key is not None:
            view[kind] = key if whole else {"last_four": key[-4:]}
    return view
