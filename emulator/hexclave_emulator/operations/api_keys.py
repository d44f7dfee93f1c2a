"""`/user-api-keys` and `/team-api-keys`, and the revocation of leaked keys."""

from typing import Final

from hexclave_emulator.checking.rules import NOT_NULL, REQUIRED, TEXT, UNDESCRIBED, USER_ID, UUID, Rule
from hexclave_emulator.domains.accounts import user_in_body
from hexclave_emulator.domains.api_keys import API_KEYS, ApiKey, Kind, key_view, make_key
from hexclave_emulator.domains.contact_channels import primary_channel
from hexclave_emulator.domains.permissions import has_team_permission, permissions_held
from hexclave_emulator.domains.teams import find_team
from hexclave_emulator.mail.messages import send_mail
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, page, success
from hexclave_emulator.messages.refusals import known, plain, unguarded
from hexclave_emulator.routing.routes import CLIENT, OPEN, SERVER, Request, route
from hexclave_emulator.state.tables import State

_OWNER: Final[dict[Kind, Rule]] = {"user": USER_ID, "team": UUID}
_TRUE: Final = Rule((lambda value: None if value is True else "must be one of the following values: true",))


def _serve(kind: Kind) -> None:
    path, owner = f"/{kind}-api-keys", f"{kind}_id"
    one = {"params.api_key_id": UUID, **({"query.team_id": UUID} if kind == "team" else {})}

    @route("POST", path, access=CLIENT, rules={f"body.{owner}": _OWNER[kind]})
    def post_key(request: Request, state: State) -> Reply:
        _check_enabled(request, kind)
        owner_id = _owner_id(request, kind, request.body)
        _check_manager(request, state, kind, owner_id)
        _check_owner(request, state, kind, owner_id)
        key = make_key(state, kind, request.project.id, owner_id, request.body, now=request.now)
        return ok(key_view(key, whole=True))

    @route("GET", path, access=CLIENT, rules={f"query.{owner}": _OWNER[kind]})
    def list_keys(request: Request, state: State) -> Reply:
        _check_enabled(request, kind)
        if owner not in request.query:
            message = f"{owner} is required for {kind} API keys"
            raise known("SCHEMA_ERROR", message, message=message)
        owner_id = _owner_id(request, kind, request.query)
        _check_manager(request, state, kind, owner_id)
        found = state[API_KEYS].where(project_id=request.project.id, **{owner: owner_id})
        return page([key_view(each) for each in reversed(found)])

    @route("POST", f"{path}/check", access=SERVER)
    def check_key(request: Request, state: State) -> Reply:
        _check_enabled(request, kind)
        key = state[API_KEYS].first(value=request.body["api_key"], project_id=request.project.id)
        if key is None:
            raise known("API_KEY_NOT_FOUND")
        if key.kind != kind:
            raise known("WRONG_API_KEY_TYPE", expected_type=kind, actual_type=key.kind)
        if key.manually_revoked_at_millis is not None:
            raise known("API_KEY_REVOKED")
        _check_unexpired(request, key)
        return ok(key_view(key))

    @route("GET", f"{path}/{{api_key_id}}", access=CLIENT, rules=one)
    def get_key(request: Request, state: State) -> Reply:
        return ok(key_view(_find(request, state, kind)))

    @route("PATCH", f"{path}/{{api_key_id}}", access=CLIENT, rules=one | {"body.revoked": _TRUE})
    def patch_key(request: Request, state: State) -> Reply:
        key = _find(request, state, kind)
        changes: JsonObject = {}
        if "description" in request.body:
            changes["description"] = request.body["description"]
        if request.body.get("revoked") and key.manually_revoked_at_millis is None:
            changes["manually_revoked_at_millis"] = request.now
        return ok(key_view(state[API_KEYS].update(key, **changes)))


_serve("user")
_serve("team")


def _check_enabled(request: Request, kind: Kind) -> None:
    if not request.project.config["apiKeys"]["enabled"][kind]:
        raise plain(400, f"{kind.capitalize()} API keys are not enabled for this project.")


def _owner_id(request: Request, kind: Kind, given: JsonObject) -> str:
    return request.user_id(given["user_id"]) if kind == "user" else str(given["team_id"])


def _check_manager(request: Request, state: State, kind: Kind, owner_id: str) -> None:
    """Refuse clients that may not manage these keys."""
    if not request.is_client:
        return
    current = request.user.id
    if kind == "user" and current != owner_id:
        raise plain(403, "Client can only manage their own api keys")
    if kind == "team" and not has_team_permission(state, request.project, owner_id, current, "$manage_api_keys"):
        raise known("API_KEY_NOT_FOUND")  # does not reveal whether the team exists


def _check_owner(request: Request, state: State, kind: Kind, owner_id: str) -> None:
    """Refuse keys for users and teams that do not exist."""
    with unguarded(request.release):
        if kind == "user":
            user_in_body(state, request.project, owner_id)
        else:
            find_team(state, request.project.id, owner_id)


def _find(request: Request, state: State, kind: Kind) -> ApiKey:
    _check_enabled(request, kind)
    key = state[API_KEYS].get(request.params["api_key_id"])
    if key is None or key.project_id != request.project.id or key.kind != kind:
        raise known("API_KEY_NOT_FOUND")
    _check_manager(request, state, kind, key.user_id or key.team_id or "")
    return key


def _check_unexpired(request: Request, key: ApiKey) -> None:
    if key.expires_at_millis is not None and key.expires_at_millis < request.now:
        raise known("API_KEY_EXPIRED")


@route(
    "POST",
    "/integrations/credential-scanning/revoke",
    access=OPEN,
    rules={"body.api_key": UNDESCRIBED & REQUIRED & NOT_NULL & TEXT},
)
def revoke_leaked_key(request: Request, state: State) -> Reply:
    key = state[API_KEYS].first(value=request.body["api_key"])
    if key is None:
        raise known("API_KEY_NOT_FOUND")
    if key.is_public:
        raise known("PUBLIC_API_KEY_CANNOT_BE_REVOKED")
    _check_unexpired(request, key)
    if key.manually_revoked_at_millis is None:
        state[API_KEYS].update(key, manually_revoked_at_millis=request.now)
        for email in _affected(request, state, key):
            _warn(request, state, key, email)
    return success()


def _affected(request: Request, state: State, key: ApiKey) -> list[str]:
    """Return the addresses of the user, or of the members who manage the team's keys."""
    user_ids = [key.user_id]
    if key.team_id is not None:
        project = request.emulator.project(key.project_id)
        holders = permissions_held(
            state, project, "team", permission_id="$manage_api_keys", recursive=True, team_id=key.team_id
        )
        user_ids = [each["user_id"] for each in holders]
    channels = [primary_channel(state, user_id) for user_id in user_ids if user_id is not None]
    return [channel.value for channel in channels if channel is not None]


def _warn(request: Request, state: State, key: ApiKey, email: str) -> None:
    name = request.emulator.project(key.project_id).display_name
    send_mail(
        state,
        key.project_id,
        email,
        "api_key_revoked",
        f"API Key Revoked: {key.description}",
        f'The API key "{key.description}" of {name} was found in public and has been revoked. Please make a new one.',
        now=request.now,
        user_id=key.user_id,
    )
