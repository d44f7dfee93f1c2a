"""Events passed to hooks; all values are safe to log."""

from collections.abc import Mapping

import attrs

from hexclave.errors import HexclaveError


@attrs.frozen
class RequestEvent:
    """An attempt is about to be sent."""

    operation: str
    method: str
    url: str
    """Without the query, which may contain secrets."""
    headers: Mapping[str, str]
    """With credentials redacted."""
    attempt: int
    """1 for the first."""


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
