"""`/internal/workflows`: workflows, their versions and runs, and the events that trigger them."""

import hashlib
from typing import Final

from hexclave_emulator.checking.rules import NOT_EMPTY, between, matches
from hexclave_emulator.domains.workflows import (
    ACTIVE,
    RUNS,
    VERSIONS,
    WORKFLOWS,
    Workflow,
    WorkflowRun,
    WorkflowVersion,
    advance,
    begin_runs,
    run_view,
    triggers,
    versions,
)
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, success
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_DAY: Final = 86_400_000
_ID: Final = matches(r"[a-z0-9][a-z0-9_-]{0,62}", "must have lowercase letters, digits, underscores and hyphens only")
_RUNTIME: Final = "emulated"


@route("GET", "/internal/workflows", access=ADMIN)
def list_workflows(request: Request, state: State) -> Reply:
    found = state[WORKFLOWS].where(project_id=request.project.id)
    return ok({"workflows": [_view(request, state, each) for each in found]})


@route("POST", "/internal/workflows", access=ADMIN, rules={"body.id": _ID, "body.source": NOT_EMPTY})
def create_workflow(request: Request, state: State) -> Reply:
    body, project_id = request.body, request.project.id
    found = state[WORKFLOWS].get(f"{project_id}:{body['id']}")
    is_new = found is None
    if found is None:
        found = state[WORKFLOWS].insert(
            Workflow(
                id=f"{project_id}:{body['id']}",
                project_id=project_id,
                name=body["id"],
                display_name=body.get("display_name", body["id"]),
                created_at_millis=request.now,
            )
        )
    elif "display_name" in body:
        found = state[WORKFLOWS].update(found, display_name=body["display_name"])
    return created(_deployed(request, state, found, body["source"], is_new=is_new))


@route("PATCH", "/internal/workflows/{workflow_id}/source", access=ADMIN, rules={"body.source": NOT_EMPTY})
def change_source(request: Request, state: State) -> Reply:
    return ok(_deployed(request, state, _find(request, state), request.body["source"], is_new=False))


@route("PATCH", "/internal/workflows/{workflow_id}", access=ADMIN)
def pause_workflow(request: Request, state: State) -> Reply:
    found = _find(request, state)
    paused = (found.paused_at_millis or request.now) if request.body["is_paused"] else None
    state[WORKFLOWS].update(found, paused_at_millis=paused)
    return ok({"is_paused": paused is not None, "paused_at_millis": paused})


@route("DELETE", "/internal/workflows/{workflow_id}", access=ADMIN)
def delete_workflow(request: Request, state: State) -> Reply:
    found = _find(request, state)
    for run in state[RUNS].where(workflow_id=found.id):
        state[RUNS].delete(run.id)
    for version in state[VERSIONS].where(workflow_id=found.id):
        state[VERSIONS].delete(version.id)
    state[WORKFLOWS].delete(found.id)
    return success()


@route("GET", "/internal/workflows/{workflow_id}/versions", access=ADMIN)
def list_versions(request: Request, state: State) -> Reply:
    workflow = _find(request, state)
    found = versions(state, workflow)
    views = [
        {
            "workflow_id": workflow.name,
            "version": each.version,
            "source": each.source,
            "source_hash": hashlib.sha256(each.source.encode("utf-8", "replace")).hexdigest(),
            "runtime_env_version": _RUNTIME,
            "is_latest": each is found[0],
            "in_flight_runs": sum(1 for run in _runs(request, state, workflow, ACTIVE) if run.version == each.version),
            "created_at_millis": each.created_at_millis,
        }
        for each in found
    ]
    return ok({"versions": views})


@route("POST", "/internal/workflows/events", access=SERVER, rules={"body.name": NOT_EMPTY})
def send_event(request: Request, state: State) -> Reply:
    begin_runs(state, request.project.id, request.body["name"], request.body.get("data"), request.now)
    return ok({"event_id": new_id()})


@route("GET", "/internal/workflows/{workflow_id}/runs", access=SERVER, rules={"query.limit": between(1, 200)})
def list_runs(request: Request, state: State) -> Reply:
    query, workflow = request.query, _find(request, state)
    states = ACTIVE if query.get("only_active") else None
    found = [
        each
        for each in reversed(_runs(request, state, workflow, states))
        if query.get("state", each.state) == each.state
        and query.get("version", each.version) == each.version
        and query.get("run_key", each.run_key) == each.run_key
    ]
    if "cursor" in query:
        ids = [each.id for each in found]
        if query["cursor"] not in ids:
            raise plain(400, "Invalid cursor")
        found = found[ids.index(query["cursor"]) :]
    limit = query.get("limit", 50)
    whole = bool(query.get("include_state"))
    shown = [run_view(each, workflow.name, whole=whole) for each in found[:limit]]
    return ok({"runs": shown, "next_cursor": found[limit].id if limit < len(found) else None})


