"""The settings of a project by dotted names such as `auth.allowSignUp`: defaults, and overrides at three levels."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hexclave_emulator.mail.sources import DEFAULT_THEME, TEMPLATES, THEMES
from hexclave_emulator.messages.exchange import JsonObject

LEVELS: Final = ("project", "branch", "environment")
"""Later levels take precedence."""

_APPS: Final = (
    "authentication fraud-protection onboarding teams rbac api-keys payments emails email-api data-vault webhooks "
    "tv-mode launch-checklist catalyst neon convex vercel analytics"
)

DEFAULTS: Final[JsonObject] = {
    "project": {"requirePublishableClientKey": False},
    "rbac": {"permissions": {}, "defaultPermissions": {"teamCreator": {}, "teamMember": {}, "signUp": {}}},
    "apiKeys": {"enabled": {"team": False, "user": False}},
    "apps": {"installed": {app: {"enabled": False} for app in _APPS.split()}},
    "teams": {"createPersonalTeamOnSignUp": False, "allowClientTeamCreation": False},
    "users": {"allowClientUserDeletion": False},
    "onboarding": {"requireEmailVerification": False},
    "domains": {"allowLocalhost": False, "trustedDomains": {}},
    "auth": {
        "allowSignUp": True,
        "password": {"allowSignIn": False},
        "otp": {"allowSignIn": False},
        "passkey": {"allowSignIn": False},
        "oauth": {"accountMergeStrategy": "link_method", "providers": {}},
        "signUpRules": {},
        "signUpRulesDefaultAction": "allow",
    },
    "emails": {
        "server": {"isShared": True, "provider": "smtp"},
        "selectedThemeId": DEFAULT_THEME,
        "themes": THEMES,
        "templates": TEMPLATES,
    },
    "payments": {"blockNewPurchases": False, "testMode": True, "productLines": {}, "products": {}, "items": {}},
    "dbSync": {"externalDatabases": {}},
    "dataVault": {"stores": {}},
    "analytics": {"queryFolders": {}},
    "customDashboards": {},
    "sourceOfTruth": {"type": "hosted"},
}

NEW_PROJECT: Final[JsonObject] = {
    "domains.allowLocalhost": True,
    "auth.password.allowSignIn": True,
    "rbac.permissions.team_admin": {
        "scope": "team",
        "description": "Default permission for team admins",
        "containedPermissionIds": dict.fromkeys(
            ("$delete_team", "$update_team", "$read_members", "$invite_members", "$remove_members", "$manage_api_keys"),
            True,
        ),
    },
    "rbac.permissions.team_member": {
        "scope": "team",
        "description": "Default permission for team members",
        "containedPermissionIds": {"$read_members": True, "$invite_members": True},
    },
    "apps.installed.emails.enabled": True,
    "rbac.defaultPermissions.teamMember": {"team_member": True},
    "rbac.defaultPermissions.teamCreator": {"team_admin": True},
    "apps.installed.authentication.enabled": True,
}
"""The overrides that creating a project writes at the level `environment`."""


def rendered(overrides: Mapping[str, Mapping[str, Any]]) -> JsonObject:
    """Return every effective setting, nested; `overrides` maps a level to dotted names.

    An override replaces everything that earlier levels set below its name; omitted settings have their defaults.
    """
    config: JsonObject = {}
    for level in LEVELS:
        for name, value in overrides.get(level, {}).items():
            config = _with(config, name.split("."), value)
    return _filled(config, DEFAULTS)


def _with(config: Any, path: list[str], value: Any) -> JsonObject:
    # Only the path is copied: rows share everything else with the defaults.
    copy = dict(config) if isinstance(config, dict) else {}
    head, rest = path[0], path[1:]
    copy[head] = _with(copy.get(head), rest, value) if rest else value
    return copy


def _filled(config: JsonObject, defaults: JsonObject) -> JsonObject:
    """Return the given settings, defaults for missing ones, and nothing for those that are null."""
    found: JsonObject = {}
    for name in {**defaults, **config}:
        if name not in config:
            found[name] = defaults[name]
        elif isinstance(config[name], dict):
            inner = defaults.get(name)
            found[name] = _filled(config[name], inner if isinstance(inner, dict) else {})
        elif config[name] is not None:
            found[name] = config[name]
    return found


def changed(
    overrides: Mapping[str, JsonObject], level: str, changes: Mapping[str, Any], *, without: Iterable[str] = ()
) -> dict[str, JsonObject]:
    """Return the overrides with these dotted names set at a level, and those in `without` reset.

    Setting a name drops older overrides below it, which it replaces.
    """
    kept: JsonObject = dict(overrides.get(level, {}))
    for name in (*changes, *without):
        kept = {each: value for each, value in kept.items() if each != name and not each.startswith(f"{name}.")}
    for name in without:
        kept = {each: _without(value, each, name) for each, value in kept.items()}
    return {**overrides, level: {**kept, **changes}}


def _without(value: Any, name: str, reset: str) -> Any:
    """Return the value of an override without the names inside it that are reset."""
    if not isinstance(value, dict) or not reset.startswith(f"{name}."):
        return value
    head = reset[len(name) + 1 :].partition(".")[0]
    inside = f"{name}.{head}"
    kept = {each: item for each, item in value.items() if inside != reset or each != head}
    return {each: _without(item, f"{name}.{each}", reset) for each, item in kept.items()}
