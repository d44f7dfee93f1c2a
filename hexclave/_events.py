"""What hooks and the log are told of each attempt, its reply, and each wait before another one: all safe to show."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from hexclave.credentials import HEADERS
from hexclave.errors import HexclaveError
from hexclave.errors._reading import request_id_of
from hexclave_api.secret import Secret

if TYPE_CHECKING:
    from hexclave._exchange import _Call
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


@attrs.frozen
class RequestEvent:
    """An attempt is about to be sent."""

    operation: str
    method: str
    url: str
    """Without the query, which may hold secrets."""
    headers: Mapping[str, str]
    """With credentials masked."""
    attempt: int
    """1 for the first."""


@attrs.frozen
class ResponseEvent:
    """A reply has arrived, or the attempt failed without one."""

    operation: str
    method: str
    url: str
    attempt: int
    status: int | None
    request_id: str | None
    error: HexclaveError | None
    """What will be raised or repeated; `None` for a success."""
    seconds: float
    """From sending to the end of the reply."""


@attrs.frozen
class RetryEvent:
    """Another attempt will follow."""

    operation: str
    method: str
    url: str
    attempt: int
    """The attempt that failed."""
    error: HexclaveError
    wait: float
    """Seconds until the next attempt, as expected now: the wait of `Retries`, or that for the rate limit if longer."""


def observe(call: "_Call", reply: "Reply | None", failure: HexclaveError | None, seconds: float) -> None:
    """Tell the log and the hook how an attempt ended."""
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


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without the credentials among them."""
    return {name: str(Secret(value)) if name in CREDENTIAL_HEADERS else value for name, value in headers.items()}
