"""Workflows: programs of yours that react to events of the project."""

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, gives, lists, performs
from hexclave_api.models import WorkflowEvent, WorkflowPause, WorkflowSync
from hexclave_api.operation import UNSET, JsonValue, Operation, Unset
from hexclave_api.operations import workflows


class Workflows(Resource[Mode]):
    """Events for workflows, and what became of them."""

    get_run = performs(workflows.get_workflow_run)
    list_runs = lists(workflows.list_workflow_runs, lambda page: page.runs, lambda page: page.next_cursor)
    cancel_runs = performs(workflows.cancel_workflow_runs)
    upgrade_runs = performs(workflows.upgrade_workflow_runs)

    @call
    def send_event(self, name: str, data: JsonValue | Unset = UNSET) -> Operation[WorkflowEvent]:
        """Sends an event of type `custom.` and the name; data of at most 256 KiB. POST /internal/workflows/events."""
        return workflows.send_workflow_event(name=name, data=data)


class AdminWorkflows(Workflows[Mode]):
    """Workflows, their versions and runs."""

    list = lists(workflows.list_workflows, lambda reply: reply.workflows)
    delete = does(workflows.delete_workflow)
    update_source = performs(workflows.update_workflow_source)
    list_versions = lists(workflows.list_workflow_versions, lambda reply: reply.versions)
    retry_run = gives(workflows.retry_workflow_run, lambda run: run.run_id)

    @call
    def create(self, workflow_id: str, *, source: str, display_name: str | Unset = UNSET) -> Operation[WorkflowSync]:
        """The new workflow, from its source in TypeScript. POST /internal/workflows."""
        return workflows.create_workflow(id_=workflow_id, source=source, display_name=display_name)

    @call
    def pause(self, workflow_id: str) -> Operation[WorkflowPause]:
        """Lets events start no runs until it is resumed. PATCH /internal/workflows/{workflow_id}."""
        return workflows.set_workflow_paused(workflow_id, is_paused=True)

    @call
    def resume(self, workflow_id: str) -> Operation[WorkflowPause]:
        """Lets events start runs again. PATCH /internal/workflows/{workflow_id}."""
        return workflows.set_workflow_paused(workflow_id, is_paused=False)
