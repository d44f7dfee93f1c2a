"""Views and changes of projects: the older flat names of settings, and the dotted names that store them."""

from typing import Any, Final

from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id

_SWITCHES: Final = {
    "allow_localhost": "domains.allowLocalhost",
    "client_team_creation_enabled": "teams.allowClientTeamCreation",
    "client_user_deletion_enabled": "users.allowClientUserDeletion",
    "sign_up_enabled": "auth.allowSignUp",
    "oauth_account_merge_strategy": "auth.oauth.accountMergeStrategy",
    "create_team_on_sign_up": "teams.createPersonalTeamOnSignUp",
    "credential_enabled": "auth.password.allowSignIn",
    "magic_link_enabled": "auth.otp.allowSignIn",
    "passkey_enabled": "auth.passkey.allowSignIn",
    "allow_user_api_keys": "apiKeys.enabled.user",
    "allow_team_api_keys": "apiKeys.enabled.team",
    "email_theme": "emails.selectedThemeId",
    "require_email_verification": "onboarding.requireEmailVerification",
}
_DEFAULT_PERMISSIONS: Final = {
    "team_creator_default_permissions": "rbac.defaultPermissions.teamCreator",
    "team_member_default_permissions": "rbac.defaultPermissions.teamMember",
    "user_default_permissions": "rbac.defaultPermissions.signUp",
}
_CLIENT_SWITCHES: Final = (
    "client_team_creation_enabled",
    "client_user_deletion_enabled",
    "sign_up_enabled",
    "credential_enabled",
    "magic_link_enabled",
    "passkey_enabled",
    "allow_user_api_keys",
    "allow_team_api_keys",
)
_PROVIDER_FIELDS: Final = {
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "facebook_config_id": "facebookConfigId",
    "microsoft_tenant_id": "microsoftTenantId",
}
_SMTP_FIELDS: Final = {
    "host": "host",
    "port": "port",
    "username": "username",
    "password": "password",
    "sender_name": "senderName",
    "sender_email": "senderEmail",
}


def project_view(project: Project) -> JsonObject:
    """Return the project as seen with any key."""
    config = {name: project_setting(project, _SWITCHES[name]) for name in _CLIENT_SWITCHES}
    config["enabled_oauth_providers"] = _enabled_providers(project)
    config["domains"] = _domains(project)
    return {"id": project.id, "display_name": project.display_name, "config": config}


def admin_project_view(project: Project) -> JsonObject:
    """Return the project as seen by its owners."""
    config: JsonObject = {
        name: project_setting(project, dotted)
        for name, dotted in _SWITCHES.items()
        if name != "require_email_verification"
    }
    config |= {
        "oauth_providers": [_provider_view(name, each) for name, each in sorted(_providers(project).items())],
        "enabled_oauth_providers": _enabled_providers(project),
        "domains": _domains(project),
        "email_config": _email_config(project),
    }
    for name, dotted in _DEFAULT_PERMISSIONS.items():
        config[name] = [{"id": each} for each in sorted(project_setting(project, dotted) or {})]
    return {
        "id": project.id,
        "display_name": project.display_name,
        "description": project.description,
        **{name: project.logos.get(name) for name in LOGOS},
        "created_at_millis": project.created_at_millis,
        "is_production_mode": project.is_production_mode,
        "owner_team_id": project.owner_team_id,
        "onboarding_status": project.onboarding_status,
        "config": config,
    }


LOGOS: Final = ("logo_url", "logo_full_url", "logo_dark_mode_url", "logo_full_dark_mode_url")


def setting_changes(config: JsonObject) -> JsonObject:
    """Translate changes by flat names to changes by dotted names."""
    changes: JsonObject = {_SWITCHES[name]: value for name, value in config.items() if name in _SWITCHES}
    for name, dotted in _DEFAULT_PERMISSIONS.items():
        if name in config:
            changes[dotted] = {each["id"]: True for each in config[name]}
    if "oauth_providers" in config:
        changes["auth.oauth.providers"] = {each["id"]: _provider(each) for each in config["oauth_providers"]}
    if "domains" in config:
        changes["domains.trustedDomains"] = {
            new_id(): {"baseUrl": each["domain"], "handlerPath": each.get("handler_path", "/handler")}
            for each in config["domains"]
        }
    if "email_config" in config:
        given = config["email_config"]
        server = {"isShared": given.get("type") == "shared", "provider": "smtp"}
        changes["emails.server"] = server | _renamed(given, _SMTP_FIELDS)
    return changes


def _providers(project: Project) -> JsonObject:
    return dict(project_setting(project, "auth.oauth.providers") or {})


def _enabled_providers(project: Project) -> list[JsonObject]:
    providers = _providers(project)
    return [{"id": name} for name in sorted(providers) if providers[name].get("allowSignIn", True)]


def _domains(project: Project) -> list[JsonObject]:
    domains: JsonObject = project_setting(project, "domains.trustedDomains") or {}
    found = [{"domain": each.get("baseUrl"), "handler_path": each.get("handlerPath")} for each in domains.values()]
    return sorted(found, key=lambda each: str(each["domain"]))


def _email_config(project: Project) -> JsonObject:
    server: JsonObject = project_setting(project, "emails.server")
    if server.get("isShared"):
        return {"type": "shared"}
    return {
        "type": "standard",
        **{flat: server.get(dotted) for flat, dotted in _SMTP_FIELDS.items() if dotted in server},
    }


def _provider(given: JsonObject) -> JsonObject:
    provider = {"type": given["id"], "isShared": given.get("type") == "shared", "allowSignIn": True}
    return provider | {"allowConnectedAccounts": True} | _renamed(given, _PROVIDER_FIELDS)


def _provider_view(name: str, provider: JsonObject) -> JsonObject:
    view: JsonObject = {
        "provider_config_id": name,
        "id": provider.get("type") or name,
        "type": "shared" if provider.get("isShared") else "standard",
    }
    return view | {flat: provider[dotted] for flat, dotted in _PROVIDER_FIELDS.items() if dotted in provider}


def _renamed(given: JsonObject, names: dict[str, str]) -> dict[str, Any]:
    return {new: given[old] for old, new in names.items() if given.get(old) is not None}
