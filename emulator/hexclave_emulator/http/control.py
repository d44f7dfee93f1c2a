"""`/_emulator/api`: the emulator's own operations, for tests in other processes and for its web page.

It exposes every key, so it answers only requests for a loopback host, and none from a web page of another origin.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import attrs

from hexclave.errors import UnsafeUseError
from hexclave_emulator.checking.origins import origin_of
from hexclave_emulator.domains.deployments import deploy, deployment_view
from hexclave_emulator.domains.projects import PROJECTS
from hexclave_emulator.messages.exchange import HttpRequest, JsonObject, Reply, ok, page, success, text
from hexclave_emulator.messages.faults import Fault
from hexclave_emulator.messages.refusals import Refusal, plain
from hexclave_emulator.page import calls
from hexclave_emulator.page.files import served
from hexclave_emulator.page.overview import logged_view, logged_whole, overview
from hexclave_emulator.webhooks.endpoints import DELIVERIES, add_endpoint, delete_endpoint
from hexclave_emulator.webhooks.events import EVENTS

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator, Logged


def owns(request: HttpRequest) -> bool:
    """Return true if the request is for the emulator itself rather than the API."""
    return request.path == "/_emulator" or request.path.startswith("/_emulator/")


def answer(emulator: "Emulator", request: HttpRequest, segments: list[str]) -> Reply:
    """Answer one of the emulator's own operations."""
    try:
        reply = _performed(emulator, request, segments)
    except Refusal as refusal:
        refusal.reply = attrs.evolve(refusal.reply, bare=True)
        raise
    # No CORS or API headers: no other origin may read it.
    return attrs.evolve(reply, bare=True)


def _performed(emulator: "Emulator", request: HttpRequest, segments: list[str]) -> Reply:
    _check_origin(emulator, request)
    place = request.method, "/".join(segments)
    call = _CALLS.get(place)
    if call is not None:
        return call(emulator, request.base_url, _arguments(request))
    action = ACTIONS.get(place)
    if action is not None:
        return action(emulator, _arguments(request))
    if request.method == "GET" and len(segments) <= 1:
        return served(segments[0] if segments else "index.html")
    raise plain(404, f"The emulator has no operation {request.method} {request.path}.")


def _check_origin(emulator: "Emulator", request: HttpRequest) -> None:
    try:
        is_local = origin_of(request.base_url).is_local
    except ValueError:
        is_local = False
    origin = request.headers.get("origin")
    foreign = origin is not None and origin != request.base_url
    rebound = not emulator.beyond_loopback and not is_local
    if foreign or rebound or request.headers.get("sec-fetch-site") == "cross-site":
        raise Refusal(text("The emulator's own operations are only available from this machine.", status=403))


