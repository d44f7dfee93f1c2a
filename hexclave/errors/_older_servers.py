"""Errors for operations and arguments that an older server lacks."""

import re
from typing import TYPE_CHECKING, Any, Final

from hexclave.errors._requests import ArgumentNotAvailable, SchemaError
from hexclave.errors._status import APIStatusError, OperationNotAvailable

if TYPE_CHECKING:
    from hexclave_api.operation import Operation

_NO_SUCH_ROUTE: Final = b"this page does not exist"
_UNKNOWN: Final = re.compile(r"^  - (query|body) contains unknown properties: (.+)$", re.MULTILINE)
_NOT_A_CHOICE: Final = re.compile(r"^  - (query|body)\.(\w+) must be one of the following values: ", re.MULTILINE)
_AFTER: Final = "after "


def more_specific(error: APIStatusError, content: bytes, operation: "Operation[Any]") -> APIStatusError:
    """Return the error, or a more specific one if the server is too old for the operation or its arguments."""
    if isinstance(error, SchemaError):
        if arguments := _unknown_arguments(error.reason or error.message, operation):
            return _argument_not_available(error, arguments, operation)
    elif error.code is None and _is_no_route(error.status, content):
        return _operation_not_available(error, operation)
    return error


def _is_no_route(status: int | None, content: bytes) -> bool:
    """Return whether the 404 or 405 comes from the API itself rather than from a proxy in front of it."""
    return not content if status == 405 else status == 404 and _NO_SUCH_ROUTE in content[:100]


def _operation_not_available(error: APIStatusError, operation: "Operation[Any]") -> OperationNotAvailable:
    named = f"{operation.name} ({operation.method} {operation.template})"
    if operation.since is None:
        text = f"The server does not have {named}, although every known release has it. Check base_url."
    else:
        text = f"The server does not have {named}, which {_came(operation.since)}: it is an older version."
    if operation.older is not None:
        text += f" {_advice(operation.older)}"
    made = OperationNotAvailable(text, **_facts(error))
    made.operation, made.since = operation.name, operation.since
    return made


def _advice(older: str) -> str:
    from hexclave_api import OPERATIONS

    entry = OPERATIONS[older]
    app = "" if "client" in entry.access else f" of {'an admin' if entry.access == ('admin',) else 'a server'} app"
    return f"Perform hexclave_api.operations.{entry.tag}.{older}(…) with call(…){app} instead."


def _argument_not_available(
    error: SchemaError, arguments: tuple[str, ...], operation: "Operation[Any]"
) -> ArgumentNotAvailable:
    since = max(filter(None, map(operation.arguments_since.get, arguments)), default=None)
    named = f"{' and '.join(arguments)} of {operation.name} ({operation.method} {operation.template})"
    age = f", which {_came(since)}: it is an older version" if since else "; it may be older than this SDK"
    remedy = f"Leave {'it' if len(arguments) == 1 else 'them'} out."
    made = ArgumentNotAvailable(f"The server does not know {named}{age}. {remedy}", **_facts(error))
    made.arguments, made.since = arguments, since
    return made


def _unknown_arguments(message: str, operation: "Operation[Any]") -> tuple[str, ...]:
    """Return the arguments that were sent and that the server rejected as unknown, although the spec has them."""
    sent = {"query": operation.query, "body": operation.body if isinstance(operation.body, dict) else {}}
    unknown = [name for place, names in _UNKNOWN.findall(message) for name in names.split(", ") if name in sent[place]]
    for place, name in _NOT_A_CHOICE.findall(message):
        choice = f"{name}={sent[place].get(name)}"
        if choice in operation.arguments_since:
            unknown.append(choice)
    return tuple(dict.fromkeys(unknown))


def _came(since: str) -> str:
    release = since.removeprefix(_AFTER)
    return f"came after release {release}" if since.startswith(_AFTER) else f"came with release {release}"


def _facts(error: APIStatusError) -> dict[str, Any]:
    names = ("status", "code", "details", "request_id", "method", "path", "attempts", "retry_after")
    return {name: getattr(error, name) for name in names}
