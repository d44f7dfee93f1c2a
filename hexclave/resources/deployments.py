"""Services of yours that run in the project."""

from datetime import datetime

from hexclave._call import Mode, Resource, call
from hexclave._lift import does, lists, performs
from hexclave_api.operation import UNSET, Operation, Unset
from hexclave_api.operations import deployments
from hexclave_api.times import moment_millis


class Deployments(Resource[Mode]):
    """Deployments, the services that they run, their domains and logs. Newer servers only."""

    list = lists(deployments.list_deployments, lambda reply: reply.items)
    get = performs(deployments.get_deployment)
    get_build_logs = performs(deployments.get_deployment_build_logs)
    list_services = lists(deployments.list_deployment_services, lambda reply: reply.items)
    add_domain = performs(deployments.add_deployment_domain)
    get_domain = performs(deployments.get_deployment_domain)
    delete_domain = does(deployments.delete_deployment_domain)

    @call
    def get_service_logs(self, service_id: str, *, since: datetime | Unset = UNSET) -> Operation[str]:
        """What the service printed since then, or last: lines of JSON with `at_millis`, `stream`, `instance`, `text`.

        A line with `_error` says that the log broke off. Nothing is masked: whatever the service printed is in it.
        `since` needs a timezone. GET /deployments/services/{service_id}/logs.
        """
        return deployments.get_deployment_service_logs(
            service_id, since_millis=moment_millis(since, "since"), follow=False
        )
