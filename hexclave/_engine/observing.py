"""Logging and hooks of attempts, with credentials redacted."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hexclave._events import ResponseEvent
from hexclave.credentials import HEADERS
from hexclave.errors import HexclaveError
from hexclave.errors._reading import request_id_of
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave._engine.exchange import _Call
    from hexclave._messages import Reply

CREDENTIAL_HEADERS: Final = frozenset(
    HEADERS[name]
    for name in (
        "publishable_client_key",
        "secret_server_key",
        "super_secret_admin_key",
        "admin_access_token",
        "access_token",
        "refresh_token",
    )
)

logger: Final = logging.getLogger("hexclave")


def observe(call: "_Call", reply: "Reply | None", failure: HexclaveError | None, seconds: float) -> None:
    """Log the outcome of an attempt and call the hook."""
    operation, status = call.operation, None if reply is None else reply.status
    logger.debug(
        "%s %s: %s after %.0f ms, attempt %d",
        operation.method,
        operation.template,
        status if failure is None else failure,
        seconds * 1000,
        call.attempt,
    )
    if call.app.hooks.on_response is not None:
        request_id = None if reply is None else request_id_of(reply)
        call.app.hooks.on_response(
            ResponseEvent(
                operation.name, operation.method, call.shown_url, call.attempt, status, request_id, failure, seconds
            )
        )


def redact_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with credentials redacted."""
    return {name: str(Secret(value)) if name in CREDENTIAL_HEADERS else value for name, value in headers.items()}
