"""Replies that report a failure: families by HTTP status, for known and unknown errors alike."""

from hexclave_api.errors import HexclaveError


class APIStatusError(HexclaveError):
    """The API, or something in front of it, answered that the call failed."""


class BadRequestError(APIStatusError):
    """400: the request cannot be carried out as it is."""

    status = 400
    hint = "Correct the request; unchanged it fails again."


class AuthenticationError(APIStatusError):
    """401: keys or tokens are missing, wrong or not enough.

    The API answers 401 also where a permission is missing, see `TeamPermissionRequired` and `InsufficientAccessType`.
    """

    status = 401
    hint = "Check which keys and tokens the call carries, and that they belong to this project."


class PermissionDeniedError(APIStatusError):
    """403: the caller is known and may not do this."""

    status = 403
    hint = "Make the call with an access type or as a user that is allowed to."


class NotFoundError(APIStatusError):
    """404: what the path names does not exist, or not for this caller."""

    status = 404
    hint = "Check the ids in the path, and that they belong to this project."


class OperationNotAvailable(APIStatusError):
    """404 or 405: the server has no such operation, most likely because it is older."""

    status = 404
    hint = "Use a newer server, or do without this operation."

    operation: str | None = None
    """The name of the operation, that of its function in `hexclave_api`."""
    since: str | None = None
    """The release that brought it: `2026-09`, or `after 2026-04`; `None` for what every known release has."""


class ConflictError(APIStatusError):
    """409: the call contradicts the present state."""

    status = 409
    hint = "Read the present state and decide from there."


class RateLimitError(APIStatusError):
    """429: too many requests, and the call's deadline or attempts did not allow to wait any longer."""

    status = 429
    hint = "Send less, or allow the call more time."

    limit: int | None = None
    """Requests allowed in a window, where the server said so."""
    remaining: int | None = None
    """Requests left in this window, where the server said so."""
    reset: float | None = None
    """Seconds from the reply to the next window, where the server said so."""


class ServerError(APIStatusError):
    """5xx: the fault is the server's."""

    status = 500
    hint = "Try again later. If it stays, give the request id to those who run the server."


class KnownError(APIStatusError):
    """An error whose code this version knows, and each of whose details is an attribute."""
