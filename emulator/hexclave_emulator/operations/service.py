"""Service information: greeting, versions, hosts."""

from hexclave_emulator.messages.exchange import Reply, ok, text
from hexclave_emulator.routing.routes import OPEN, Request, route
from hexclave_emulator.state.tables import State


@route("GET", "/", access=OPEN)
def greet(request: Request, _state: State) -> Reply:
    caller = request.caller
    lines = [
        "Welcome to the Stack API endpoint! Please refer to the documentation at https://docs.stack-auth.com.",
        "",
        f"Authentication: {caller.type.capitalize() if caller.type else 'None'}",
    ]
    if caller.project is not None:
        lines.append(f"Project: {caller.project.id}")
        lines.append(f"User: {caller.user.id if caller.user else 'None'}")
    return text("\n".join(lines))


@route("POST", "/check-version", access=OPEN)
def check_version(_request: Request, _state: State) -> Reply:
    return ok({"upToDate": True})


@route("POST", "/check-feature-support", access=OPEN)
def check_feature_support(request: Request, _state: State) -> Reply:
    name = request.body.get("feature_name") if isinstance(request.body, dict) else None
    return text(f"{name} is not yet supported. Please reach out to Stack support for more information.")


@route("GET", "/internal/backend-urls", access=OPEN)
def get_backend_urls(request: Request, _state: State) -> Reply:
    urls = [request.base_url]
    if request.base_url.startswith("http://localhost:") and request.base_url.endswith("02"):
        urls.append(f"{request.base_url[:-2]}10")  # the second host of a local API
    return ok({"urls": urls})
