"""`/internal/emails/managed-onboarding`: sending domains managed by the service.

No DNS queries are made: each check advances a domain by one step.
"""

from typing import Final

import attrs

from hexclave_emulator.checking.rules import matches
from hexclave_emulator.domains.projects import change_settings
from hexclave_emulator.messages.exchange import JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State, table

_PATH: Final = "/internal/emails/managed-onboarding"
_NEXT: Final = {"pending_dns": "pending_verification", "pending_verification": "verified"}
_NAME_SERVERS: Final = ["ns1.example.com", "ns2.example.com"]
_RULES: Final = {
    "body.subdomain": matches(r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)+", "must be a domain"),
    "body.sender_local_part": matches(r"[A-Za-z0-9._%+-]+", "must be what stands before the @"),
}


@attrs.frozen(kw_only=True)
class EmailDomain:
    id: str
    project_id: str
    subdomain: str
    sender_local_part: str
    status: str


EMAIL_DOMAINS: Final = table("email_domains", EmailDomain, indexes=("project_id",))


@route("GET", f"{_PATH}/list", access=ADMIN)
def list_domains(request: Request, state: State) -> Reply:
    return ok({"items": [_view(each) for each in state[EMAIL_DOMAINS].where(project_id=request.project.id)]})


@route("POST", f"{_PATH}/setup", access=ADMIN, rules=_RULES)
def set_up_domain(request: Request, state: State) -> Reply:
    body, project_id = request.body, request.project.id
    found = state[EMAIL_DOMAINS].first(project_id=project_id, subdomain=body["subdomain"].lower())
    if found is None:
        found = state[EMAIL_DOMAINS].insert(
            EmailDomain(
                id=new_id(),
                project_id=project_id,
                subdomain=body["subdomain"].lower(),
                sender_local_part=body["sender_local_part"],
                status="pending_dns",
            )
        )
    return ok(_view(found))


@route("POST", f"{_PATH}/check", access=ADMIN)
def check_domain(request: Request, state: State) -> Reply:
    found = _find(request, state, request.body["domain_id"])
    if (found.subdomain, found.sender_local_part) != (request.body["subdomain"], request.body["sender_local_part"]):
        raise plain(400, "The domain was set up for another address.")
    found = state[EMAIL_DOMAINS].update(found, status=_NEXT.get(found.status, found.status))
    return ok({"status": found.status})


@route("POST", f"{_PATH}/apply", access=ADMIN)
def apply_domain(request: Request, state: State) -> Reply:
    found = _find(request, state, request.body["domain_id"])
    if found.status not in ("verified", "applied"):
        raise plain(409, "The domain is not verified yet.")
    server = {
        "isShared": False,
        "provider": "smtp",
        "host": "localhost",
        "port": 25,
        "username": "emulator",
        "password": "emulator",
        "senderName": request.project.display_name,
        "senderEmail": f"{found.sender_local_part}@{found.subdomain}",
    }
    change_settings(state, request.project, {"emails.server": server})
    for other in state[EMAIL_DOMAINS].where(project_id=request.project.id, status="applied"):
        state[EMAIL_DOMAINS].update(other, status="verified")
    state[EMAIL_DOMAINS].update(found, status="applied")
    return ok({"status": "applied"})


@route("POST", f"{_PATH}/delete", access=ADMIN)
def delete_domain(request: Request, state: State) -> Reply:
    found = _find(request, state, request.body["resend_domain_id"])
    if found.status == "applied":
        raise plain(409, "The domain is in use.")
    state[EMAIL_DOMAINS].delete(found.id)
    return ok({"status": "deleted"})


def _find(request: Request, state: State, domain_id: str) -> EmailDomain:
    found = state[EMAIL_DOMAINS].get(domain_id)
    if found is None or found.project_id != request.project.id:
        raise plain(404, "Domain not found.")
    return found


def _view(domain: EmailDomain) -> JsonObject:
    return {
        "domain_id": domain.id,
        "subdomain": domain.subdomain,
        "sender_local_part": domain.sender_local_part,
        "status": domain.status,
        "name_server_records": _NAME_SERVERS,
    }
