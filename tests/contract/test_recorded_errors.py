"""Every error reply in recorded traffic of a real backend becomes the class of its code, with typed details."""

from collections import Counter

import pytest

from hexclave.errors import APIStatusError, HexclaveError, KnownError, RateLimitError
from hexclave.errors._known import BY_CODE
from hexclave.errors._reading import failed_status, from_reply
from tests.contract.recordings import Exchange, load, needs_recordings, scenarios

pytestmark = needs_recordings

FAILURES = [exchange for scenario in scenarios() for exchange in load(scenario) if exchange.status >= 400]

each_failure = pytest.mark.parametrize("exchange", [pytest.param(exchange, id=exchange.id) for exchange in FAILURES])


def read(exchange: Exchange) -> HexclaveError:
    return from_reply(exchange.reply, method=exchange.method, path=exchange.path, attempts=1)


@each_failure
def test_a_recorded_error_becomes_the_class_of_its_code(exchange: Exchange) -> None:
    code, status = exchange.code, exchange.status
    error = read(exchange)
    assert failed_status(exchange.reply) == status
    assert (error.status, error.code) == (status, code)
    assert not hasattr(error, "__notes__")
    if code is None:
        assert isinstance(error, APIStatusError)
        assert isinstance(error, RateLimitError) == (status == 429)
        assert not isinstance(error, KnownError)
    else:
        assert type(error) is BY_CODE[code]
        assert status == BY_CODE[code].status
        assert " ".join(error.message.split()) == " ".join(exchange.content["error"].split())


@each_failure
def test_each_recorded_detail_is_a_typed_attribute(exchange: Exchange) -> None:
    error = read(exchange)
    if not isinstance(error, KnownError):
        return
    names = {name: getattr(type(error), name).key for name in error._detail_names}
    assert set(error.details) <= set(names.values())
    for name, key in names.items():
        assert (getattr(error, name) is None) == (error.details.get(key) is None)


@each_failure
def test_no_recorded_error_shows_a_key_or_token_of_its_exchange(exchange: Exchange) -> None:
    sent = exchange.headers.values()
    secrets = {value for value in sent if len(value) >= 40 and value.count("-") != 4}
    error = read(exchange)
    for text in (str(error), repr(error), error.explain()):
        assert not [secret for secret in secrets if secret in text]


def test_the_recordings_hold_many_errors() -> None:
    codes = Counter(exchange.code for exchange in FAILURES)
    assert len(FAILURES) >= 400
    assert len(codes) > 75
