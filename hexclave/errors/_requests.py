"""Errors in the request itself, common to all endpoints."""

from hexclave.errors._details import detail
from hexclave.errors._status import BadRequestError, KnownError, ServerError


class AllOverloadsFailed(KnownError, BadRequestError):
    """The request matches none of the forms that the endpoint accepts."""

    code: str | None = "ALL_OVERLOADS_FAILED"
    hint = "See `overload_errors` for why each form was rejected."
    overload_errors: list[dict[str, object]] | None = detail(list[dict[str, object]])


class BodyParsingError(KnownError, BadRequestError):
    """The request body could not be parsed (invalid JSON, text encoding or content type)."""

    code: str | None = "BODY_PARSING_ERROR"


class SchemaError(KnownError, BadRequestError):
    """A field of the body, query or path is missing, unknown or of the wrong type."""

    code: str | None = "SCHEMA_ERROR"
    hint = "The message names each rejected field."
    reason: str | None = detail(str, "message")


class ArgumentNotAvailable(SchemaError):
    """The server is an older version that does not support an argument of the call."""

    hint = "Omit the argument, or upgrade the server."

    arguments: tuple[str, ...] = ()
    """The arguments by their API names; `order_by=last_active_at` if only the value is unsupported."""
    since: str | None = None
    """The release that added them: `2026-09`, or `after 2026-04`."""


class UnsupportedError(KnownError, ServerError):
    """A placeholder for an error that the server could not represent."""

    code: str | None = "UNSUPPORTED_ERROR"
    original_error_code: str | None = detail(str, "originalErrorCode")
