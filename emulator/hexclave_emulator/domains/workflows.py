"""Workflows: versions of a source, and runs of it.

The source is not executed. Its triggers and steps are parsed; a step returns nothing, a sleep has its real duration,
and runs advance with the emulator's clock.
"""

import re
from typing import Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

ACTIVE: Final = ("queued", "running", "sleeping")
_EVENT: Final = re.compile(r"""\bevent\s*:\s*["'`]([^"'`]+)["'`]""")
_CRON: Final = re.compile(r"""\bcron\s*:\s*["'`]([^"'`]+)["'`](?:[^}]*?\btimezone\s*:\s*["'`]([^"'`]+)["'`])?""")
_STEP: Final = re.compile(r"""\bstep\.(run|sleep)\(\s*["'`]([^"'`]+)["'`](?:\s*,\s*["'`](\d+)\s*([smhd])["'`])?""")
_UNITS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@attrs.frozen(kw_only=True)
class Workflow:
    id: str
    """The project's id and the workflow name, which is its id in the API."""
    project_id: str
    name: str
    display_name: str
    created_at_millis: int
    paused_at_millis: int | None = None


@attrs.frozen(kw_only=True)
class WorkflowVersion:
    id: str
    project_id: str
    workflow_id: str
    version: int
    source: str
    created_at_millis: int


@attrs.frozen(kw_only=True)
class WorkflowRun:
    id: str
    project_id: str
    workflow_id: str
    version: int
    run_key: str | None
    event: str
    payload: JsonObject
    created_at_millis: int
    steps: list[JsonObject]
    """Completed steps, as shown in replies."""
    wakes_at_millis: int | None = None
    """Set while it sleeps."""
    completed_at_millis: int | None = None
    canceled: bool = False

    @property
    def state(self) -> str:
        if self.canceled:
            return "canceled"
        return "completed" if self.completed_at_millis is not None else "sleeping"


WORKFLOWS: Final = table("workflows", Workflow, indexes=("project_id",))
VERSIONS: Final = table("workflow_versions", WorkflowVersion, indexes=("project_id", "workflow_id"))
RUNS: Final = table("workflow_runs", WorkflowRun, indexes=("project_id", "workflow_id"))


def triggers(source: str) -> list[JsonObject]:
    """Return the triggers in the source."""
    events = [{"type": "event", "event_type": name} for name in dict.fromkeys(_EVENT.findall(source))]
    schedules = [
        {"type": "schedule", "cron": cron, **({"timezone": zone} if zone else {})}
        for cron, zone in _CRON.findall(source)
    ]
    return [*events, *schedules]


def versions(state: State, workflow: Workflow) -> list[WorkflowVersion]:
    """Return the versions, newest first."""
    return sorted(state[VERSIONS].where(workflow_id=workflow.id), key=lambda each: -each.version)


def begin_runs(state: State, project_id: str, event: str, data: object, now: int) -> None:
    """Start a run of every workflow with a trigger for this event that is not paused."""
    for workflow in state[WORKFLOWS].where(project_id=project_id):
        latest = versions(state, workflow)[0]
        waits = any(each.get("event_type") == event for each in triggers(latest.source))
        if waits and workflow.paused_at_millis is None:
            run_key = data.get("run_key") if isinstance(data, dict) else None
            run = state[RUNS].insert(
                WorkflowRun(
                    id=new_id(),
                    project_id=project_id,
                    workflow_id=workflow.id,
                    version=latest.version,
                    run_key=run_key if isinstance(run_key, str) else None,
                    event=event,
                    payload={"event": event, "data": data},
                    created_at_millis=now,
                    steps=[],
                )
            )
            advance(state, run, now)


def advance(state: State, run: WorkflowRun, now: int) -> WorkflowRun:
    """Advance the run to the current time."""
    if run.state == "canceled" or run.completed_at_millis is not None:
        return run
    at = run.created_at_millis
    steps: list[JsonObject] = []
    source = next(each.source for each in state[VERSIONS].where(workflow_id=run.workflow_id, version=run.version))
    for number, (kind, step_id, amount, unit) in enumerate(_STEP.findall(source)):
        ends = at + (int(amount[:9]) * _UNITS[unit] if kind == "sleep" and amount else 0)
        if ends > now:
            return state[RUNS].update(run, steps=steps, wakes_at_millis=ends)
        steps.append(_step(f"{step_id}#{number}", step_id, kind, run.version, at, ends))
        at = ends
    return state[RUNS].update(run, steps=steps, wakes_at_millis=None, completed_at_millis=at)


def _step(key: str, step_id: str, kind: str, version: int, began: int, ended: int) -> JsonObject:
    return {
        "step_key": key,
        "step_id": step_id,
        "kind": kind,
        "result": None,
        "result_size_bytes": 4,
        "attempts": 1,
        "executed_at_version": version,
        "elapsed_ms": ended - began,
        "created_at_millis": ended,
    }


def run_view(run: WorkflowRun, name: str, *, whole: bool = False) -> JsonObject:
    """Return the run; with `whole`, including its trigger and its steps."""
    view: JsonObject = {
        "id": run.id,
        "workflow_id": name,
        "run_key": run.run_key,
        "state": run.state,
        "version": run.version,
        "trigger_type": "event",
        "trigger_summary": run.event,
        "current_step_id": None,
        "steps_recorded": len(run.steps),
        "error_summary": None,
        "failure_kind": None,
        "last_upgrade_divergence": None,
        "created_at_millis": run.created_at_millis,
        "completed_at_millis": run.completed_at_millis,
        "next_wake_at_millis": run.wakes_at_millis if run.state == "sleeping" else None,
    }
    if not whole:
        return view
    attempts = [
        {
            "step_key": each["step_key"],
            "step_id": each["step_id"],
            "attempt": 1,
            "outcome": "succeeded",
            "error": None,
            "failure_kind": None,
            "logs": None,
            "started_at_millis": each["created_at_millis"] - each["elapsed_ms"],
            "finished_at_millis": each["created_at_millis"],
        }
        for each in run.steps
    ]
    return view | {"trigger_payload": run.payload, "steps": run.steps, "step_attempts": attempts}
