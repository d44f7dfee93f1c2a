"""Tokens of a wrong shape, or with claims missing, of another type or out of range, are refused."""

import json

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.verify import MalformedTokenError, read_unverified
from tests.signing import (
    ALL,
    HEADER,
    NORMAL,
    b64,
    made_verifier,
    payload,
    refused,
    signature,
    token,
)


@pytest.mark.parametrize(
    "name", [name for name in payload() if name not in ("restricted_reason", "requires_totp_mfa", "is_restricted")]
)
def test_every_claim_must_be_there(name: str) -> None:
    refused(token(**{name: ...}), MalformedTokenError)


@pytest.mark.parametrize("name", [name for name in payload() if name != "restricted_reason"])
@pytest.mark.parametrize("value", [[], {}, ["x"], 7.5, "x", True, None])
def test_claims_of_another_type_are_refused(name: str, value: object) -> None:
    right = payload()[name]
    if type(value) is type(right) or (isinstance(value, float) and name in ("iat", "exp", "signed_up_at")):
        return
    if name in ("name", "email", "selected_team_id") and (value is None or isinstance(value, str)):
        return
    refused(token(**{name: value}), MalformedTokenError)


@pytest.mark.parametrize("value", ["email_not_verified", ["x"], {"type": 7}, {}, True])
def test_a_reason_has_a_type(value: object) -> None:
    refused(token("restricted", restricted_reason=value), MalformedTokenError, **ALL)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1, 10**12, 10**400])
@pytest.mark.parametrize("name", ["iat", "exp", "signed_up_at"])
def test_times_that_are_none_are_refused(name: str, value: float) -> None:
    refused(token(**{name: value}), MalformedTokenError)


@pytest.mark.parametrize("name", ["iat", "exp", "signed_up_at"])
def test_times_reach_from_1970_to_9999(name: str) -> None:
    for moment in (0, 253_402_300_799):
        claims = read_unverified(token(**{name: moment}))
        assert {claims.issued_at.year, claims.expires_at.year, claims.signed_up_at.year} & {1970, 9999}
    refused(token(**{name: 253_402_300_800}), MalformedTokenError)


@pytest.mark.parametrize("role", ["admin", "service", "", "AUTHENTICATED"])
def test_other_tokens_of_the_same_keys_are_refused(role: str) -> None:
    refused(token(role=role), MalformedTokenError)


def test_an_empty_user_id_is_refused() -> None:
    refused(token(sub=""), MalformedTokenError)


# Shape


def with_text(header: str | bytes, body: str | bytes) -> str:
    parts = [b64(part.encode() if isinstance(part, str) else part) for part in (header, body)]
    return f"{'.'.join(parts)}.{signature('.'.join(parts), NORMAL)}"


def test_a_member_that_stands_twice_is_refused() -> None:
    body, header = json.dumps(payload()), json.dumps(HEADER)
    refused(with_text(header, body[:-1] + ', "sub": "user-2"}'), MalformedTokenError)
    refused(with_text(header, '{"sub": "user-2", ' + body[1:]), MalformedTokenError)
    refused(with_text(header, body[:-1] + ', "\\u0073ub": "user-2"}'), MalformedTokenError)
    refused(with_text('{"alg": "none", ' + header[1:], body), MalformedTokenError)
    refused(with_text(header[:-1] + ', "kid": "other"}', body), MalformedTokenError)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"7", b"{", b"\xff\xfe{}", b"{}x", b"{}{}", b"NaN", b"[" * 8000]
)
def test_payloads_and_headers_that_are_no_objects_are_refused(body: bytes) -> None:
    refused(with_text(json.dumps(HEADER), body), MalformedTokenError)
    refused(with_text(body, json.dumps(payload())), MalformedTokenError)


@pytest.mark.parametrize("more", ["x", " ", "{}", "\0"])
def test_nothing_may_follow_the_object(more: str) -> None:
    refused(with_text(json.dumps(HEADER), json.dumps(payload()) + more), MalformedTokenError)
    refused(with_text(json.dumps(HEADER) + more, json.dumps(payload())), MalformedTokenError)


def test_parts_must_be_base64url() -> None:
    header, body, sealed = token().split(".")
    for text in (
        f"{header}=.{body}.{sealed}",
        f"{header}.{body}==.{sealed}",
        f"{header}.{body}.{sealed}==",
        f"{header}.{body[:-1]}+.{sealed}",
        f"{header}.{body[:40]}\n{body[40:]}.{sealed}",
        f"{header}.{body[:40]}/{body[41:]}.{sealed}",
        f"{header}.{body}.{sealed[:-2]}",
        f"{header}.{body}.{sealed[:-1]}.",
        f"{header}.{body}",
        f"{header}.{body}.{sealed}.{sealed}",
        f"{header}.{body}.{sealed}.",
        f".{header}.{body}.{sealed}",
        f"{header}..{sealed}",
        f".{body}.{sealed}",
        f" {header}.{body}.{sealed}",
        f"{header}.{body}.{sealed} ",
        f"{header}.{body}.{sealed}\0",
        f"Bearer {header}.{body}.{sealed}",
        "",
        ".",
        "..",
        "...",
        "é.é.é",
        "\ud800" * 100,
    ):
        refused(text, MalformedTokenError)


def test_a_huge_token_is_refused_before_it_is_read() -> None:
    refused(token(padding="x" * 20_000), MalformedTokenError)
    refused("a" * 10_000_000, MalformedTokenError)
    assert made_verifier()[0].verify(token(padding="x" * 10_000)).user_id == "user-1"


@pytest.mark.parametrize("value", [None, 7, b"a.b.c", ["a"], object()])
def test_a_value_other_than_text_is_a_mistake_of_the_caller(value: object) -> None:
    with pytest.raises(UnsafeUseError, match="token must be a str"):
        made_verifier()[0].verify(value)  # type: ignore[arg-type]
