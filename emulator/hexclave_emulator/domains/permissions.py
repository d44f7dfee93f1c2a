"""Permissions: their definitions, which are project settings, and their holders in a team or in the project."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from hexclave_emulator.checking.rules import Rule, Said
from hexclave_emulator.domains.projects import Project, project_setting
from hexclave_emulator.domains.teams import Membership, membership
from hexclave_emulator.domains.users import find_user
from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.messages.refusals import known
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

Scope: TypeAlias = Literal["team", "project"]

SYSTEM: Final = {
    "$delete_team": "Delete the team",
    "$invite_members": "Invite other users to the team",
    "$manage_api_keys": "Create and manage API keys for the team",
    "$read_members": "Read and list the other members of the team",
    "$remove_members": "Remove other members from the team",
    "$update_team": "Update the team information",
}
"""Built-in team permissions of every project, with their names in the API."""


@attrs.frozen(kw_only=True)
class Grant:
    """A permission granted directly to a user."""

    id: str
    project_id: str
    team_id: str | None
    """The team it applies to; `None` for the whole project."""
    user_id: str
    permission_id: str


GRANTS: Final = table("grants", Grant, indexes=("project_id", "team_id", "user_id"))


def _permission_id(value: str) -> str | None:
    name = value.removeprefix("$")
    if not name or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_:"):
        return Said('Only lowercase letters, numbers, ":", "_" and optional "$" at the beginning are allowed')
    return None if name == value or value in SYSTEM else "is not a system permission"


PERMISSION_ID: Final = Rule((_permission_id,))
PERMISSION_IDS: Final = Rule(
    (lambda values: next((fault for each in values if (fault := _permission_id(each))), None),)
)
"""A list of them."""


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def own_definitions(project: Project) -> JsonObject:
    """Return the settings of the project's own permissions, of both scopes."""
    settings = _mapping(project_setting(project, "rbac.permissions"))
    return {
        name: {**each, "containedPermissionIds": _mapping(each.get("containedPermissionIds"))}
        for name, each in settings.items()
        if isinstance(each, dict)
    }


def definitions(project: Project, scope: Scope) -> dict[str, JsonObject]:
    """Return every permission of the scope as its views show it, by id in sorted order."""
    found: dict[str, JsonObject] = {}
    if scope == "team":
        found = {name: definition_view(name, text, ()) for name, text in SYSTEM.items()}
    for name, own in own_definitions(project).items():
        if own.get("scope") == scope:
            found[name] = definition_view(name, own.get("description"), own["containedPermissionIds"])
    return dict(sorted(found.items()))


def definition_view(permission_id: str, description: str | None, contained: Iterable[str]) -> JsonObject:
    """Return the definition; without a description, that field is absent."""
    text = description or SYSTEM.get(permission_id)
    return {
        "id": permission_id,
        **({"description": text} if text else {}),
        "contained_permission_ids": sorted(contained),
    }


def _held(known_here: Mapping[str, JsonObject], granted: Iterable[str], *, recursive: bool) -> list[str]:
    """Return the granted permissions that are defined, sorted; with `recursive`, including those that they contain."""
    found: set[str] = set()
    waiting = list(granted)
    while waiting:
        permission_id = waiting.pop()
        if permission_id in found or permission_id not in known_here:
            continue
        found.add(permission_id)
        if recursive:
            waiting += known_here[permission_id]["contained_permission_ids"]
    return sorted(found)


def permissions_held(
    state: State, project: Project, scope: Scope, *, permission_id: str | None = None, recursive: bool, **where: Any
) -> list[JsonObject]:
    """Return the held permissions, ordered by team, user and permission; `where` filters teams and users."""
    granted: dict[tuple[str | None, str], list[str]] = {}
    for grant in state[GRANTS].where(project_id=project.id, **where):
        if (grant.team_id is None) == (scope == "project"):
            granted.setdefault((grant.team_id, grant.user_id), []).append(grant.permission_id)
    known_here = definitions(project, scope)
    return [
        {"id": each, "user_id": user_id, **({"team_id": team_id} if team_id is not None else {})}
        for (team_id, user_id), direct in sorted(granted.items())
        for each in _held(known_here, direct, recursive=recursive)
        if permission_id in (None, each)
    ]


def check_member(state: State, project: Project, team_id: str, user_id: str) -> Membership:
    """Return the user's membership in the team.

    Raises:
        Refusal: USER_NOT_FOUND, TEAM_MEMBERSHIP_NOT_FOUND.
    """
    find_user(state, project.id, user_id)
    found = membership(state, team_id, user_id)
    if found is None or found.project_id != project.id:
        raise known("TEAM_MEMBERSHIP_NOT_FOUND", team_id=team_id, user_id=user_id)
    return found


def has_team_permission(state: State, project: Project, team_id: str, user_id: str, permission_id: str) -> bool:
    """Return true if the member has the permission, directly or through another one."""
    where = {"team_id": team_id, "user_id": user_id}
    return bool(permissions_held(state, project, "team", permission_id=permission_id, recursive=True, **where))


def check_team_permission(state: State, project: Project, team_id: str, user_id: str, permission_id: str) -> None:
    """Refuse users who are not members with this permission.

    Raises:
        Refusal: those of `check_member`; TEAM_PERMISSION_REQUIRED.
    """
    check_member(state, project, team_id, user_id)
    if not has_team_permission(state, project, team_id, user_id, permission_id):
        raise known("TEAM_PERMISSION_REQUIRED", team_id=team_id, user_id=user_id, permission_id=permission_id)


def check_grantable(project: Project, permission_id: str, scope: Scope) -> None:
    """Refuse permissions that are undefined or have the other scope: PERMISSION_NOT_FOUND, WRONG_PERMISSION_SCOPE."""
    if permission_id in definitions(project, scope):
        return
    own = own_definitions(project).get(permission_id)
    if own is None:
        raise known("PERMISSION_NOT_FOUND", permission_id=permission_id)
    scopes = {"expected_scope": scope, "actual_scope": own.get("scope")}
    raise known("WRONG_PERMISSION_SCOPE", permission_id=permission_id, **scopes)


def grant(state: State, project: Project, user_id: str, permission_id: str, *, team_id: str | None = None) -> None:
    """Give a permission to a user, in a team or in the project; giving it again changes nothing."""
    check_grantable(project, permission_id, "project" if team_id is None else "team")
    if state[GRANTS].first(team_id=team_id, user_id=user_id, permission_id=permission_id) is None:
        made = Grant(id=new_id(), project_id=project.id, team_id=team_id, user_id=user_id, permission_id=permission_id)
        state[GRANTS].insert(made)


def default_permissions(project: Project, kind: Literal["teamCreator", "teamMember", "signUp"]) -> list[str]:
    """Return the default permissions of team creators, team members or new users."""
    wanted = _mapping(project_setting(project, f"rbac.defaultPermissions.{kind}"))
    return [permission_id for permission_id, given in wanted.items() if given]
