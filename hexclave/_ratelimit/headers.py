"""Parsing of rate-limit headers, for all common header names."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import attrs

_PREFIXES: Final = ("ratelimit-", "x-ratelimit-", "x-rate-limit-")
_LONGEST: Final = 1_000
# A reset is either in seconds from now or a timestamp; values above 30 years are timestamps.
_EPOCH_SECONDS: Final = 1e9
_EPOCH_MILLIS: Final = 1e12

_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TIME: Final = re.compile(r"[0-9]:[0-9]{2}:[0-9]{2}")
_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_MEMBER: Final = re.compile(rf'(?:{_QUOTED}|[^",])+')
_NAME: Final = re.compile(rf"\s*({_QUOTED}|[^;\s]*)\s*(?=;|$)")
_PARAMETER: Final = re.compile(rf"\s*;\s*([a-z]+)\s*=\s*({_QUOTED}|[^;\s]*)")


@attrs.frozen
class RateLimitInfo:
    """Rate-limit information of a reply; `None` for values that are missing or invalid."""

    limit: int | None = None
    """Requests allowed in a window."""
    remaining: int | None = None
    """Requests left in this window."""
    reset: float | None = None
    """Seconds from the reply to the next window."""
    retry_after: float | None = None
    """Seconds from the reply until the call may be retried."""
    window: float | None = None
    """Length of the window in seconds."""

    @property
    def wait(self) -> float | None:
        """Seconds until the server accepts calls again."""
        if self.retry_after is not None:
            return self.retry_after
        # With requests remaining, the 429 came from another limit than the one in these headers.
        return None if self.remaining else self.reset


def read_rate_limit(headers: Mapping[str, str], *, now: float) -> RateLimitInfo:
    """Parse the rate-limit headers of a reply; never raises.

    Supports `Retry-After` (seconds or a date), `RateLimit` and `RateLimit-Policy` (IETF draft 10 and older), and the
    families `RateLimit-*`, `X-RateLimit-*` and `X-Rate-Limit-*`. Timestamps are relative to the reply's `Date`, or to
    `now` (Unix seconds) without one. Of several limits, the one with the fewest requests remaining is used.
    """
    names = [name for name in headers if "ratelimit" in name or "rate-limit" in name or name == "retry-after"]
    if not names:
        return RateLimitInfo()
    found = {name: value for name in names if len(value := headers[name]) <= _LONGEST}
    date = _date(headers.get("date", ""))
    clock = now if date is None else date
    values: dict[str, float] = {}
    # In order of preference: the first valid value of each fact is used.
    for name, fact in _facts(found, clock):
        if fact is not None:
            values.setdefault(name, fact)
    return RateLimitInfo(
        limit=_whole(values.get("limit")),
        remaining=_whole(values.get("remaining")),
        reset=values.get("reset"),
        retry_after=values.get("retry_after"),
        window=values.get("window") or None,
    )


def _facts(found: Mapping[str, str], clock: float) -> Iterator[tuple[str, float | None]]:
    yield "retry_after", _seconds_until(found.get("retry-after", ""), clock)
    yield from _structured(found.get("ratelimit", ""), found.get("ratelimit-policy", ""))
    for prefix in _PREFIXES:
        # The first drafts append the policies to the limit: `100, 10;w=1, 100;w=60`.
        members = list(_members(found.get(f"{prefix}limit", "")))
        for name, parameters in members:
            yield "limit", _number(members[0][0])
            if name == members[0][0]:
                yield "window", _number(parameters.get("w", ""))
        yield "remaining", _number(found.get(f"{prefix}remaining", ""))
        yield "reset", _seconds_until(found.get(f"{prefix}reset", ""), clock)


def _structured(state: str, policy: str) -> Iterator[tuple[str, float | None]]:
    policies: dict[str, tuple[float | None, float | None]] = {}
    foreign: set[str] = set()
    for name, parameters in _members(policy):
        if parameters.get("qu", "requests") == "requests":
            policies[name] = _number(parameters.get("q", name)), _number(parameters.get("w", ""))
        else:
            foreign.add(name)
    states: list[tuple[float, float, str]] = []
    for name, parameters in _members(state):
        key, equals, value = name.partition("=")
        if equals:  # drafts 7 and before: `limit=100, remaining=50, reset=5`
            yield key.strip(), _number(value)
        remaining = _number(parameters.get("r", ""))
        if remaining is not None and name not in foreign:
            states.append((remaining, -(_number(parameters.get("t", "")) or 0.0), name))
    if states:
        remaining, reset, name = min(states)
        yield "remaining", remaining
        yield "reset", -reset or None
    elif len(policies) == 1:
        (name,) = policies
    else:
        return
    limit, window = policies.get(name, (None, None))
    yield "limit", limit
    yield "window", window


def _members(field: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and parameters of the members of a structured list, unquoted."""
    for member in _MEMBER.findall(field):
        head = _NAME.match(member)
        if head is not None:
            parameters = {key: value.strip('"') for key, value in _PARAMETER.findall(member, head.end())}
            yield head[1].strip('"'), parameters


def _number(text: str) -> float | None:
    # `float` alone would accept signs, exponents, infinities and non-ASCII digits.
    number = text.strip(" \t")
    return float(number) if _NUMBER.fullmatch(number) else None


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _seconds_until(text: str, clock: float) -> float | None:
    value = _number(text)
    if value is None:
        value = _date(text)
        return None if value is None else max(value - clock, 0.0)
    if value >= _EPOCH_MILLIS:
        value /= 1000
    return max(value - clock, 0.0) if value >= _EPOCH_SECONDS else value


def _date(text: str) -> float | None:
    if len(text) > 100 or not _TIME.search(text):  # the parser accepts almost anything as a date
        return None
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
