"""Events passed to hooks; all values are safe to log."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from hexclave.errors import HexclaveError
from hexclave_api.operation import AccessType

WaitReason: TypeAlias = Literal["rate_limit", "backoff", "refresh"]


@attrs.frozen
class CallEvent:
    """A call begins. All fields are low in cardinality, so they suit names of spans and labels of metrics."""

    operation: str
    """Name of the operation, such as `get_user`."""
    method: str
    template: str
    """Path with placeholders, such as `/users/{user_id}`, relative to `base_url`."""
    base_url: str
    """With `/api/v1`, without a trailing slash."""
    access: AccessType
    project_id: str


@attrs.frozen
class RequestEvent:
    """An attempt is about to be sent."""

    operation: str
    method: str
    url: str
    """Without the query, which may contain secrets."""
    headers: Mapping[str, str]
    """With credentials and the values of `extra_headers` redacted."""
    attempt: int
    """1 for the first."""
    client_request_id: str | None = None
    """Your ID of the call, if it was given one."""


@attrs.frozen
class ResponseEvent:
    """An attempt has received a reply or failed without one."""

    operation: str
    method: str
    url: str
    attempt: int
    status: int | None
    request_id: str | None
    error: HexclaveError | None
    """The error that is raised or retried; `None` on success."""
    seconds: float
    """From sending to the end of the reply."""
    client_request_id: str | None = None
    """Your ID of the call, if it was given one."""


@attrs.frozen
class RetryEvent:
    """A failed attempt is about to be retried."""

    operation: str
    method: str
    url: str
    attempt: int
    """The attempt that failed."""
    error: HexclaveError
    wait: float
    """Estimated seconds until the next attempt: the longer of the backoff and the wait for the rate limit."""
    client_request_id: str | None = None
    """Your ID of the call, if it was given one."""


@attrs.frozen
class WaitEvent:
    """A call has waited before an attempt."""

    operation: str
    method: str
    template: str
    reason: WaitReason
    """`rate_limit`: at a gate or the app's own limit; `backoff`: between two attempts; `refresh`: until the session had
    a fresh access token, which this call or another one requested."""
    seconds: float