def _arguments(request: HttpRequest) -> JsonObject:
    if request.method == "GET":
        return dict(request.query)
    if not request.content:
        return {}
    try:
        found = json.loads(request.content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise plain(400, "The body must be a JSON object.")
    return found


def _project(emulator: "Emulator", _body: JsonObject) -> Reply:
    return ok(attrs.asdict(emulator.ready) if emulator.ready is not None else None)


def _reset(emulator: "Emulator", _body: JsonObject) -> Reply:
    emulator.reset()
    return _project(emulator, _body)


def _snapshot(emulator: "Emulator", body: JsonObject) -> Reply:
    emulator.snapshots[_name(body)] = emulator.snapshot()
    return success()


def _restore(emulator: "Emulator", body: JsonObject) -> Reply:
    snapshot = emulator.snapshots.get(_name(body))
    if snapshot is None:
        raise plain(404, "There is no snapshot with this name.")
    emulator.restore(snapshot)
    return success()


def _name(body: JsonObject) -> str:
    name = body.get("name", "default")
    if not isinstance(name, str):
        raise plain(400, "name must be text.")
    return name


def _mails(emulator: "Emulator", _body: JsonObject) -> Reply:
    return page([attrs.asdict(mail) for mail in emulator.outbox])


def _events(emulator: "Emulator", _body: JsonObject) -> Reply:
    return page([attrs.asdict(event) for event in emulator.state[EVENTS]])


def _requests(emulator: "Emulator", _body: JsonObject) -> Reply:
    return page([logged_view(each) for each in emulator.log])


def _request(emulator: "Emulator", arguments: JsonObject) -> Reply:
    found = _logged(emulator, arguments)
    return ok({**logged_whole(found), **calls.logged_python(emulator, found)})


def _replay(emulator: "Emulator", arguments: JsonObject) -> Reply:
    return calls.replay(emulator, _logged(emulator, arguments))


def _logged(emulator: "Emulator", arguments: JsonObject) -> "Logged":
    found = next((each for each in emulator.log if str(each.number) == str(arguments.get("number"))), None)
    if found is None:
        raise plain(404, "There is no request with this number in the log.")
    return found


def _overview(emulator: "Emulator", arguments: JsonObject) -> Reply:
    return ok(overview(emulator, arguments.get("project")))


def _add_endpoint(emulator: "Emulator", body: JsonObject) -> Reply:
    types, secret, project_id = body.get("types", []), body.get("secret"), body.get("project_id")
    if not isinstance(types, list) or not all(isinstance(each, str) for each in types):
        raise plain(400, "types must be a list such as ['user.created'].")
    if not isinstance(secret, str | None) or not isinstance(project_id, str | None):
        raise plain(400, "secret and project_id must be text.")
    if project_id is None and emulator.ready is not None:
        project_id = emulator.ready.project_id
    if project_id is None or emulator.state[PROJECTS].get(project_id) is None:
        raise plain(404, "There is no such project.")
    try:
        made = add_endpoint(emulator.state, project_id, str(body.get("url", "")), types=types, secret=secret)
    except (ValueError, UnsafeUseError) as error:
        raise plain(400, str(error)) from None
    return ok(attrs.asdict(made))


def _delete_endpoint(emulator: "Emulator", body: JsonObject) -> Reply:
    delete_endpoint(emulator.state, str(body.get("id")))
    return success()


def _deploy(emulator: "Emulator", body: JsonObject) -> Reply:
    name, env, error = body.get("service_id"), body.get("env", {}), body.get("error")
    project_id = body.get("project_id") or (emulator.ready.project_id if emulator.ready is not None else None)
    if not isinstance(name, str) or not name or "/" in name or not isinstance(error, str | None):
        raise plain(400, "service_id must be the name of a service, and error must be text.")
    if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
        raise plain(400, "env must map names to strings.")
    if not isinstance(project_id, str) or emulator.state[PROJECTS].get(project_id) is None:
        raise plain(404, "There is no such project.")
    made = deploy(emulator.state, project_id, name, env=env, error=error, now=emulator.clock.millis())
    return ok(deployment_view(emulator.state, made))


def _deliveries(emulator: "Emulator", _body: JsonObject) -> Reply:
    return page([attrs.asdict(each) for each in emulator.state[DELIVERIES]])


_FAULT_TYPES: Final[dict[str, Any]] = {
    "status": int,
    "headers": dict,
    "body": object,
    "delay": (int, float),
    "reset": bool,
    "times": int,
    "method": str,
    "path": str,
}


def _add_fault(emulator: "Emulator", body: JsonObject) -> Reply:
    for name, value in body.items():
        if name not in _FAULT_TYPES:
            raise plain(400, f"Unknown field {name}; a fault has {', '.join(_FAULT_TYPES)}.")
        if not isinstance(value, _FAULT_TYPES[name]):
            raise plain(400, f"{name} of a fault has the wrong type.")
    if not 100 <= body.get("status", 200) <= 599 or not 0 <= body.get("delay", 0) <= 3600:
        raise plain(400, "status must be from 100 to 599 and delay from 0 to 3600 seconds.")
    if not all(isinstance(value, str) for value in body.get("headers", {}).values()):
        raise plain(400, "headers of a fault must be text.")
    emulator.faults.add(Fault(**body))
    return success()


def _clear_faults(emulator: "Emulator", _body: JsonObject) -> Reply:
    emulator.faults.clear()
    return success()


def _clock(emulator: "Emulator", body: JsonObject) -> Reply:
    advance, freeze = body.get("advance_seconds"), body.get("freeze_at_millis")
    for value in (advance, freeze):
        if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e14):
            raise plain(400, "advance_seconds and freeze_at_millis must be numbers.")
    if freeze is not None:
        emulator.clock.freeze(int(freeze))
    if body.get("resume"):
        emulator.clock.resume()
    if advance is not None:
        emulator.clock.advance(advance)
    return ok({"now_millis": emulator.clock.millis()})


ACTIONS: Final[dict[tuple[str, str], Callable[["Emulator", JsonObject], Reply]]] = {
    ("GET", "api/overview"): _overview,
    ("GET", "api/project"): _project,
    ("POST", "api/reset"): _reset,
    ("POST", "api/snapshot"): _snapshot,
    ("POST", "api/restore"): _restore,
    ("GET", "api/mails"): _mails,
    ("GET", "api/events"): _events,
    ("GET", "api/requests"): _requests,
    ("GET", "api/request"): _request,
    ("POST", "api/replay"): _replay,
    ("GET", "api/deliveries"): _deliveries,
    ("POST", "api/webhook-endpoints"): _add_endpoint,
    ("DELETE", "api/webhook-endpoints"): _delete_endpoint,
    ("POST", "api/deployments"): _deploy,
    ("POST", "api/faults"): _add_fault,
    ("DELETE", "api/faults"): _clear_faults,
    ("POST", "api/clock"): _clock,
}
_CALLS: Final[dict[tuple[str, str], Callable[["Emulator", str, JsonObject], Reply]]] = {
    ("POST", "api/call"): calls.make_call,
    ("POST", "api/python"): calls.preview_call,
}
