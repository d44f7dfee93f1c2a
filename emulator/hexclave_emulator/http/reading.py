"""Decoding and checking of requests: from bytes to the input of a handler."""

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from hexclave_emulator.checking.description import Description
from hexclave_emulator.checking.rules import USER_ID, Rule
from hexclave_emulator.checking.validation import Validator, in_order, query_value, said, undescribed
from hexclave_emulator.domains.access import Caller
from hexclave_emulator.messages.exchange import HttpRequest, JsonObject
from hexclave_emulator.messages.refusals import known, plain, schema_error
from hexclave_emulator.routing.routes import Route

NO_BODY: Final = object()
LARGEST_BODY: Final = 8 * 1024 * 1024
"""Bytes, after decompression."""

_CONTENT_TYPES: Final = (
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "text/plain",
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ANYTHING: Final[JsonObject] = {}


def decoded_body(request: HttpRequest) -> Any:
    """Decode the body by its content type; `NO_BODY` if there is none.

    Raises:
        Refusal: BODY_PARSING_ERROR.
    """
    if request.method in ("GET", "HEAD"):
        return NO_BODY
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type:
        return NO_BODY
    if content_type not in _CONTENT_TYPES:
        raise known("BODY_PARSING_ERROR", f"Unknown content type in request body: {content_type}")
    try:
        content = _inflated(request, content_type).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise known("BODY_PARSING_ERROR", "Request body cannot be parsed as UTF-8") from None
    if content_type == "text/plain":
        return content
    if content_type == "application/x-www-form-urlencoded":
        try:
            return dict(parse_qsl(content, keep_blank_values=True))
        except ValueError:
            raise known("BODY_PARSING_ERROR", "Invalid form in request body") from None
    try:
        found = json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise known("BODY_PARSING_ERROR", "Invalid JSON in request body") from None
    return _mended(found) if "\\u" in content else found


def _inflated(request: HttpRequest, content_type: str) -> bytes:
    """Decompress the content. Browsers send batches of events as gzip without declaring it."""
    content = request.content
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding == "identity" and content_type == "application/octet-stream" and content.startswith(b"\x1f\x8b"):
        encoding = "gzip"
    if encoding == "identity":
        return content
    if encoding not in ("gzip", "deflate"):
        raise known("BODY_PARSING_ERROR", f"Unknown content encoding in request body: {encoding}")
    try:
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32 if encoding == "gzip" else zlib.MAX_WBITS)
        inflated = inflater.decompress(content, LARGEST_BODY + 1)
    except zlib.error:
        raise known("BODY_PARSING_ERROR", "Invalid compression in request body") from None
    if len(inflated) > LARGEST_BODY:
        raise plain(413, "Request body too large")
    return inflated


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{number} is out of range")
    return value


def _mended(value: Any) -> Any:
    """Return the value without unpaired surrogates, which cannot be encoded."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(item) for name, item in value.items()}
    return value


def check_access(entry: Route, caller: Caller) -> None:
    """Refuse callers that may not use the operation."""
    if not entry.access:
        return
    if caller.type is None:
        raise known("ACCESS_TYPE_REQUIRED")
    if caller.type not in entry.access:
        allowed = " or ".join(f"'{each}'" for each in entry.access)
        raise known(
            "INSUFFICIENT_ACCESS_TYPE",
            f"This operation takes access type {allowed}, not '{caller.type}'.",
            actual_access_type=caller.type,
            allowed_access_types=list(entry.access),
        )


def checked_input(
    description: Description,
    entry: Route,
    caller: Caller,
    request: HttpRequest,
    headers: Mapping[str, str],
    params: dict[str, str],
    body: Any,
) -> tuple[JsonObject, Any]:
    """Return query and body as passed to the handler.

    Raises:
        Refusal: SCHEMA_ERROR with all errors; before that, CANNOT_GET_OWN_USER_WITHOUT_USER.
    """
    if caller.user is None and _asks_for_me(entry, {"params": params, "query": dict(request.query), "body": body}):
        raise known("CANNOT_GET_OWN_USER_WITHOUT_USER")
    validator = Validator(description, caller.type or "client", entry.rules)
    faults = validator.faults
    if "user" in entry.needs and caller.user is None:
        faults.append("auth.user must be defined")
    checked = _checked_body(entry, validator, body)
    if "refresh_token" in entry.needs and "refresh-token" not in headers:
        faults.append("headers.x-stack-refresh-token must be defined")
    for name, value in params.items():
        _check(entry.rules.get(f"params.{name}"), value, f"params.{name}", faults)
        parameter = entry.operation.path_parameters.get(name) if entry.operation else None
        if parameter is not None:
            query_value(parameter.get("schema", _ANYTHING), value, f"params.{name}", faults)
    query = _checked_query(entry, validator, dict(request.query))
    if faults:
        raise schema_error(request.method, request.path, faults)
    return query, checked


def _asks_for_me(entry: Route, places: Mapping[str, Any]) -> bool:
    """Return true if `me` is given as a user id: the API resolves it before it checks anything else."""
    for place, rule in entry.rules.items():
        source, _, name = place.partition(".")
        given = places.get(source)
        if set(USER_ID.checks) <= set(rule.checks) and isinstance(given, dict) and given.get(name) == "me":
            return True
    return False


def _checked_body(entry: Route, validator: Validator, body: Any) -> Any:
    operation = entry.operation
    schema = operation.body if operation is not None else _ANYTHING
    if not schema and any(place == "body" or place.startswith("body.") for place in entry.rules):
        schema = {"type": "object", "properties": {}}
    if schema is None:
        return None
    if body is NO_BODY:
        demanded = entry.rules.get("body", Rule()).required
        if demanded is None:
            demanded = any(rule.required for place, rule in entry.rules.items() if place.startswith("body."))
            demanded = demanded or (operation is not None and operation.body_required)
        if not demanded:
            return {}
        validator.faults.append("body must be defined")
        return None
    return validator.value(schema, body, "body")


def _checked_query(entry: Route, validator: Validator, given: dict[str, str]) -> JsonObject:
    described = entry.operation.query_parameters if entry.operation is not None else {}
    parameters = {
        name: parameter
        for name, parameter in described.items()
        if validator.access in parameter.get("x-access", (validator.access,))
    }
    rules = validator.rules
    parameters |= undescribed(rules, "query.", described)
    unknown = [name for name in given if name not in parameters]
    before_all = len(validator.faults)
    found: JsonObject = {}
    for name, parameter in parameters.items():
        where = f"query.{name}"
        rule = rules.get(where, Rule())
        schema = validator.description.resolve(parameter.get("schema", _ANYTHING))
        if rule.values is not None:
            schema = {**schema, "enum": list(rule.values)}
        if name in given:
            before = len(validator.faults)
            found[name] = query_value(schema, given[name], where, validator.faults)
            if len(validator.faults) == before:
                _check(rule, found[name], where, validator.faults)
        elif parameter.get("required") if rule.required is None else rule.required:
            validator.faults.append(f"{where} must be defined")
        elif "default" in schema:
            found[name] = schema["default"]
    validator.faults[before_all:] = in_order(validator.faults[before_all:], parameters, "query")
    if unknown and entry.operation is not None:
        validator.faults.append(f"query contains unknown properties: {', '.join(unknown)}")
    return found


def _check(rule: Rule | None, value: Any, where: str, faults: list[str]) -> None:
    if rule is not None:
        faults.extend(said(rule, value, where))
