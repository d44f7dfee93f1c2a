"""Projects, their settings and their keys."""

from typing import Any, Final

import attrs

from hexclave_emulator.domains import settings
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id, secret
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class Project:
    id: str
    display_name: str
    created_at_millis: int
    description: str | None = None
    is_production_mode: bool = False
    owner_team_id: str | None = None
    onboarding_status: str = "completed"
    logos: dict[str, str | None] = attrs.field(factory=dict)
    """`logo_url`, `logo_full_url` and their dark mode variants."""
    overrides: dict[str, JsonObject] = attrs.field(factory=dict)
    """Dotted names by level; see `settings`."""
    config: JsonObject = attrs.field(factory=dict)
    """The effective settings: always `settings.rendered(overrides)`."""


@attrs.frozen(kw_only=True)
class KeySet:
    id: str
    project_id: str
    description: str
    created_at_millis: int
    expires_at_millis: int
    manually_revoked_at_millis: int | None = None
    publishable_client_key: str | None = None
    secret_server_key: str | None = None
    super_secret_admin_key: str | None = None


PROJECTS: Final = table("projects", Project)
KEY_SETS: Final = table(
    "key_sets",
    KeySet,
    indexes=("project_id", "publishable_client_key", "secret_server_key", "super_secret_admin_key"),
)


def project_setting(project: Project, name: str) -> Any:
    """Return the effective value of the setting with this dotted name; `None` if there is none."""
    found: Any = project.config
    for part in name.split("."):
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def create_project(
    state: State,
    *,
    now: int,
    display_name: str,
    changes: JsonObject | None = None,
    project_id: str | None = None,
    **fields: Any,
) -> Project:
    """Create a project; `changes` are settings by dotted names, in addition to the defaults."""
    overrides = settings.changed({}, "environment", settings.NEW_PROJECT)
    overrides = settings.changed(overrides, "environment", changes or {})
    project = Project(
        id=project_id or new_id(),
        display_name=display_name,
        created_at_millis=now,
        overrides=overrides,
        config=settings.rendered(overrides),
        **fields,
    )
    return state[PROJECTS].insert(project)


def change_settings(
    state: State, project: Project, changes: JsonObject, *, level: str = "environment", reset: tuple[str, ...] = ()
) -> Project:
    """Set settings by dotted names, and reset others to the value of the level below."""
    overrides = settings.changed(project.overrides, level, changes, without=reset)
    return state[PROJECTS].update(project, overrides=overrides, config=settings.rendered(overrides))


def create_key_set(
    state: State,
    project_id: str,
    *,
    now: int,
    description: str,
    expires_at_millis: int,
    kinds: tuple[str, ...] = ("publishable_client_key", "secret_server_key", "super_secret_admin_key"),
    **keys: str,
) -> KeySet:
    """Create keys of these types; `keys` provides some of them instead of random ones."""
    prefixes = {"publishable_client_key": "pck_", "secret_server_key": "ssk_", "super_secret_admin_key": "sak_"}
    made: dict[str, Any] = {kind: keys.get(kind) or prefixes[kind] + secret() for kind in kinds}
    return state[KEY_SETS].insert(
        KeySet(
            id=new_id(),
            project_id=project_id,
            description=description,
            created_at_millis=now,
            expires_at_millis=expires_at_millis,
            **made,
        )
    )
