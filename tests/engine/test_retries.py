"""Failures that are retried, and the delays of the policy."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexclave.errors import UnsafeUseError
from hexclave.retries import Answered, Failure, NoReply, NotSent, Retries

STATUSES = st.integers(300, 599)
FAILURES = st.one_of(
    st.just(NotSent()),
    st.just(NoReply()),
    st.builds(Answered, STATUSES, st.none() | st.floats(0, 1e12)),
)


DEFAULT = Retries()


def repeated(failure: Failure, *, idempotent: bool, policy: Retries = DEFAULT) -> bool:
    return policy.wait(failure, attempt=1, idempotent=idempotent) is not None


def test_a_call_that_was_never_sent_is_repeated_whatever_it_does() -> None:
    assert repeated(NotSent(), idempotent=True)
    assert repeated(NotSent(), idempotent=False)


def test_a_call_that_may_have_arrived_is_repeated_only_if_that_does_no_harm() -> None:
    assert repeated(NoReply(), idempotent=True)
    assert not repeated(NoReply(), idempotent=False)


def test_a_refused_call_is_repeated_whatever_it_does_because_it_was_not_carried_out() -> None:
    assert repeated(Answered(429), idempotent=False)


@pytest.mark.parametrize("idempotent", [True, False])
def test_other_replies_are_repeated_only_if_a_gateway_gave_them_and_it_does_no_harm(idempotent: bool) -> None:
    others = [status for status in range(300, 600) if status != 429]
    assert [status for status in others if repeated(Answered(status), idempotent=idempotent)] == (
        [502, 503, 504] if idempotent else []
    )


@given(FAILURES, st.booleans(), st.integers(1, 50), st.integers(0, 10))
def test_nothing_is_sent_more_often_than_allowed(
    failure: Failure, idempotent: bool, attempts: int, beyond: int
) -> None:
    policy = Retries(attempts=attempts)
    assert policy.wait(failure, attempt=attempts + beyond, idempotent=idempotent) is None


@given(FAILURES)
def test_off_sends_every_call_once(failure: Failure) -> None:
    assert not repeated(failure, idempotent=True, policy=Retries.OFF)


def test_waits_grow_up_to_the_longest_and_start_at_nothing() -> None:
    policy = Retries(attempts=9, first_wait=0.5, factor=2, longest_wait=8)
    longest = [policy.wait(NotSent(), attempt=n, idempotent=True, random=lambda: 1.0) for n in range(1, 8)]
    assert longest == [0.5, 1, 2, 4, 8, 8, 8]
    assert policy.wait(NotSent(), attempt=7, idempotent=True, random=lambda: 0.0) == 0


@given(
    st.integers(1, 10_000),
    st.floats(1e-6, 1e6),
    st.floats(1e-3, 1e6),
    st.floats(1e-6, 1e6),
    st.floats(0, 1),
)
def test_no_wait_is_longer_than_the_longest(
    attempt: int, first: float, factor: float, longest: float, chance: float
) -> None:
    policy = Retries(attempts=10_001, first_wait=first, factor=factor, longest_wait=longest)
    wait = policy.wait(NoReply(), attempt=attempt, idempotent=True, random=lambda: chance)
    assert wait is not None
    assert 0 <= wait <= longest


def test_a_gateways_retry_after_is_waited_for_although_it_is_longer_than_the_longest_wait() -> None:
    assert Retries(longest_wait=1).wait(Answered(503, retry_after=20), attempt=1, idempotent=True) == 20


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    policy = Retries(longest_retry_after=60)
    for status in (429, 503):
        assert policy.wait(Answered(status, retry_after=60), attempt=1, idempotent=True) is not None
        assert policy.wait(Answered(status, retry_after=60.1), attempt=1, idempotent=True) is None
        assert policy.wait(Answered(status, retry_after=365 * 86400), attempt=1, idempotent=True) is None


def test_after_a_429_the_gate_makes_the_call_wait_and_not_the_policy() -> None:
    assert Retries().wait(Answered(429, retry_after=5), attempt=1, idempotent=False) == 0


@pytest.mark.parametrize("name", list(vars(Retries())))
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, -math.inf, True, "3", None, 1j])
def test_a_value_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(UnsafeUseError, match=rf"Retries: {name} must be"):
        Retries(**{name: value})


def test_the_number_of_attempts_is_whole() -> None:
    with pytest.raises(UnsafeUseError, match="attempts must be a positive integer"):
        Retries(attempts=2.5)  # type: ignore[arg-type]
