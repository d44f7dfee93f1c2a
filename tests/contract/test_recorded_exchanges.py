"""Every recorded exchange: the request is rebuilt from its operation, the reply matches the description."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hexclave.errors import (
    ArgumentNotAvailable,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    CrossOriginRedirectError,
    HexclaveError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from hexclave.errors._known import BY_CODE
from hexclave_api.model import Model
from hexclave_api.operation import Unset
from hexclave_api.secret import Secret
from tests.contract.describing import note
from tests.contract.figures import figures
from tests.contract.judging import Verdict, unmatched, verdicts
from tests.contract.recordings import CREDENTIALS, NO_OPERATION, Exchange, needs_recordings, scenarios

pytestmark = needs_recordings

each_scenario = pytest.mark.parametrize("scenario", scenarios())

FAMILIES = {
    307: CrossOriginRedirectError,
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
    500: ServerError,
}
NEEDS = {"access_token": "auth.user", "refresh_token": "headers.x-stack-refresh-token"}


@each_scenario
def test_exchanges_without_an_operation_are_refused_by_the_backend(scenario: str) -> None:
    assert [(exchange, reason) for exchange, reason in unmatched(scenario) if not _explained(exchange, reason)] == []


def _explained(exchange: Exchange, reason: str) -> bool:
    if reason.startswith("not for access type"):
        return exchange.code == "INSUFFICIENT_ACCESS_TYPE"
    if reason == NO_OPERATION:
        return exchange.status in (308, 404, 405) or exchange.method == "OPTIONS"
    return True


@each_scenario
def test_a_request_that_the_description_allows_is_rebuilt_exactly(scenario: str) -> None:
    allowed = [verdict for verdict in verdicts(scenario) if not verdict.faults]
    assert [(v, v.refusal, v.differences) for v in allowed if v.refusal or v.differences] == []


@each_scenario
def test_accepted_requests_are_allowed_or_have_a_note(scenario: str) -> None:
    taken = [verdict for verdict in verdicts(scenario) if verdict.exchange.status < 400]
    assert [(v, str(fault)) for v in taken for fault in v.faults if fault.note is None] == []


@each_scenario
def test_a_function_takes_no_value_too_many_and_none_too_few(scenario: str) -> None:
    for verdict in verdicts(scenario):
        faults = [fault for fault in verdict.faults if len(fault.place) == 2 and fault.kind != "wrong value"]
        no_object = not isinstance(verdict.exchange.sent_body, dict | Unset)
        assert (verdict.refusal is not None) == bool(faults or no_object), (verdict, verdict.refusal)


@each_scenario
def test_the_description_agrees_on_missing_and_unknown_fields(scenario: str) -> None:
    for verdict in verdicts(scenario):
        faults = {(fault.kind, fault.place) for fault in verdict.faults}
        for kind, text in _complaints(verdict.exchange):
            place = tuple(text.replace("params", "path").split("."))
            needed = text in [NEEDS.get(need) for need in verdict.operation.needs]
            assert needed or (kind, place) in faults or note(place, verdict.match), (verdict, kind, place)


def _complaints(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Return lines of a schema error about the whole request, rather than one of several shapes it may have."""
    message = exchange.content["details"]["message"] if exchange.code == "SCHEMA_ERROR" else ""
    for place in re.findall(r"^  - (\S+) must be defined$", message, re.MULTILINE):
        yield "missing", place
    for place, names in re.findall(r"^  - (\S+) contains unknown properties: (.+)$", message, re.MULTILINE):
        yield from (("unknown", f"{place}.{name}") for name in names.split(", "))


@each_scenario
def test_no_operation_needs_a_credential_that_the_backend_does_without(scenario: str) -> None:
    for verdict in verdicts(scenario):
        if verdict.exchange.succeeded:
            lacking = [need for need in verdict.operation.needs if CREDENTIALS[need] not in verdict.exchange.headers]
            assert not lacking, (verdict, lacking)


@each_scenario
def test_a_successful_reply_is_exactly_what_the_description_says(scenario: str) -> None:
    for verdict in verdicts(scenario):
        if verdict.exchange.succeeded:
            assert verdict.deviations == (), verdict
            assert verdict.error is None, verdict
            read = json.loads(json.dumps(_as_json(verdict.result)))
            assert _without_null(read) == _without_null(verdict.exchange.content), verdict


def _as_json(value: Any) -> Any:
    return (
        value.to_dict(reveal=True)
        if isinstance(value, Model)
        else list(map(_as_json, value))
        if isinstance(value, tuple)
        else value
    )


def _without_null(value: Any) -> Any:
    """Return JSON without null fields: an optional field that is null reads like a missing one."""
    if isinstance(value, Mapping):
        return {name: _without_null(item) for name, item in value.items() if item is not None}
    return list(map(_without_null, value)) if isinstance(value, list) else value


@each_scenario
def test_a_failed_call_raises_the_class_of_its_code_with_all_that_the_reply_says(scenario: str) -> None:
    for verdict in verdicts(scenario):
        exchange, error = verdict.exchange, verdict.error
        if exchange.succeeded:
            continue
        assert isinstance(error, HexclaveError), verdict
        named = BY_CODE[exchange.code] if exchange.code else FAMILIES[exchange.status]
        assert type(error) is (ArgumentNotAvailable if _is_newer(verdict) else named), verdict
        assert (error.status, error.code) == (exchange.status, exchange.code), verdict
        assert (error.method, error.path) == _request_line(verdict), verdict
        if exchange.status >= 400:
            details = exchange.content.get("details", {}) if isinstance(exchange.content, dict) else {}
            sent = json.loads(json.dumps(error.details, default=Secret.reveal))
            assert (sent, error.request_id) == (
                details,
                exchange.reply.headers.get("x-stack-request-id"),
            )


def _is_newer(verdict: Verdict) -> bool:
    """Return true if the recorded server refuses something that was introduced after its release."""
    message = str(verdict.exchange.content) if verdict.exchange.code == "SCHEMA_ERROR" else ""
    sent = verdict.operation.query
    unknown = re.findall(r"query contains unknown properties: (\w+)", message)
    values = [f"{name}={sent.get(name)}" for name in re.findall(r"query\.(\w+) must be one of", message)]
    return any(argument in verdict.operation.arguments_since for argument in (*unknown, *values))


def _request_line(verdict: Verdict) -> tuple[str, str]:
    return verdict.operation.method, verdict.operation.url.partition("?")[0]


def test_nearly_every_recorded_success_becomes_a_value(record_property: Callable[[str, object], None]) -> None:
    """Stock openapi-python-client 0.29.1 made values of 54 % and had no operation for 20 %."""
    found = figures()
    record_property("figures", str(found))
    assert found.values / found.successes > 0.95
