"""The processing of a request: from its bytes to the reply."""

from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlencode

from hexclave_emulator.checking.examples import example_reply
from hexclave_emulator.domains import access, fake_provider, images
from hexclave_emulator.http import control, reading
from hexclave_emulator.http.cors import cors_headers, credentials_headers
from hexclave_emulator.messages.exchange import HttpRequest, Reply, ok, text
from hexclave_emulator.messages.refusals import Refusal
from hexclave_emulator.routing.routes import Request, Route
from hexclave_emulator.state.ids import secret

if TYPE_CHECKING:
    from hexclave_emulator.emulator import Emulator

_VERSIONS: Final = frozenset({"v1", "v2beta1", "v2beta2", "v2beta3", "v2beta4", "v2beta5", "latest"})
_TWINS: Final = ("request-id", "known-error", "actual-status")
_NO_PAGE: Final = (
    "404 — this page does not exist in Stack Auth's API.\n\nPlease see the API documentation at "
    "https://docs.stack-auth.com, or visit the Stack Auth dashboard at https://app.stack-auth.com.\n\nURL: "
)


def perform(emulator: "Emulator", request: HttpRequest) -> Reply:
    """Return the reply to one request; the caller commits or rolls back changes to the state.

    Raises:
        Refusal: the API refuses the request.
    """
    if request.method == "OPTIONS":
        return Reply(200, b"", {**cors_headers(emulator.release), **credentials_headers(request)}, bare=True)
    if request.path != "/" and request.path.endswith("/"):
        # Encoded, because browsers read a backslash as a slash, and `//host` as another origin.
        target = "/" + quote(request.path.strip("/"), safe="/%!$&'()*+,;=:@~")
        return Reply(308, target.encode(), {"location": target}, bare=True)
    segments = request.path.strip("/").split("/")
    if segments[0] != "api" or len(segments) < 2:
        return _outside(emulator, request, segments)
    found = emulator.router.find(segments[2:] or [""]) if segments[1] in _VERSIONS else None
    if found is None:
        asked = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        raise Refusal(text(f"{_NO_PAGE}{request.base_url}{request.path}{asked}", status=404))
    routes, values = found
    entry, names = routes.get(request.method, (None, ()))
    if entry is None:
        is_head = request.method == "HEAD" and "GET" in routes
        return text("", status=405) if is_head else Reply(405, bare=True)
    headers = access.unprefixed(request.headers)
    body = reading.decoded_body(request)
    caller = access.identify(emulator, headers)
    reading.check_access(entry, caller)
    params = {name: unquote(value) for name, value in zip(names, values, strict=True)}
    query, body = reading.checked_input(emulator.router.description, entry, caller, request, headers, params, body)
    all_headers = {**request.headers, **headers}
    call = Request(emulator, caller, request.method, request.path, request.base_url, all_headers, params, query, body)
    return _handled(emulator, entry, call)


def _handled(emulator: "Emulator", entry: Route, call: Request) -> Reply:
    if entry.handler is not None:
        return entry.handler(call, emulator.state)
    if emulator.stub and entry.operation is not None:
        return example_reply(entry.operation, call.caller.type or "client")
    message = f"The emulator does not know how to perform {entry.method} {entry.template}."
    code = "NOT_IMPLEMENTED_IN_EMULATOR"
    raise Refusal(ok({"code": code, "error": message}, status=501, headers={"x-stack-known-error": code}))


def _outside(emulator: "Emulator", request: HttpRequest, segments: list[str]) -> Reply:
    """Answer requests outside the API."""
    if segments[0] == "_emulator":
        return control.answer(emulator, request, segments[1:])
    if segments[0] == "fake-provider":
        return fake_provider.answer(emulator, request)
    if segments == ["health"]:
        return Reply(200, b'{"status":"ok"}', {"content-type": "application/json"}, bare=True)
    if segments == ["health", "error-handler-debug", "endpoint"]:
        return text("This endpoint always fails.", status=500)
    image = images.served(emulator.state, "/".join(segments)) if request.method == "GET" else None
    if image is not None:
        return image
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store, must-revalidate"}
    return Reply(404, b"", headers, bare=True)


def finished(emulator: "Emulator", request: HttpRequest, reply: Reply) -> Reply:
    """Return the reply with the common headers, and with the status that the caller asked for."""
    date = http_date(emulator.clock.seconds())
    if reply.bare:
        return Reply(
            reply.status, reply.content, {"date": date, **reply.headers}, reply.bare, reply.delay, reply.broken
        )
    headers = {
        "cache-control": "no-store, max-age=0",
        **cors_headers(emulator.release),
        **credentials_headers(request),
        "x-stack-request-id": secret(16),
        "date": date,
        **reply.headers,
    }
    status = reply.status
    wants_200 = (
        "x-stack-override-error-status" in request.headers or "x-hexclave-override-error-status" in request.headers
    )
    if wants_200 and 400 <= status < 500:
        headers["x-stack-actual-status"] = str(status)
        status = 200
    if emulator.release != "2026-04":
        for name in _TWINS:
            if f"x-stack-{name}" in headers:
                headers[f"x-hexclave-{name}"] = headers[f"x-stack-{name}"]
    return Reply(status, reply.content, headers, reply.bare, reply.delay, reply.broken)


@lru_cache(maxsize=8)
def http_date(seconds: int) -> str:
    """Return the moment in the format of the `Date` header."""
    try:
        return formatdate(seconds, usegmt=True)
    except (OverflowError, ValueError, OSError):
        return "Thu, 01 Jan 1970 00:00:00 GMT"  # the clock was set beyond the calendar
