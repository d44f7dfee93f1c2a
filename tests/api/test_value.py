"""The immutable values of the SDK behave like those of attrs."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from hexclave import Hooks, RateLimit, Retries, Timeout
from hexclave._messages import Reply, Request
from hexclave.bulk import Failure, Success, Summary
from hexclave_api.value import Value, evolve

MAKERS: dict[str, Callable[[], Value]] = {
    "hooks": lambda: Hooks(on_retry=print),
    "rate limit": lambda: RateLimit(2.0, burst=3),
    "retries": lambda: Retries(attempts=2),
    "timeout": lambda: Timeout(total=None, read=2.0),
    "request": lambda: Request("GET", "https://api.example.com/", (), None),  # type: ignore[arg-type]
    "reply": lambda: Reply(200, (), b"{}"),  # type: ignore[arg-type]
    "success": lambda: Success(("row",), 1),
    "summary": lambda: Summary(1, ()),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[], Value]:
    return MAKERS[request.param]


def test_values_are_immutable(make: Callable[[], Value]) -> None:
    value = make()
    before = dict(vars(value))
    for name in before:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, name, None)
        with pytest.raises(AttributeError):
            delattr(value, name)
    assert vars(value) == before


def test_values_are_equal_if_their_fields_are(make: Callable[[], Value]) -> None:
    value, same = make(), make()
    assert value is not same
    assert value == same
    assert hash(value) == hash(same)
    assert value not in [other() for other in MAKERS.values() if other is not make]
    assert value != object()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value)), evolve])
def test_values_survive_copies_and_pickles(make: Callable[[], Value], again: Callable[[Any], Any]) -> None:
    value = make()
    assert again(value) == value


def test_a_changed_copy_is_checked_like_any_value() -> None:
    assert evolve(Retries(), attempts=7) == Retries(attempts=7)
    with pytest.raises(ValueError, match="attempts"):
        evolve(Retries(), attempts=0)
    with pytest.raises(TypeError, match="bogus"):
        evolve(Retries(), bogus=1)


def test_values_show_their_fields_but_no_row() -> None:
    assert repr(Timeout(1.0)) == "Timeout(total=1.0, connect=10.0, read=30.0)"
    assert repr(RateLimit(2)) == "RateLimit(per_second=2, burst=1)"
    assert repr(Success({"password": "hidden"}, 1)) == "Success(value=1)"
    assert repr(Failure({"password": "hidden"}, KeyError("a"))) == "Failure(error=KeyError('a'))"
