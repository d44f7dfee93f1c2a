"""The errors of calls that got no reply."""

import time

from hexclave.errors import APIConnectionError, APITimeoutError, ConnectTimeout, ReadTimeout, TotalTimeout


def unreachable(origin: str, error: Exception) -> APIConnectionError:
    """The error of a call for which there was no connection."""
    failure = APIConnectionError(f"{origin} cannot be reached ({type(error).__name__}: {error}).")
    failure.sent = False
    return failure


def broken(reason: str) -> APIConnectionError:
    """The error of a call whose connection is of no use any more."""
    return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")


def timed_out(deadline: float | None, *, connecting: bool = False) -> APITimeoutError:
    """The error of a call that waited too long, by the limit that ended it."""
    if deadline is not None and time.monotonic() >= deadline:
        return TotalTimeout("The call did not end in time.")
    if connecting:
        return ConnectTimeout("No connection was established in time.")
    return ReadTimeout("The connection went silent before the reply was complete.")