@route("GET", "/internal/workflows/runs/{run_id}", access=SERVER)
def get_run(request: Request, state: State) -> Reply:
    run, workflow = _run(request, state)
    return ok(run_view(run, workflow.name, whole=True))


@route("POST", "/internal/workflows/runs/{run_id}/retry", access=ADMIN)
def retry_run(request: Request, state: State) -> Reply:
    run, _ = _run(request, state)
    if run.state != "canceled":
        raise plain(400, "Only failed and canceled runs can be retried.")
    again = WorkflowRun(
        id=new_id(),
        project_id=run.project_id,
        workflow_id=run.workflow_id,
        version=run.version,
        run_key=run.run_key,
        event=run.event,
        payload=run.payload,
        created_at_millis=request.now,
        steps=[],
    )
    return ok({"run_id": advance(state, state[RUNS].insert(again), request.now).id})


@route("POST", "/internal/workflows/{workflow_id}/runs/cancel", access=SERVER)
def cancel_runs(request: Request, state: State) -> Reply:
    body = request.body
    found = [
        each
        for each in _runs(request, state, _find(request, state), ACTIVE)
        if body.get("run_id", each.id) == each.id
        and body.get("run_key", each.run_key) == each.run_key
        and body.get("state", each.state) == each.state
        and body.get("version", each.version) == each.version
    ]
    for run in found:
        state[RUNS].update(run, canceled=True, completed_at_millis=request.now)
    return ok({"canceled_count": len(found)})


@route("POST", "/internal/workflows/{workflow_id}/runs/upgrade", access=SERVER)
def upgrade_runs(request: Request, state: State) -> Reply:
    body, workflow = request.body, _find(request, state)
    to_version = body["to_version"]
    if not any(each.version == to_version for each in versions(state, workflow)):
        raise plain(404, "The workflow does not have this version.")
    found = [
        each
        for each in _runs(request, state, workflow, ACTIVE)
        if each.version != to_version
        and body.get("run_key", each.run_key) == each.run_key
        and body.get("from_version", each.version) == each.version
    ]
    for run in found:
        advance(state, state[RUNS].update(run, version=to_version), request.now)
    return ok({"upgraded_count": len(found), "skipped": []})


def _deployed(request: Request, state: State, workflow: Workflow, source: str, *, is_new: bool) -> JsonObject:
    """Deploy the workflow with this source; an unchanged source creates no new version."""
    found = versions(state, workflow)
    number = found[0].version if found else 0
    changed = not found or found[0].source != source
    if changed:
        number += 1
        state[VERSIONS].insert(
            WorkflowVersion(
                id=new_id(),
                project_id=workflow.project_id,
                workflow_id=workflow.id,
                version=number,
                source=source,
                created_at_millis=request.now,
            )
        )
    older = [each for each in _runs(request, state, workflow, ACTIVE) if each.version < number]
    return {
        "workflow_id": workflow.name,
        "version": number,
        "created": is_new or changed,
        "in_flight_runs_on_older_versions": len(older),
    }


def _find(request: Request, state: State) -> Workflow:
    found = state[WORKFLOWS].get(f"{request.project.id}:{request.params['workflow_id']}")
    if found is None:
        raise plain(404, "Workflow not found.")
    return found


def _run(request: Request, state: State) -> tuple[WorkflowRun, Workflow]:
    run = state[RUNS].get(request.params["run_id"])
    workflow = state[WORKFLOWS].get(run.workflow_id) if run is not None else None
    if run is None or workflow is None or run.project_id != request.project.id:
        raise plain(404, "Workflow run not found.")
    return advance(state, run, request.now), workflow


def _runs(request: Request, state: State, workflow: Workflow, states: tuple[str, ...] | None) -> list[WorkflowRun]:
    found = [advance(state, each, request.now) for each in state[RUNS].where(workflow_id=workflow.id)]
    return [each for each in found if states is None or each.state in states]


def _view(request: Request, state: State, workflow: Workflow) -> JsonObject:
    found, runs = versions(state, workflow), _runs(request, state, workflow, None)
    volume = [0] * 14
    for run in runs:
        days = (request.now - run.created_at_millis) // _DAY
        if 0 <= days < len(volume):
            volume[-1 - days] += 1
    return {
        "id": workflow.name,
        "display_name": workflow.display_name,
        "latest_version": found[0].version,
        "triggers": triggers(found[0].source),
        "stats": {
            "active_runs": sum(1 for each in runs if each.state in ACTIVE),
            "sleeping_runs": sum(1 for each in runs if each.state == "sleeping"),
            "failed_7d": 0,
            "run_volume_14d": volume,
        },
        "created_at_millis": workflow.created_at_millis,
        "last_deployed_at_millis": found[0].created_at_millis,
        "is_paused": workflow.paused_at_millis is not None,
        "paused_at_millis": workflow.paused_at_millis,
    }
