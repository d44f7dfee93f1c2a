"""Tokens as values, and freshness of access tokens."""

import base64
import json
import pickle
import sys
import traceback

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hexclave.errors import UnsafeUseError
from hexclave.tokens import Tokens
from hexclave.tokens._freshness import clock_skew, is_fresh
from hexclave_api.secret import Secret

NOW = 1_800_000_000


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def jwt(payload: object) -> Secret:
    return Secret(f"{encoded(b'{}')}.{encoded(json.dumps(payload).encode())}.c2ln")


def issued(age: float, remaining: float) -> Secret:
    return jwt({"sub": "u1", "iat": NOW - age, "exp": NOW + remaining})


def test_tokens_wrap_strings_and_keep_secrets() -> None:
    refresh = Secret("fake-refresh")
    tokens = Tokens("fake-access", refresh)
    assert tokens.access_token == Secret("fake-access")
    assert tokens.refresh_token is refresh
    assert tokens == Tokens(Secret("fake-access"), "fake-refresh")
    assert hash(tokens) == hash(Tokens("fake-access", "fake-refresh"))


def test_either_token_may_be_absent() -> None:
    assert Tokens("fake-access").refresh_token is None
    assert Tokens(refresh_token="fake-refresh").access_token is None


@pytest.mark.parametrize(
    "tokens", [Tokens("fake-access", "fake-refresh"), Tokens("fake-access"), Tokens(None, "fake-refresh")]
)
def test_revealed_tokens_can_be_saved_as_json_and_brought_back(tokens: Tokens) -> None:
    assert Tokens(**json.loads(json.dumps(tokens.reveal()))) == tokens


def test_no_tokens_at_all_are_refused_because_that_is_none() -> None:
    with pytest.raises(UnsafeUseError, match="use None for no session"):
        Tokens(None, None)


@pytest.mark.parametrize("bad", ["a b", "a\r\nx-evil: 1", "a\n", "tökén", "a\x00", "\ud800", " "])
def test_a_token_that_no_header_can_carry_is_refused_by_name_and_stays_out_of_the_traceback(bad: str) -> None:
    text = "fake-refresh-token-" + bad
    with pytest.raises(UnsafeUseError, match=r"^refresh_token contains") as caught:
        Tokens("fake-access-token", text)
    assert "fake-" not in str(caught.value)
    # Without this test's own frame, which contains the text.
    frames = traceback.StackSummary.extract(list(traceback.walk_tb(caught.tb))[1:], capture_locals=True)
    assert "fake-" not in str([frame.locals for frame in frames])


@pytest.mark.parametrize("value", [b"fake", 5, True, ["fake"]])
def test_a_token_of_another_type_is_refused_by_name(value: object) -> None:
    with pytest.raises(UnsafeUseError, match=f"^access_token must be .* not {type(value).__name__}\\.$"):
        Tokens(value)  # type: ignore[arg-type]


def test_an_empty_token_is_refused_by_name() -> None:
    with pytest.raises(UnsafeUseError, match=r"^access_token is empty"):
        Tokens("")


def test_pickled_tokens_carry_masks_alone() -> None:
    tokens = Tokens("fake-access-" * 4, "fake-refresh-" * 4)
    pickled = pickle.dumps(tokens)
    assert b"fake-access-" not in pickled
    assert b"fake-refresh" not in pickled
    assert repr(pickle.loads(pickled)) == repr(tokens)


@pytest.mark.parametrize(
    ("age", "remaining", "fresh"),
    [
        (0, 600, True),
        (74.9, 525, True),
        (75, 525, False),
        (30, 20.1, True),
        (30, 20, False),
        (30, -1, False),
        (-300, 900, True),
    ],
)
def test_a_token_is_fresh_while_more_than_20_seconds_remain_and_it_is_younger_than_75(
    age: float, remaining: float, fresh: bool
) -> None:
    assert is_fresh(issued(age, remaining), NOW) is fresh


def test_callers_may_ask_for_more_time_left_or_a_younger_token() -> None:
    token = issued(age=50, remaining=40)
    assert is_fresh(token, NOW)
    assert not is_fresh(token, NOW, min_remaining=45)
    assert not is_fresh(token, NOW, max_age=50)


@given(age=st.integers(-1000, 1000), remaining=st.integers(-1000, 1000), skew=st.integers(-(10**9), 10**9))
def test_once_the_skew_is_known_a_wrong_local_clock_changes_nothing(age: int, remaining: int, skew: int) -> None:
    local = NOW - skew
    learned = clock_skew(issued(age=0, remaining=600), received_at=local)
    assert learned == skew
    assert is_fresh(issued(age, remaining), local + learned) == is_fresh(issued(age, remaining), NOW)


HOSTILE = {
    "not a jwt": "fake",
    "two parts": "e30.e30",
    "four parts": "e30.e30.e30.e30",
    "dots alone": "..",
    "no base64": "e30.!!!!.sig",
    "impossible base64 length": "e30.e30a1.sig",
    "not ASCII": "e30.ñ.sig",
    "not UTF-8": f"e30.{encoded(bytes([0xFF, 0xFE, 0x00]))}.sig",
    "not JSON": f"e30.{encoded(b'{')}.sig",
    "a nest too deep": f"e30.{encoded(b'[' * 200_000)}.sig",
    "too many digits": "e30." + encoded(b'{"iat": ' + b"9" * 5000 + b"}") + ".sig",
    "a list": jwt([1, 2]).reveal(),
    "null": jwt(None).reveal(),
    "no claims": jwt({}).reveal(),
    "times as text": jwt({"iat": str(NOW), "exp": str(NOW + 600)}).reveal(),
    "times as booleans": jwt({"iat": True, "exp": True}).reveal(),
    "times as lists": jwt({"iat": [NOW], "exp": {}}).reveal(),
    "infinite": jwt({"iat": float("-inf"), "exp": float("inf")}).reveal(),
    "not a number": jwt({"iat": float("nan"), "exp": float("nan")}).reveal(),
    "beyond floats": jwt({"iat": -(10**400), "exp": 10**400}).reveal(),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_token_that_cannot_be_read_is_not_fresh_and_teaches_no_skew(text: str) -> None:
    assert is_fresh(Secret(text), NOW) is False
    assert clock_skew(Secret(text), NOW) == 0


@pytest.mark.parametrize("payload", [{"exp": NOW + 600}, {"iat": NOW}])
def test_a_token_without_one_of_its_times_is_not_fresh(payload: dict[str, int]) -> None:
    assert not is_fresh(jwt(payload), NOW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["iat", "exp", "x"]), inner),
    max_leaves=8,
)


@given(payload=json_values)
@example(payload={"iat": NOW, "exp": 1e308})
@example(payload={"iat": NOW + 0.5, "exp": NOW + 600.5})
def test_whatever_the_claims_are_only_two_numbers_in_range_make_a_token_fresh(payload: object) -> None:
    claims = payload if isinstance(payload, dict) else {}
    iat, exp = claims.get("iat"), claims.get("exp")
    expected = in_range(iat) and in_range(exp) and NOW - iat < 75 and exp - NOW > 20
    assert is_fresh(jwt(payload), NOW) is expected


def in_range(value: object) -> bool:
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


@given(text=st.text(min_size=1) | st.text(alphabet=".eyJ9-_=", min_size=1))
def test_no_text_makes_reading_raise(text: str) -> None:
    assert is_fresh(Secret(text), NOW) is False
    assert clock_skew(Secret(text), NOW) == 0
