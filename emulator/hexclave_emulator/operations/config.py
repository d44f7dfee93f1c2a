"""`/internal/config`: the settings of a project, their overrides by level, and their source.

A server key manages only the level `branch`.
"""

import json
from typing import Final

import attrs

from hexclave_emulator.domains.config_schema import read_settings
from hexclave_emulator.domains.projects import PROJECTS, change_settings
from hexclave_emulator.domains.settings import rendered
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok, success
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, SERVER, Request, route
from hexclave_emulator.state.tables import State, table


@attrs.frozen(kw_only=True)
class ConfigSource:
    """The source of the settings at the level `branch`; its id is the project's."""

    id: str
    project_id: str
    source: JsonObject


CONFIG_SOURCES: Final = table("config_sources", ConfigSource)
_UNLINKED: Final[JsonObject] = {"type": "unlinked"}


@route("GET", "/internal/config", access=ADMIN)
def get_config(request: Request, _state: State) -> Reply:
    return ok({"config_string": json.dumps(request.project.config)})


@route("GET", "/internal/config/override/{level}", access=SERVER)
def get_override(request: Request, _state: State) -> Reply:
    return ok({"config_string": json.dumps(request.project.overrides.get(_level(request), {}))})


@route("PATCH", "/internal/config/override/{level}", access=SERVER)
def change_override(request: Request, state: State) -> Reply:
    level = _level(request)
    change_settings(state, request.project, read_settings(request.body["config_override_string"]), level=level)
    return success()


@route("PUT", "/internal/config/override/{level}", access=SERVER)
def replace_override(request: Request, state: State) -> Reply:
    level, project = _level(request), request.project
    overrides = {**project.overrides, level: read_settings(request.body["config_string"])}
    if level == "branch" and "source" not in request.body:
        raise plain(400, "source is required for branch level config")
    state[PROJECTS].update(project, overrides=overrides, config=rendered(overrides))
    if level == "branch":
        _set_source(state, project.id, request.body["source"])
    return success()


@route("POST", "/internal/config/override/{level}/reset-keys", access=ADMIN)
def reset_keys(request: Request, state: State) -> Reply:
    change_settings(state, request.project, {}, level=_level(request), reset=tuple(request.body["keys"]))
    return success()


@route("GET", "/internal/config/source", access=ADMIN)
def get_source(request: Request, state: State) -> Reply:
    found = state[CONFIG_SOURCES].get(request.project.id)
    return ok({"source": found.source if found is not None else _UNLINKED})


@route("DELETE", "/internal/config/source", access=ADMIN)
def unlink_source(request: Request, state: State) -> Reply:
    _set_source(state, request.project.id, _UNLINKED)
    return success()


def _level(request: Request) -> str:
    level = request.params["level"]
    if request.caller.type == "server" and level != "branch":
        raise plain(403, "Server access can only manage branch config overrides.")
    return level


def _set_source(state: State, project_id: str, source: JsonObject) -> None:
    state[CONFIG_SOURCES].delete(project_id)
    state[CONFIG_SOURCES].insert(ConfigSource(id=project_id, project_id=project_id, source=source))
