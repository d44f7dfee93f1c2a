"""Rate limits in replies, in every family of headers and in none."""

import math
from email.utils import formatdate

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hexclave._ratelimit.headers import RateLimitInfo, read_rate_limit

NOW = 1_800_000_000.0
NOTHING = RateLimitInfo()


def read(**headers: str) -> RateLimitInfo:
    return read_rate_limit({name.replace("_", "-"): value for name, value in headers.items()}, now=NOW)


def at(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), (" 7 ", 7), ("0", 0), ("1.5", 1.5), ("31536000", 31536000)])
def test_retry_after_in_seconds(text: str, seconds: float) -> None:
    assert read(retry_after=text).retry_after == seconds


def test_retry_after_as_a_date_is_relative_to_now() -> None:
    assert read(retry_after=at(90)).retry_after == 90
    assert read(retry_after=at(-90)).retry_after == 0


def test_a_date_is_relative_to_the_replys_own_date_so_a_wrong_local_clock_does_no_harm() -> None:
    day = 86400
    assert read(retry_after=at(day + 30), date=at(day)).retry_after == 30
    assert read(retry_after=at(30 - day), date=at(-day)).retry_after == 30


def test_a_date_that_cannot_be_read_is_no_reason_to_ignore_retry_after() -> None:
    assert read(retry_after=at(30), date="yesterday").retry_after == 30


NO_SECONDS = ["-1", "+1", "nan", "NaN", "inf", "-inf", "1e400", "1e3", "0x10", "1_000", "", " ", "7 7", "a,5", "soon"]
NO_SECONDS += ["9" * 400, "7" + " " * 10_000, "a" * 10_000]
NO_SECONDS += ["\N{ARABIC-INDIC DIGIT THREE}", "\N{FULLWIDTH DIGIT FIVE}"]
NO_SECONDS += ["Wed, 99 Foo 2026 99:99:99 GMT", "Mon, 01 Jan 99999 00:00:00 GMT"]


@pytest.mark.parametrize("text", NO_SECONDS)
def test_an_invalid_number_of_seconds_is_ignored(text: str) -> None:
    assert read(retry_after=text) == NOTHING
    for family in ("ratelimit", "x_ratelimit", "x_rate_limit"):
        assert read(**{f"{family}_limit": text, f"{family}_remaining": text, f"{family}_reset": text}) == NOTHING


@pytest.mark.parametrize("odd", ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u2028"])
@pytest.mark.parametrize("name", ["retry_after", "ratelimit_reset", "x_ratelimit_remaining"])
def test_a_number_beside_a_character_that_only_python_takes_for_space_is_none(name: str, odd: str) -> None:
    assert read(**{name: f"5{odd}"}) == NOTHING
    assert read(**{name: f"{odd}5"}) == NOTHING


@pytest.mark.parametrize("family", ["ratelimit", "x_ratelimit", "x_rate_limit"])
def test_the_older_families(family: str) -> None:
    info = read(**{f"{family}_limit": "100", f"{family}_remaining": "3", f"{family}_reset": "20"})
    assert info == RateLimitInfo(limit=100, remaining=3, reset=20)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20", 20),
        ("20.5", 20.5),
        (str(int(NOW) + 20), 20),
        (f"{NOW + 20.5:.1f}", 20.5),
        (str(int(NOW + 20) * 1000), 20),
        (str(int(NOW) - 20), 0),
        (at(20), 20),
    ],
)
def test_a_reset_is_seconds_from_now_or_a_point_in_time(text: str, seconds: float) -> None:
    assert read(x_ratelimit_reset=text).reset == seconds


def test_a_reset_that_is_a_point_in_time_is_relative_to_the_replys_own_date() -> None:
    assert read(x_ratelimit_reset=str(int(NOW) + 20), date=at(15)).reset == 5


def test_the_structured_fields_of_the_current_draft() -> None:
    assert read(
        ratelimit_policy='"burst";q=100;w=60,"daily";q=1000;w=86400', ratelimit='"burst";r=5;t=30'
    ) == RateLimitInfo(limit=100, remaining=5, reset=30, window=60)


