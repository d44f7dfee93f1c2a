"""Workflows, deployments and other services of a project."""

from typing import Any

import pytest

from hexclave_api.operations import deployments, workflows
from hexclave_emulator import Emulator, HttpRequest
from tests.emulator.performing import Cast

SOURCE = """
export default defineWorkflow({
  triggers: [{ event: "order.placed" }, { cron: "0 8 * * *", timezone: "Europe/Vienna" }],
  async run({ step }) {
    await step.run("charge", () => null);
    await step.sleep("wait", "1h");
    await step.run("mail", () => null);
  },
});
"""


@pytest.fixture
def created(cast: Cast) -> Any:
    return cast.admin(workflows.create_workflow(id_="orders", source=SOURCE, display_name="Orders"))


def runs(cast: Cast, **query: Any) -> list[Any]:
    return list(cast.server(workflows.list_workflow_runs("orders", **query)).runs)


def test_an_event_begins_a_run_that_goes_on_with_the_clock(cast: Cast, created: Any) -> None:
    """It sleeps as long as the source says; its steps are visible."""
    assert (created.version, created.created) == (1, True)
    cast.server(workflows.send_workflow_event(name="order.placed", data={"run_key": "order-1"}))
    cast.server(workflows.send_workflow_event(name="something.else"))
    [run] = runs(cast, only_active=True)
    assert (run.state, run.run_key, run.steps_recorded) == ("sleeping", "order-1", 1)
    cast.ask.emulator.clock.advance(3601)
    whole = cast.server(workflows.get_workflow_run(run.id))
    assert whole.state == "completed"
    assert [each.step_id for each in whole.steps or ()] == ["charge", "wait", "mail"]
    assert whole.completed_at_millis == run.created_at_millis + 3600 * 1000
    assert runs(cast, only_active=True) == []
    assert [each.id for each in runs(cast, state="completed", run_key="order-1", include_state=True)] == [run.id]
    [listed] = cast.admin(workflows.list_workflows()).workflows
    assert [each.type for each in listed.triggers] == ["event", "schedule"]
    assert listed.stats.run_volume_14d[-1] == 1


def test_runs_keep_their_version_until_they_are_upgraded(cast: Cast, created: Any) -> None:
    """The same source makes no new version."""
    cast.server(workflows.send_workflow_event(name="order.placed"))
    assert not cast.admin(workflows.update_workflow_source("orders", source=SOURCE)).created
    second = cast.admin(workflows.update_workflow_source("orders", source=SOURCE.replace('"1h"', '"2h"')))
    assert (second.version, second.in_flight_runs_on_older_versions) == (2, 1)
    assert [each.in_flight_runs for each in cast.admin(workflows.list_workflow_versions("orders")).versions] == [0, 1]
    upgraded = cast.server(workflows.upgrade_workflow_runs("orders", to_version=2))
    assert upgraded.upgraded_count == 1
    cast.ask.emulator.clock.advance(3601)
    assert [each.state for each in runs(cast, version=2)] == ["sleeping"]
    unknown = workflows.upgrade_workflow_runs("orders", to_version=9)
    assert cast.server.refused(unknown)[0] == 404


def test_runs_are_cancelled_and_begun_again(cast: Cast, created: Any) -> None:
    """A paused workflow starts no run, and a deleted one is removed with its runs."""
    cast.server(workflows.send_workflow_event(name="order.placed"))
    [run] = runs(cast)
    assert cast.admin.refused(workflows.retry_workflow_run(run.id))[0] == 400
    assert cast.server(workflows.cancel_workflow_runs("orders", run_id=run.id)).canceled_count == 1
    assert cast.server(workflows.cancel_workflow_runs("orders")).canceled_count == 0
    again = cast.admin(workflows.retry_workflow_run(run.id)).run_id
    assert cast.server(workflows.get_workflow_run(again)).state == "sleeping"
    assert cast.admin(workflows.set_workflow_paused("orders", is_paused=True)).is_paused
    cast.server(workflows.send_workflow_event(name="order.placed"))
    assert len(runs(cast)) == 2
    assert [each.id for each in runs(cast, limit=1)] == [again]
    cast.admin(workflows.delete_workflow("orders"))
    assert cast.server.refused(workflows.get_workflow_run(again)) == (404, "Workflow run not found.")
    assert cast.admin(workflows.list_workflows()).workflows == ()


def deploy(emulator: Emulator, body: bytes) -> int:
    request = HttpRequest("POST", "/_emulator/api/deployments", content=body)
    return emulator.handle(request).status


def test_services_come_with_their_deployments(cast: Cast, emulator: Emulator) -> None:
    """Created outside the API, like by the command line; a failed one leaves the previous one running."""
    assert deploy(emulator, b'{"service_id": "web", "env": {"MODE": "test"}}') == 200
    assert deploy(emulator, b'{"service_id": "web", "error": "no Dockerfile"}') == 200
    assert deploy(emulator, b'{"service_id": 1}') == 400
    failed, first = cast.server(deployments.list_deployments()).items
    assert (failed.status, failed.error, first.number) == ("failed", "no Dockerfile", 1)
    assert b"no Dockerfile" in cast.server.reply(deployments.get_deployment_build_logs(failed.id)).content
    assert cast.server(deployments.get_deployment(first.id)).services[0].status == "deployed"
    [service] = cast.server(deployments.list_deployment_services()).items
    assert (service.id, service.status, service.has_successful_deploy) == ("web", "failed", True)
    assert "deployment 1 runs" in cast.server.reply(deployments.get_deployment_service_logs("web")).content.decode()
    assert cast.server.refused(deployments.get_deployment("nope")) == (404, "Deployment not found.")


def test_domains_of_services(cast: Cast, emulator: Emulator) -> None:
    """Each belongs to one service, and is verified after a moment."""
    deploy(emulator, b'{"service_id": "web"}')
    added = cast.server(deployments.add_deployment_domain("web", hostname="App.example.com"))
    assert (added.hostname, added.is_primary, added.verified) == ("app.example.com", True, False)
    taken = deployments.add_deployment_domain("web", hostname="app.example.com")
    assert cast.server.refused(taken)[0] == 409
    cast.server(deployments.add_deployment_domain("web", hostname="new.example.com", is_primary=True))
    assert not cast.server(deployments.get_deployment_domain("web", "app.example.com")).is_primary
    emulator.clock.advance(3)
    assert cast.server(deployments.get_deployment_domain("web", "app.example.com")).status == "verified"
    cast.server(deployments.delete_deployment_domain("web", "app.example.com"))
    gone = deployments.get_deployment_domain("web", "app.example.com")
    assert cast.server.refused(gone) == (404, "Domain not found.")
