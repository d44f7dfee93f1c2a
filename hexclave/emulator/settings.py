"""The settings of a project by dotted names such as `auth.allowSignUp`: defaults, and overrides at three levels."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hexclave.emulator.exchange import JsonObject

LEVELS: Final = ("project", "branch", "environment")
"""Later ones win."""

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
        "selectedThemeId": "1df07ae6-abf3-4a40-83a5-a1a2cbe336ac",
    },
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
"""What creating a project writes at the level `environment`."""


def rendered(overrides: Mapping[str, Mapping[str, Any]]) -> JsonObject:
    """Every setting as it holds, nested; `overrides` maps a level to dotted names."""
    config = DEFAULTS
    for level in LEVELS:
        for name, value in overrides.get(level, {}).items():
            config = _with(config, name.split("."), value)
    return config


def _with(config: Any, path: list[str], value: Any) -> JsonObject:
    # Copies along the path alone: rows share everything else with the defaults.
    copy = dict(config) if isinstance(config, dict) else {}
    head, rest = path[0], path[1:]
    if rest:
        copy[head] = _with(copy.get(head), rest, value)
    elif value is None:
        copy.pop(head, None)
    else:
        copy[head] = value
    return copy


def changed(
    overrides: Mapping[str, JsonObject], level: str, changes: Mapping[str, Any], *, without: Iterable[str] = ()
) -> dict[str, JsonObject]:
    """The overrides with these dotted names set at a level, and `without` reset.

    Setting a name drops older overrides below it, which it replaces.
    """
    replaced = [*changes, *without]
    kept = {
        name: value
        for name, value in overrides.get(level, {}).items()
        if not any(name == each or name.startswith(f"{each}.") for each in replaced)
    }
    return {**overrides, level: {**kept, **changes}}
