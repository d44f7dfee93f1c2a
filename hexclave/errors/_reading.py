"""Conversion of error replies into exceptions."""

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from hexclave.errors._status import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    KnownError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from hexclave_api.error_text import one_line, without

if TYPE_CHECKING:
    from hexclave._messages import Reply
    from hexclave_api.operation import JsonValue

_FAMILIES: Final[Mapping[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}
_MOST_BYTES: Final = 1 << 20
_HEADERS_OF_FAILURES: Final = frozenset(
    f"{prefix}-{name}" for prefix in ("x-hexclave", "x-stack") for name in ("actual-status", "known-error")
)
# Compiled when first used, because most programs need none of them.
_STATUS: Final = r"[1-9][0-9]{2}"
_CODE: Final = r"[A-Za-z][A-Za-z0-9_.-]{0,99}"
_RFC_6749_CODE: Final = r"[a-z]+(_[a-z]+)+"
_REQUEST_ID: Final = r"[A-Za-z0-9_.:-]{1,128}"
_TITLE: Final = rb"(?i)<title[^>]{0,100}>([^<]{1,200})</title>"


def failed_status(reply: "Reply") -> int | None:
    """Return the status of an error reply, or `None` for a successful one.

    Statuses below 200 and redirects are errors too. A 2xx is an error when it has a known error header: the API
    overrides the status on request and sends the real one in a header, which a proxy may have dropped.
    """
    if not 200 <= reply.status < 300:
        return reply.status
    if _HEADERS_OF_FAILURES.isdisjoint(reply.headers):
        return None
    actual = _header(reply, "actual-status")
    unreadable = actual is not None and not re.fullmatch(_STATUS, actual)
    if actual is not None and not unreadable and not actual.startswith("2"):
        return int(actual)
    return reply.status if unreadable or _header(reply, "known-error") is not None else None


def from_reply(
    reply: "Reply",
    *,
    method: str,
    path: str,
    attempts: int,
    retry_after: float | None = None,
    secrets: Collection[str] = (),
) -> APIStatusError:
    """Return the exception for an error reply of any shape, with the secrets of the request removed.

    A known code determines the class; otherwise, and always for 429, the status does. If header and body disagree, the
    code in the body wins, because message and details come from the body and must match the class.
    """
    status = failed_status(reply) or reply.status
    report = _read(reply, status)
    in_header = _as_code(_header(reply, "known-error"))
    code = report.code or in_header or report.rfc_6749_code
    error = _class_of(code, status)(
        without(secrets, report.message),
        status=status,
        code=code,
        details=without(secrets, report.details),
        request_id=request_id_of(reply),
        method=method,
        path=path,
        attempts=attempts,
        retry_after=retry_after,
    )
    if report.code and in_header and report.code != in_header:
        error.add_note(
            f"The header has the code {one_line(in_header)}, the body {one_line(report.code)}; the body's was used."
        )
    if code and code.isupper() and not isinstance(error, KnownError):
        error.add_note(f"This version of the SDK does not know the error code {one_line(code)}; try a newer one.")
    return error


class _Report(NamedTuple):
    message: str
    code: str | None = None
    rfc_6749_code: str | None = None
    details: "Mapping[str, JsonValue] | None" = None


def _class_of(code: str | None, status: int) -> type[APIStatusError]:
    if code is not None and status != 429:
        from hexclave.errors._known import BY_CODE

        if code in BY_CODE:
            return BY_CODE[code]
    if 500 <= status < 600:
        return ServerError
    return _FAMILIES.get(status, APIStatusError)


def _read(reply: "Reply", status: int) -> _Report:
    content = reply.content.strip()
    if not content:
        return _Report(f"{_answer(status)} with an empty body.")
    if len(content) > _MOST_BYTES:
        return _Report(f"{_answer(status)} with {len(content)} bytes, too many for an error message.")
    if content.startswith(b"<"):
        title = re.search(_TITLE, content[:8192])
        named = f" titled {one_line(title[1].decode(errors='replace'), 100)!r}" if title else ""
        return _Report(f"{_answer(status)} with an HTML page{named}; it may come from a proxy.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        if content.startswith((b"{", b"[")):
            return _Report(f"{_answer(status)} with {len(content)} bytes of invalid JSON.")
        text = content.decode(errors="replace")
        if "\0" in text or text.count("\ufffd") * 10 > len(text):
            return _Report(f"{_answer(status)} with {len(content)} bytes of binary data.")
        return _Report(text)
    return _report_of(body, status)


def _report_of(body: "JsonValue", status: int) -> _Report:
    if isinstance(body, str) and body.strip():
        return _Report(body)
    if not isinstance(body, dict):
        return _Report(f"{_answer(status)} with JSON of an unknown shape.")
    code = _as_code(body.get("code"))
    error = body.get("error")
    rfc_6749_code = error if isinstance(error, str) and re.fullmatch(_RFC_6749_CODE, error) else None
    nested = error.get("message") if isinstance(error, dict) else None
    candidates = (body.get("error_description"), error, nested, body.get("message"), body.get("detail"))
    message = next((text for text in candidates if isinstance(text, str) and text.strip()), None)
    details = body.get("details")
    return _Report(
        message or f"{_answer(status)} with JSON of an unknown shape.",
        code,
        rfc_6749_code,
        details if isinstance(details, dict) else None,
    )


def _answer(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"The server answered {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"The server answered {status}"


def _header(reply: "Reply", name: str) -> str | None:
    value = reply.headers.get(f"x-hexclave-{name}")
    return reply.headers.get(f"x-stack-{name}") if value is None else value


def _as_code(value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(_CODE, value) else None


def request_id_of(reply: "Reply") -> str | None:
    """Return the server's request ID, if the reply has a printable one."""
    value = _header(reply, "request-id")
    return value if value is not None and re.fullmatch(_REQUEST_ID, value) else None
