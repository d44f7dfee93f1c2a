"""Calls of the API that the page asks for: made with the project's keys, and shown as Python."""

import json
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, unquote, urlencode

from hexclave_emulator.checking.description import DescribedOperation, Description
from hexclave_emulator.domains.access import unprefixed
from hexclave_emulator.domains.projects import KEY_SETS
from hexclave_emulator.messages.exchange import HttpRequest, JsonObject, Reply, ok
from hexclave_emulator.messages.refusals import plain
from hexclave_emulator.page.methods import Access, Call
from hexclave_emulator.page.python import Written, python_of

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator, Logged

_KEYS: Final = {
    "client": "publishable_client_key",
    "server": "secret_server_key",
    "admin": "super_secret_admin_key",
}
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_API: Final = "/api/v1"


def make_call(emulator: "Emulator", base_url: str, arguments: JsonObject) -> Reply:
    """Make a call with a key of the project. Faults do not apply, and only changes are logged."""
    request = _request(emulator, base_url, arguments)
    reply = emulator.perform(request, is_logged=request.method != "GET")
    return ok({**_reply_view(reply), **_python(emulator, request)})


def preview_call(emulator: "Emulator", base_url: str, arguments: JsonObject) -> Reply:
    """The Python of a call that is not made."""
    return ok(_python(emulator, _request(emulator, base_url, arguments)))


def replay(emulator: "Emulator", logged: "Logged") -> Reply:
    """Send a request of the log again, as it was."""
    reply = emulator.perform(logged.request, is_logged=True)
    return ok({**_reply_view(reply), **_python(emulator, logged.request)})


def logged_python(emulator: "Emulator", logged: "Logged") -> JsonObject:
    """The Python of a request of the log."""
    return _python(emulator, logged.request)


def _request(emulator: "Emulator", base_url: str, arguments: JsonObject) -> HttpRequest:
    access, method, path = (arguments.get(name) for name in ("access", "method", "path"))
    if access not in _KEYS or method not in _METHODS or not isinstance(path, str) or not path.startswith("/"):
        raise plain(400, "A call has access (client, server, admin), method, and path, which begins with a slash.")
    query = arguments.get("query", {})
    if not isinstance(query, dict) or not all(isinstance(each, str) for each in query.values()):
        raise plain(400, "query must map names to strings.")
    project_id = arguments.get("project_id")
    if project_id is None and emulator.ready is not None:
        project_id = emulator.ready.project_id
    if not isinstance(project_id, str):
        raise plain(404, "There is no such project.")
    headers = {
        "x-stack-project-id": project_id,
        "x-stack-access-type": cast("str", access),
        f"x-stack-{_KEYS[access].replace('_', '-')}": _key(emulator, project_id, _KEYS[access]),
        "user-agent": "hexclave-emulator page",
    }
    content = b""
    if method in ("POST", "PATCH", "PUT"):  # with an empty object where the operation has no body, as the SDK does
        headers["content-type"] = "application/json"
        content = json.dumps(arguments.get("body", {})).encode()
    # Through the query string once: a lone surrogate cannot be sent, neither by the page nor by an app.
    sent = parse_qsl(urlencode(query, errors="replace"), keep_blank_values=True)
    return HttpRequest(str(method), _API + path, sent, headers, content, base_url)


def _key(emulator: "Emulator", project_id: str, kind: str) -> str:
    now = emulator.clock.millis()
    for each in emulator.state[KEY_SETS].where(project_id=project_id):
        key = getattr(each, kind)
        if key and each.manually_revoked_at_millis is None and each.expires_at_millis > now:
            return str(key)
    raise plain(404, f"The project has no valid {kind.replace('_', ' ')}; create one first.")


def _reply_view(reply: Reply) -> JsonObject:
    content = reply.content.decode("utf-8", "replace")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = content
    return {"status": reply.status, "code": reply.headers.get("x-stack-known-error"), "body": body}


def _python(emulator: "Emulator", request: HttpRequest) -> JsonObject:
    written = python_of_request(emulator, request)
    return {"python": written.python if written else None, "masked": written.masked if written else None}


def python_of_request(emulator: "Emulator", request: HttpRequest) -> Written | None:
    """The program that sends a request; `None` if the SDK has no call that does."""
    segments = request.path.strip("/").split("/")
    found = emulator.router.find(segments[2:] or [""]) if segments[:1] == ["api"] else None
    entry, names = found[0].get(request.method, (None, ())) if found else (None, ())
    headers = unprefixed(request.headers)
    access = headers.get("access-type")
    if found is None or entry is None or entry.operation is None or access not in _KEYS:
        return None
    try:
        body = json.loads(request.content) if request.content else None
    except (ValueError, RecursionError):
        return None
    return python_of(
        Call(
            request.method,
            entry.operation.template,
            cast("Access", access),
            {name: unquote(value) for name, value in zip(names, found[1], strict=True)},
            {
                name: _read(emulator.router.description, entry.operation, name, value)
                for name, value in dict(request.query).items()
            },
            body,
            headers.get("access-token") or None,
            headers.get("refresh-token") or None,
        )
    )


def _read(description: Description, operation: DescribedOperation, name: str, value: str) -> Any:
    """A query value as the SDK takes it."""
    schema = description.resolve(operation.query_parameters.get(name, {}).get("schema", {}))
    kind = schema.get("type")
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind == "integer" and value.removeprefix("-").isdecimal():
        return int(value)
    return value.split(",") if kind == "array" else value
