"""Sentry: groups errors of the API by class and operation, and keeps request data out of events. Needs `sentry-sdk`.

sentry_sdk.init(dsn="…", integrations=[HexclaveIntegration()])
"""

from typing import TYPE_CHECKING, Any, Final

try:
    import sentry_sdk
    from sentry_sdk.integrations import Integration
    from sentry_sdk.scope import add_global_event_processor
except ImportError as _missing:
    raise ImportError("Sentry is missing: pip install sentry-sdk") from _missing

from hexclave.errors import HexclaveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentry_sdk.client import BaseClient
    from sentry_sdk.types import Event, Hint

__all__ = ["HexclaveIntegration"]

_OWN_MODULES: Final = ("hexclave.", "hexclave_api.")
_CREDENTIALS: Final = (
    "publishable-client-key",
    "secret-server-key",
    "super-secret-admin-key",
    "admin-access-token",
    "access-token",
    "refresh-token",
    "auth",
)
_CREDENTIAL_HEADERS: Final = (
    *(f"x-{brand}-{name}" for brand in ("stack", "hexclave") for name in _CREDENTIALS),
    "x-api-key",
)


class HexclaveIntegration(Integration):
    """An integration for `sentry_sdk.init`.

    Events of a `HexclaveError` get a fingerprint of its class and operation, tags, and a context with status, code and
    request ID; a fingerprint of your own is kept. In all events, the local variables of the SDK's frames are removed,
    which hold what your program sent and received; headers with credentials in requests to your backend are filtered.
    """

    identifier = "hexclave"

    @staticmethod
    def setup_once() -> None:
        """Called by Sentry."""
        add_global_event_processor(_process)


def _process(event: "Event", hint: "Hint") -> "Event | None":
    client = sentry_sdk.get_client()
    if client.get_integration(HexclaveIntegration) is None:
        return event
    _scrub_headers(client)
    for frame in _frames(event):
        if f"{frame.get('module')}.".startswith(_OWN_MODULES):
            frame.pop("vars", None)
    exc_info = hint.get("exc_info")
    error = exc_info[1] if exc_info else None
    if isinstance(error, HexclaveError):
        _describe(event, error)
    return event


def _describe(event: "Event", error: HexclaveError) -> None:
    kind = type(error).__name__
    event.setdefault("fingerprint", ["hexclave", kind, error.operation or ""])
    facts = {
        "operation": error.operation,
        "method": error.method,
        "status": error.status,
        "code": error.code,
        "request_id": error.request_id,
        "attempts": error.attempts,
    }
    known = {name: value for name, value in facts.items() if value is not None}
    event.setdefault("contexts", {}).setdefault("hexclave", {}).update(known)
    tags: Any = event.setdefault("tags", {})
    for name in ("operation", "code"):
        if name in known:
            tags.setdefault(f"hexclave.{name}", known[name])


def _frames(event: "Event") -> "Iterator[dict[str, Any]]":
    for part in ("exception", "threads"):
        values: Any = event.get(part) or {}
        for value in values.get("values") or ():
            yield from (value.get("stacktrace") or {}).get("frames") or ()


def _scrub_headers(client: "BaseClient") -> None:
    """Make Sentry's scrubber, which runs later, filter headers that it does not know to carry credentials."""
    scrubber = client.options.get("event_scrubber")
    if scrubber is not None and not set(_CREDENTIAL_HEADERS) <= set(scrubber.denylist):
        scrubber.denylist.extend(_CREDENTIAL_HEADERS)
