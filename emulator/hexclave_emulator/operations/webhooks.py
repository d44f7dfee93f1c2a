"""The API's operations for webhooks; endpoints are registered with the emulator itself, in place of Svix."""

import secrets

from hexclave_emulator.messages.exchange import Reply, created, ok
from hexclave_emulator.routing.routes import ADMIN, Request, route
from hexclave_emulator.state.ids import new_id
from hexclave_emulator.state.tables import State
from hexclave_emulator.webhooks.endpoints import ENDPOINTS, schedule_for

_NOT_DELIVERED = "Webhook not delivered. Make sure the endpoint is configured correctly."


@route("POST", "/webhooks/svix-token", access=ADMIN)
def create_token(_request: Request, _state: State) -> Reply:
    """Return a token in the right format. There is no Svix here that would accept it."""
    return created({"token": f"appsk_{secrets.token_hex(16)}"})


@route("POST", "/internal/send-test-webhook", access=ADMIN)
def send_test(request: Request, state: State) -> Reply:
    endpoint = state[ENDPOINTS].get(request.body["endpoint_id"])
    if endpoint is None or endpoint.project_id != request.project.id:
        return ok({"success": False, "error_message": _NOT_DELIVERED})
    data = {"message": "Test event", "endpointId": endpoint.id}
    # The API waits for the endpoint, which may call the emulator before it answers; the emulator is busy with this
    # request.
    schedule_for(state, endpoint, new_id(), "stack.test", data, now=request.now)
    return ok({"success": True})
