"""The errors of HTTP libraries as the SDK's own."""

import time
from typing import Any

from hexclave.errors import (
    APIConnectionError,
    ConnectTimeout,
    HexclaveError,
    ReadTimeout,
    TotalTimeout,
    UnreadableReplyError,
    UnsafeUseError,
)


def translated(error: Exception, ends: float | None, used: Any) -> HexclaveError | None:
    """The SDK's error for one of the HTTP library; `None` if it is none of those."""
    if isinstance(error, HexclaveError):
        return error.with_traceback(None)
    names = _names(error)
    if "TimeoutException" in names or isinstance(error, TimeoutError):
        if isinstance(error, TimeoutError) or (ends is not None and time.monotonic() >= ends):
            return TotalTimeout("The call did not end in time.")
        if names & {"ConnectTimeout", "PoolTimeout"}:
            return ConnectTimeout("No connection came about in time.")
        return ReadTimeout("The connection went silent before the reply was complete.")
    reason = f"{type(error).__name__}: {error}"
    if "DecodingError" in names:
        return UnreadableReplyError(f"The reply cannot be decoded ({reason}).")
    if "InvalidURL" in names:
        return UnsafeUseError(f"The call makes a URL that cannot be sent ({reason}).")
    if names & {"ConnectError", "ProxyError", "UnsupportedProtocol"}:
        return unreachable(reason)
    if names & {"HTTPError", "StreamError", "NetworkError", "ProtocolError"} or isinstance(error, OSError):
        return APIConnectionError(f"The connection broke before the reply was complete ({reason}).")
    if isinstance(error, RuntimeError) and used.is_closed:
        return UnsafeUseError("The app, or its http_client, was closed during the call.")
    if isinstance(error, RuntimeError) and "loop" in str(error):
        return UnsafeUseError(
            "http_client has connections of another event loop: make a client for each loop, or leave http_client out."
        )
    return None


def unreachable(reason: str) -> APIConnectionError:
    """There was no connection."""
    failure = APIConnectionError(f"The API cannot be reached ({reason}).")
    failure.sent = False
    return failure


def _names(error: Exception) -> set[str]:
    """Of its classes: httpx, httpx2 and httpcore use the same names for classes that are not related."""
    return {base.__name__ for base in type(error).__mro__}