def test_of_several_limits_the_one_with_the_fewest_requests_left_counts() -> None:
    policy = '"burst";q=100;w=60, "daily";q=1000;w=86400'
    info = read(ratelimit_policy=policy, ratelimit='"burst";r=50;t=30, "daily";r=2;t=7000')
    assert info == RateLimitInfo(limit=1000, remaining=2, reset=7000, window=86400)


def test_of_two_that_are_used_up_the_later_reset_counts() -> None:
    assert read(ratelimit='"a";r=0;t=5,"b";r=0;t=50').reset == 50


def test_a_limit_on_something_else_than_requests_is_left_out() -> None:
    policy = '"bytes";q=65535;w=10;qu="content-bytes", "calls";q=10;w=1;qu="requests"'
    info = read(ratelimit_policy=policy, ratelimit='"bytes";r=0;t=9, "calls";r=4;t=1')
    assert info == RateLimitInfo(limit=10, remaining=4, reset=1, window=1)


def test_separators_inside_quotes_separate_nothing() -> None:
    info = read(ratelimit_policy='"a,b;q=1;w=1";q=7;w=2', ratelimit='"a,b;q=1;w=1";pk=":x;r=0:";r=3;t=4')
    assert info == RateLimitInfo(limit=7, remaining=3, reset=4, window=2)


def test_the_forms_of_older_drafts() -> None:
    assert read(ratelimit="limit=100, remaining=50, reset=5", ratelimit_policy="100;w=10") == RateLimitInfo(
        limit=100, remaining=50, reset=5, window=10
    )
    assert read(ratelimit_limit="100, 5;w=1, 100;w=10", ratelimit_remaining="0", ratelimit_reset="5") == RateLimitInfo(
        limit=100, remaining=0, reset=5, window=10
    )


def test_one_family_of_headers_completes_another() -> None:
    info = read(ratelimit='"p";r=0', x_ratelimit_limit="10", x_ratelimit_reset="3")
    assert info == RateLimitInfo(limit=10, remaining=0, reset=3)


def test_a_reply_without_such_headers_says_nothing() -> None:
    assert read(content_type="application/json", date=at(0), x_rate="1") == NOTHING


def test_the_wait_after_a_refusal() -> None:
    assert RateLimitInfo(retry_after=5, reset=90, remaining=0).wait == 5
    assert RateLimitInfo(reset=90, remaining=0).wait == 90
    assert RateLimitInfo(reset=90).wait == 90
    assert RateLimitInfo(reset=90, remaining=7).wait is None
    assert NOTHING.wait is None


def test_names_are_found_in_an_httpx_reply_whatever_their_case() -> None:
    headers = httpx.Headers({"Retry-After": "5", "X-RateLimit-Remaining": "0"})
    assert read_rate_limit(headers, now=NOW) == RateLimitInfo(retry_after=5, remaining=0)


TEXTS = st.one_of(
    st.text(),
    st.from_regex(r'("?[a-z]{1,3}"?(;[a-z]{1,2}=[0-9"e.+-]{0,5}){0,3},? ?){0,4}', fullmatch=True),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
)
NAMES = st.sampled_from(
    [f"{prefix}{name}" for prefix in ("ratelimit-", "x-ratelimit-", "x-rate-limit-") for name in ("limit", "remaining")]
    + ["ratelimit-reset", "x-ratelimit-reset", "ratelimit", "ratelimit-policy", "retry-after", "date"]
)


@given(st.dictionaries(NAMES, TEXTS), st.floats(0, 4e9))
@example({"retry-after": "1" * 15, "date": "Thu, 01 Jan 1 00:00:00 GMT"}, 0.0)
@example({"ratelimit": '"' * 999}, 0.0)
@example({"date": "Mon, 1 Jan 0001 00:00:00 +9999", "retry-after": "Mon, 1 Jan 9999 00:00:00 -9999"}, 0.0)
def test_whatever_the_headers_hold_the_result_is_finite_and_not_negative(headers: dict[str, str], now: float) -> None:
    info = read_rate_limit(headers, now=now)
    for value in (info.limit, info.remaining, info.reset, info.retry_after, info.window):
        assert value is None or (0 <= value < math.inf)
    assert info.window != 0
    assert isinstance(info.limit, int | None)
    assert isinstance(info.remaining, int | None)
