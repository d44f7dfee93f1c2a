"""What is wrong with the request itself, whatever it asks for."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError, ServerError


class AllOverloadsFailed(KnownError, BadRequestError):
    """The endpoint takes several kinds of request and this one fits none of them."""

    code = "ALL_OVERLOADS_FAILED"
    hint = "Each entry of `overload_errors` says why one of them was refused."
    overload_errors = detail(list[dict[str, object]])


class BodyParsingError(KnownError, BadRequestError):
    """The body could not be decoded: its JSON, text encoding or content type is not accepted."""

    code = "BODY_PARSING_ERROR"


class SchemaError(KnownError, BadRequestError):
    """A field of the body, the query or the path is missing, unknown or of the wrong kind."""

    code = "SCHEMA_ERROR"
    hint = "The message names each field that was refused."
    reason = detail(str, "message")


class ArgumentNotAvailable(SchemaError):
    """The server does not know an argument of the call, because it is older."""

    hint = "Leave the argument out, or use a newer server."

    arguments: tuple[str, ...] = ()
    """The arguments by the API's names; `order_by=last_active_at` where only the value is not known."""
    since: str | None = None
    """The release that brought them: `2026-09`, or `after 2026-04`."""


class UnsupportedError(KnownError, ServerError):
    """A stand-in for an error that the other side cannot name."""

    code = "UNSUPPORTED_ERROR"
    original_error_code = detail(str, "originalErrorCode")
