"""`/internal/config/github`: an agent that changes the configuration file of a repository.

No repository is changed: the run awaits review after a short time, and committing it changes the project's settings.
"""

import json
from typing import Final

import attrs

from hexclave_emulator.domains.config_schema import read_settings
from hexclave_emulator.domains.projects import change_settings
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.operations.config import CONFIG_SOURCES
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_PATH: Final = "/internal/config/github"
_WORKS: Final = 2000
"""Milliseconds until a run awaits its review."""


@attrs.frozen(kw_only=True)
class AgentRun:
    id: str
    project_id: str
    update: JsonObject
    started_at_millis: int
    finished_at_millis: int | None = None
    commit_url: str | None = None
    canceled: bool = False

    def status(self, now: int) -> str:
        if self.finished_at_millis is not None:
            return "cancelled" if self.canceled else "success" if self.update else "no-change"
        return "awaiting_review" if now >= self.started_at_millis + _WORKS else "running"


AGENT_RUNS: Final = table("config_agent_runs", AgentRun, indexes=("project_id",))


@route("POST", f"{_PATH}/apply", access=ADMIN)
def begin_run(request: Request, state: State) -> Reply:
    _repository(request, state)
    update = read_settings(request.body["config_update_string"])
    run = AgentRun(id=new_id(), project_id=request.project.id, update=update, started_at_millis=request.now)
    return ok({"status": "started", "id": state[AGENT_RUNS].insert(run).id})


@route("GET", f"{_PATH}/run", access=ADMIN)
def get_run(request: Request, state: State) -> Reply:
    run = _find(request, state, request.query["run_id"])
    return ok({"agent_run": _view(run, request.now) if run is not None else None})


@route("POST", f"{_PATH}/cancel", access=ADMIN)
def cancel_run(request: Request, state: State) -> Reply:
    run = _find(request, state, request.body["run_id"])
    if run is None or run.finished_at_millis is not None:
        return ok({"status": "not-running"})
    state[AGENT_RUNS].update(run, canceled=True, finished_at_millis=request.now)
    return ok({"status": "cancelling"})


@route("POST", f"{_PATH}/commit", access=ADMIN)
def commit_run(request: Request, state: State) -> Reply:
    run = _find(request, state, request.body["run_id"])
    if run is None or run.status(request.now) != "awaiting_review":
        return ok({"status": "not-awaiting-review"})
    source = _repository(request, state)
    url = f"https://github.com/{source.get('owner')}/{source.get('repo')}/commit/{run.id.replace('-', '')}"
    change_settings(state, request.project, run.update, level="branch")
    state[AGENT_RUNS].update(run, finished_at_millis=request.now, commit_url=url)
    return ok({"status": "committing"})


def _repository(request: Request, state: State) -> JsonObject:
    found = state[CONFIG_SOURCES].get(request.project.id)
    if found is None or found.source.get("type") != "pushed-from-github":
        raise plain(400, "The project's configuration does not come from a GitHub repository.")
    return found.source


def _find(request: Request, state: State, run_id: str) -> AgentRun | None:
    found = state[AGENT_RUNS].get(run_id)
    return found if found is not None and found.project_id == request.project.id else None


def _view(run: AgentRun, now: int) -> JsonObject:
    status = run.status(now)
    view: JsonObject = {"id": run.id, "status": status, "started_at": run.started_at_millis / 1000}
    if run.finished_at_millis is not None:
        view["finished_at"] = run.finished_at_millis / 1000
    if run.commit_url is not None:
        view["commit_url"] = run.commit_url
    if status == "running":
        view |= {"stage": "agent_making_changes", "progress": "The emulated agent works."}
    if status == "awaiting_review":
        lines = [f"+{json.dumps(name)}: {json.dumps(value)}" for name, value in run.update.items()]
        view |= {"stage": "awaiting_review", "diff": "\n".join(lines)}
    return view
