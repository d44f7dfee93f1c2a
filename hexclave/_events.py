"""Events that hooks are called with; every value is safe to log."""

from collections.abc import Mapping

import attrs

from hexclave.errors import HexclaveError


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
