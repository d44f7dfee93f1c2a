"""Existing permission definitions of a project, and grants for the whole project."""

from typing import Any, Final

from hexclave_emulator.domains.permissions import GRANTS, SYSTEM, Grant, own_definitions
from hexclave_emulator.domains.projects import PROJECTS, change_settings
from hexclave_emulator.state.ids import new_id
from tests.contract.conformance.addressing import addressed, template
from tests.contract.conformance.world import World, presupposes

_SCOPES: Final = ("team", "project")


@presupposes(12)
def define_permissions(world: World) -> None:
    """Define the permissions in the first list of a scope, unless one was defined or changed before it."""
    told: set[tuple[str, str]] = set()
    for exchange in world.exchanges:
        for scope in _SCOPES:
            place = (exchange.project_id or "", scope)
            operation = template(world, exchange)
            if not operation.partition(" ")[2].startswith(f"/{scope}-permission-definitions") or not exchange.succeeded:
                continue
            if operation.startswith("GET ") and place not in told:
                _define(world, place[0], scope, exchange.reply["items"])
            told.add(place)


def _define(world: World, project_id: str, scope: str, items: list[dict[str, Any]]) -> None:
    project = world.state[PROJECTS].get(project_id)
    if project is None:
        return
    others = {name: each for name, each in own_definitions(project).items() if each.get("scope") != scope}
    shown = {
        item["id"]: {
            **({"description": item["description"]} if "description" in item else {}),
            "scope": scope,
            "containedPermissionIds": dict.fromkeys(item["contained_permission_ids"], True),
        }
        for item in items
        if item["id"] not in SYSTEM
    }
    change_settings(world.state, project, {"rbac.permissions": {**others, **shown}})


@presupposes(34)
def give_project_permissions(world: World) -> None:
    """Grant the permissions in the first list with a user, without those granted during the scenario."""
    given: set[tuple[str, str]] = set()
    told: set[str] = set()
    for exchange in world.exchanges:
        operation, named = template(world, exchange), addressed(world, exchange)
        if not exchange.succeeded:
            continue
        if operation == "POST /project-permissions/{user_id}/{permission_id}":
            given.add((named["user_id"], named["permission_id"]))
        elif operation == "GET /project-permissions" and named.get("recursive") != "true":
            items = [item for item in exchange.reply["items"] if item["user_id"] not in told]
            for item in items:
                if (item["user_id"], item["id"]) not in given:
                    grant = {"user_id": item["user_id"], "permission_id": item["id"], "team_id": None}
                    world.state[GRANTS].insert(Grant(id=new_id(), project_id=exchange.project_id or "", **grant))
            told |= {item["user_id"] for item in items}
