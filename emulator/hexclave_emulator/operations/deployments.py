"""`/deployments`: services with their deployments, which `/_emulator/api/deployments` creates, and their domains."""

import json
from typing import Final

from hexclave_emulator.checking.rules import between, matches
from hexclave_emulator.domains.deployments import (
    DEPLOYMENTS,
    DOMAINS,
    SERVICES,
    Deployment,
    Service,
    ServiceDomain,
    deployment_view,
    service_view,
)
from hexclave_emulator.messages.exchange import JsonObject, Reply, created, ok, success, text
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import SERVER, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State

_DOMAINS: Final = "/deployments/services/{service_id}/domains"
_HOSTNAME: Final = matches(r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)+", "must be a hostname")


@route("GET", "/deployments/deployments", access=SERVER, rules={"query.limit": between(1, 100)})
def list_deployments(request: Request, state: State) -> Reply:
    found = state[DEPLOYMENTS].where(project_id=request.project.id)[::-1]
    return ok({"items": [deployment_view(state, each) for each in found[: request.query.get("limit", 20)]]})


@route("GET", "/deployments/deployments/{deployment_id}", access=SERVER)
def get_deployment(request: Request, state: State) -> Reply:
    return ok(deployment_view(state, _deployment(request, state)))


@route("GET", "/deployments/deployments/{deployment_id}/logs", access=SERVER)
def get_build_logs(request: Request, state: State) -> Reply:
    found = _deployment(request, state)
    ending = "Done." if found.error is None else f"Failed: {found.error}"
    return text(f"Deployment {found.number} builds nothing: this is an emulator.\n{ending}\n")


@route("GET", "/deployments/services", access=SERVER)
def list_services(request: Request, state: State) -> Reply:
    found = state[SERVICES].where(project_id=request.project.id)
    return ok({"items": [service_view(state, each, request.now) for each in found]})


@route("GET", "/deployments/services/{service_id}/logs", access=SERVER)
def get_service_logs(request: Request, state: State) -> Reply:
    service, since = _service(request, state), request.query.get("since_millis", 0)
    lines = [
        json.dumps({"at_millis": at, "stream": "stdout", "instance": "1", "text": f"deployment {each.number} runs"})
        for each in state[DEPLOYMENTS].where(service_id=service.id)
        if (at := each.created_at_millis) > since and each.error is None
    ]
    return text("".join(f"{line}\n" for line in lines))


@route("POST", _DOMAINS, access=SERVER, rules={"body.hostname": _HOSTNAME})
def add_domain(request: Request, state: State) -> Reply:
    service, hostname = _service(request, state), request.body["hostname"].lower()
    if state[DOMAINS].first(project_id=request.project.id, hostname=hostname) is not None:
        raise plain(409, "The domain already belongs to a service.")
    others = state[DOMAINS].where(service_id=service.id)
    is_primary = request.body.get("is_primary", not others)
    if is_primary:
        for other in others:
            state[DOMAINS].update(other, is_primary=False)
    made = state[DOMAINS].insert(
        ServiceDomain(
            id=new_id(),
            project_id=service.project_id,
            service_id=service.id,
            hostname=hostname,
            is_primary=is_primary,
            created_at_millis=request.now,
        )
    )
    return created(_domain_view(made, request.now))


@route("GET", f"{_DOMAINS}/{{hostname}}", access=SERVER)
def get_domain(request: Request, state: State) -> Reply:
    service = _service(request, state)
    found = _domain(request, state, service)
    is_verified = found.is_verified(request.now)
    has_success = any(each.error is None for each in state[DEPLOYMENTS].where(service_id=service.id))
    target = service.url.removeprefix("https://")
    return ok(
        {
            **_domain_view(found, request.now),
            "status": "verified" if is_verified else "awaiting_dns",
            "pending_first_deploy": not has_success,
            "dns_records": [{"type": "CNAME", "name": found.hostname, "value": target}],
            "bind_zone_file": f"{found.hostname}. 300 IN CNAME {target}.\n",
        }
    )


@route("DELETE", f"{_DOMAINS}/{{hostname}}", access=SERVER)
def delete_domain(request: Request, state: State) -> Reply:
    state[DOMAINS].delete(_domain(request, state, _service(request, state)).id)
    return success()


def _deployment(request: Request, state: State) -> Deployment:
    found = state[DEPLOYMENTS].get(request.params["deployment_id"])
    if found is None or found.project_id != request.project.id:
        raise plain(404, "Deployment not found.")
    return found


def _service(request: Request, state: State) -> Service:
    found = state[SERVICES].get(f"{request.project.id}:{request.params['service_id']}")
    if found is None:
        raise plain(404, "Service not found.")
    return found


def _domain(request: Request, state: State, service: Service) -> ServiceDomain:
    found = state[DOMAINS].first(service_id=service.id, hostname=request.params["hostname"].lower())
    if found is None:
        raise plain(404, "Domain not found.")
    return found


def _domain_view(domain: ServiceDomain, now: int) -> JsonObject:
    return {"hostname": domain.hostname, "is_primary": domain.is_primary, "verified": domain.is_verified(now)}
