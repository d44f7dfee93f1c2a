"""Services of a project and their deployments. The emulator builds and runs nothing; it only records them."""

from typing import Any, Final

import attrs

from hexclave_emulator.messages.exchange import JsonObject
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_VERIFIES_AFTER: Final = 2000
"""Milliseconds until the DNS records of a domain count as configured."""


@attrs.frozen(kw_only=True)
class Service:
    id: str
    """The project's id and the service name, which is its id in the API."""
    project_id: str
    name: str
    env: dict[str, str]
    url: str


@attrs.frozen(kw_only=True)
class Deployment:
    id: str
    project_id: str
    service_id: str
    number: int
    error: str | None
    created_at_millis: int


@attrs.frozen(kw_only=True)
class ServiceDomain:
    id: str
    project_id: str
    service_id: str
    hostname: str
    is_primary: bool
    created_at_millis: int

    def is_verified(self, now: int) -> bool:
        return now >= self.created_at_millis + _VERIFIES_AFTER


SERVICES: Final = table("services", Service, indexes=("project_id",))
DEPLOYMENTS: Final = table("deployments", Deployment, indexes=("project_id", "service_id"))
DOMAINS: Final = table("service_domains", ServiceDomain, indexes=("project_id", "service_id"))


def deploy(state: State, project_id: str, name: str, *, env: dict[str, str], error: str | None, now: int) -> Deployment:
    """Deploy the service, creating it if necessary; `error` makes the deployment fail."""
    service_id = f"{project_id}:{name}"
    found = state[SERVICES].get(service_id)
    if found is None:
        url = f"https://{name}.example.com"
        state[SERVICES].insert(Service(id=service_id, project_id=project_id, name=name, env=env, url=url))
    else:
        state[SERVICES].update(found, env=env)
    return state[DEPLOYMENTS].insert(
        Deployment(
            id=new_id(),
            project_id=project_id,
            service_id=service_id,
            number=len(state[DEPLOYMENTS].where(project_id=project_id)) + 1,
            error=error,
            created_at_millis=now,
        )
    )


def deployment_view(state: State, deployment: Deployment) -> JsonObject:
    """Return the deployment with its service."""
    service = state[SERVICES].get(deployment.service_id)
    status = "failed" if deployment.error is not None else "deployed"
    part: JsonObject = {
        "service_id": service.name if service else "",
        "status": status,
        "url": service.url if service and deployment.error is None else None,
        "revision": str(deployment.number),
        "image": None,
        "error": deployment.error,
    }
    return {
        "id": deployment.id,
        "number": deployment.number,
        "deployment_source_id": deployment.project_id,
        "status": status,
        "triggered_by": "emulator",
        "created_at_millis": deployment.created_at_millis,
        "finished_at_millis": deployment.created_at_millis,
        "error": deployment.error,
        "has_build_logs": True,
        "source_manifest": None,
        "services": [part],
    }


def service_view(state: State, service: Service, now: int) -> JsonObject:
    """Return the service with its domains and its latest deployment."""
    found = state[DEPLOYMENTS].where(service_id=service.id)
    domains: list[Any] = [
        {"hostname": each.hostname, "port": None, "is_primary": each.is_primary, "verified": each.is_verified(now)}
        for each in state[DOMAINS].where(service_id=service.id)
    ]
    has_success = any(each.error is None for each in found)
    return {
        "id": service.name,
        "deployment_source_id": service.project_id,
        "type": "server",
        "public": True,
        "ports": {"8080": {"protocol": "http"}},
        "min_instances": 1,
        "max_instances": 1,
        "memory": "512mb",
        "cpu": {"count": 1, "shared": True},
        "root_directory": None,
        "dockerfile_path": None,
        "image": None,
        "build_command": None,
        "start_command": None,
        "persistent_volumes": {},
        "provisioned": True,
        "parked_at": None,
        "parked_reason": None,
        "status": "deployed" if found[-1].error is None else "failed",
        "has_successful_deploy": has_success,
        "url": service.url if has_success else None,
        "env": [
            {"key": key, "type": "plain", "value": value, "secret_key": None}
            for key, value in sorted(service.env.items())
        ],
        "domains": domains,
        "latest_deployment_id": found[-1].id,
    }
