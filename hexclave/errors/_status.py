"""Base classes for error replies, one for each HTTP status."""

from hexclave_api.errors import HexclaveError


class APIStatusError(HexclaveError):
    """The API, or a proxy in front of it, returned an error status."""


class BadRequestError(APIStatusError):
    """400: the request is invalid."""

    status: int | None = 400
    hint = "Correct the request; retrying it unchanged will fail again."


class AuthenticationError(APIStatusError):
    """401: keys or tokens are missing, invalid or insufficient.

    The API also returns 401 for missing permissions; see `TeamPermissionRequired` and `InsufficientAccessType`.
    """

    status: int | None = 401
    hint = "Check the keys and tokens of the call, and that they belong to this project."


class PermissionDeniedError(APIStatusError):
    """403: the caller is authenticated but not allowed to do this."""

    status: int | None = 403
    hint = "Use an access type or a user with the required permission."


class NotFoundError(APIStatusError):
    """404: the resource does not exist, or is not visible to the caller."""

    status: int | None = 404
    hint = "Check the IDs in the path, and that they belong to this project."


class OperationNotAvailable(APIStatusError):
    """404 or 405: the server does not have this operation, most likely because it is an older version."""

    status: int | None = 404
    hint = "Upgrade the server, or avoid this operation."

    operation: str | None = None
    """The name of the operation's function in `hexclave_api`."""
    since: str | None = None
    """The release that added it: `2026-09`, or `after 2026-04`; `None` if every known release has it."""


class ConflictError(APIStatusError):
    """409: the request conflicts with the current state."""

    status: int | None = 409
    hint = "Fetch the current state before retrying."


class RateLimitError(APIStatusError):
    """429: too many requests, and the call's deadline or attempts left no room for another retry."""

    status: int | None = 429
    hint = "Send fewer requests, or raise the total timeout."

    limit: int | None = None
    """Requests allowed per window, if the server sent it."""
    remaining: int | None = None
    """Requests left in this window, if the server sent it."""
    reset: float | None = None
    """Seconds from the reply to the next window, if the server sent it."""


class ServerError(APIStatusError):
    """5xx: the server failed to process the request."""

    status: int | None = 500
    hint = "Try again later. If it persists, report the request ID to the operators of the server."


class KnownError(APIStatusError):
    """An error with a code known to this version, with its details as attributes."""
