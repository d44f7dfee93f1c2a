"""Overrides of settings that a recording shows before it changes any."""

import json

from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.domains.settings import rendered
from tests.contract.conformance.world import World, presupposes

_ROUTE = "internal/config/override/"


@presupposes(12)
def set_overrides(world: World) -> None:
    """Set the overrides of a level to those first shown."""
    settled: set[tuple[str | None, str]] = set()
    for exchange in world.exchanges:
        method, _, path = exchange.route.partition(" ")
        if not path.startswith(_ROUTE) or not exchange.succeeded:
            continue
        level = path[len(_ROUTE) :].partition("/")[0]
        project = world.state[PROJECTS].get(exchange.project_id or "")
        if project is not None and method == "GET" and (project.id, level) not in settled:
            overrides = {**project.overrides, level: json.loads(exchange.reply["config_string"])}
            world.state[PROJECTS].update(project, overrides=overrides, config=rendered(overrides))
        settled.add((exchange.project_id, level))
