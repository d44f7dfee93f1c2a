"""Projects, their keys and settings."""

from typing import Any, Final

from hexclave_emulator.domains.project_views import setting_changes
from hexclave_emulator.domains.projects import PROJECTS, change_settings, create_key_set, create_project
from hexclave_emulator.domains.seed import READY_SETTINGS
from hexclave_emulator.messages.exchange import JsonObject
from tests.contract.conformance.recording import Exchange, objects
from tests.contract.conformance.world import World, presupposes

_KEYS: Final = {
    "publishable-client-key": ("publishable_client_key", "INVALID_PUBLISHABLE_CLIENT_KEY"),
    "secret-server-key": ("secret_server_key", "INVALID_SECRET_SERVER_KEY"),
    "super-secret-admin-key": ("super_secret_admin_key", "INVALID_SUPER_SECRET_ADMIN_KEY"),
}
_YEAR: Final = 366 * 24 * 3600 * 1000

REFUSED: Final[dict[str, JsonObject]] = {
    "PASSWORD_AUTHENTICATION_NOT_ENABLED": {"auth.password.allowSignIn": False},
    "SIGN_UP_NOT_ENABLED": {"auth.allowSignUp": False},
    "PASSKEY_AUTHENTICATION_NOT_ENABLED": {"auth.passkey.allowSignIn": False},
    "ANALYTICS_NOT_ENABLED": {"apps.installed.analytics.enabled": False},
    "REQUIRES_CUSTOM_EMAIL_SERVER": {"emails.server": {"isShared": True, "provider": "smtp"}},
    "PUBLISHABLE_CLIENT_KEY_REQUIRED_FOR_PROJECT": {"project.requirePublishableClientKey": True},
    "OTP sign-in is not enabled for this project": {"auth.otp.allowSignIn": False},
    "Client user deletion is not enabled for this project": {"users.allowClientUserDeletion": False},
    "Client team creation is disabled for this project": {"teams.allowClientTeamCreation": False},
    "User API keys are not enabled for this project.": {"apiKeys.enabled.user": False},
    "Team API keys are not enabled for this project.": {"apiKeys.enabled.team": False},
}
"""Settings of the project implied by an error, by its code or its text."""


@presupposes(10)
def make_projects(world: World) -> None:
    """Create every project that a request names and the API knew."""
    for project_id in dict.fromkeys(_named(exchange) for exchange in world.exchanges if _knew_project(exchange)):
        if project_id is None or not world.is_presupposed(project_id):
            continue
        view = _first_view(world, project_id)
        name = view["display_name"] if view else "Recorded"
        project = create_project(
            world.state, now=world.begins, display_name=name, changes=READY_SETTINGS, project_id=project_id
        )
        if project_id == "internal":
            project = change_settings(world.state, project, {"teams.createPersonalTeamOnSignUp": True})
        if view is not None:
            project = change_settings(world.state, project, _settings(view["config"]))
        else:
            project = change_settings(world.state, project, {"auth.oauth.providers": _providers(world, project_id)})
        for exchange in world.exchanges:
            text = exchange.code or (exchange.reply if isinstance(exchange.reply, str) else "")
            if _named(exchange) == project_id and text in REFUSED:
                project = change_settings(world.state, project, REFUSED[text])


def _named(exchange: Exchange) -> str | None:
    if exchange.project_id:
        return exchange.project_id
    if exchange.route.endswith("jwks.json"):
        return exchange.path.split("/")[4]
    body = exchange.body
    if isinstance(body, dict) and exchange.succeeded:
        return body.get("client_id") or exchange.query.get("client_id")
    return exchange.query.get("client_id") if exchange.actual_status < 400 else None


def _knew_project(exchange: Exchange) -> bool:
    return exchange.code != "CURRENT_PROJECT_NOT_FOUND" and exchange.reply != "Project not found"


def _first_view(world: World, project_id: str) -> dict[str, Any] | None:
    for exchange in [*world.exchanges, *world.library]:
        reply = exchange.reply
        if exchange.succeeded and isinstance(reply, dict) and reply.get("id") == project_id and "config" in reply:
            return reply
    return None


def _providers(world: World, project_id: str) -> JsonObject:
    """Return the providers used by requests, if nothing shows which ones the project has."""
    found: set[str] = set()
    for exchange in world.exchanges:
        if _named(exchange) != project_id or exchange.actual_status >= 400:
            continue
        segments = exchange.route.partition(" ")[2].split("/")
        if segments[:2] == ["auth", "oauth"] and len(segments) > 3:
            found.add(segments[3])
        elif segments[0] == "connected-accounts" and len(segments) > 3:
            found.add(segments[2])
        for shown in [*objects(exchange.reply), *objects(exchange.body)]:
            if isinstance(shown.get("provider_config_id"), str):
                found.add(shown["provider_config_id"])
            found |= {each["id"] for each in shown.get("oauth_providers") or () if "account_id" in each}
    return {each: _provider(each) for each in sorted(found)}


def _provider(provider_id: str) -> JsonObject:
    return {"type": provider_id, "isShared": False, "allowSignIn": True, "allowConnectedAccounts": True}


def _settings(config: dict[str, Any]) -> JsonObject:
    changes = setting_changes({name: value for name, value in config.items() if name != "oauth_providers"})
    changes["auth.oauth.providers"] = {each["id"]: _provider(each["id"]) for each in config["enabled_oauth_providers"]}
    return changes


@presupposes(11)
def make_keys(world: World) -> None:
    """Create every key that a request used successfully, unless a reply issued it."""
    handed_out = {
        value
        for exchange in world.exchanges
        if isinstance(exchange.reply, dict)
        for value in exchange.reply.values()
        if isinstance(value, str) and value[:4] in ("pck_", "ssk_", "sak_")
    }
    for project_id, kind, key in dict.fromkeys(
        found for exchange in world.exchanges for found in _accepted_keys(exchange)
    ):
        if key not in handed_out and world.state[PROJECTS].get(project_id) is not None:
            create_key_set(
                world.state,
                project_id,
                now=world.begins,
                description="recorded",
                expires_at_millis=world.begins + _YEAR,
                kinds=(kind,),
                **{kind: key},
            )


def _accepted_keys(exchange: Exchange) -> list[tuple[str, str, str]]:
    found = [
        (exchange.project_id or "", kind, exchange.api[header])
        for header, (kind, refusal) in _KEYS.items()
        if exchange.api.get(header) and exchange.code not in (refusal, "CURRENT_PROJECT_NOT_FOUND")
    ]
    override = exchange.api.get("development-override-key")
    if override:
        found.append(("internal", "super_secret_admin_key", override))
    for source in (exchange.body if isinstance(exchange.body, dict) else {}, exchange.query):
        secret = source.get("client_secret")
        if isinstance(secret, str) and secret.startswith("pck_") and exchange.succeeded:
            found.append((source["client_id"], "publishable_client_key", secret))
    return [each for each in found if each[2] not in ("x", "")]
