"""Accepted tokens and their claims, and refusals of all others."""

import pickle
import traceback
from datetime import UTC, datetime

import pytest

from hexclave.errors import UnsafeUseError
from hexclave.verify import (
    AccessTokenClaims,
    AnonymousUserError,
    InconsistentTokenError,
    InvalidTokenError,
    MalformedTokenError,
    RestrictedUserError,
    TokenExpiredError,
    TokenNotYetValidError,
    TokenSignatureError,
    Verifier,
    WrongAudienceError,
    WrongIssuerError,
    read_unverified,
)
from hexclave_api.secret import Secret
from tests.playing import reply
from tests.signing import (
    ALL,
    ANONYMOUS,
    AUDIENCES,
    ISSUERS,
    KEYS,
    KINDS,
    NORMAL,
    PROJECT,
    RESTRICTED,
    App,
    jwk,
    made_verifier,
    payload,
    refused,
    signed,
    token,
)


def test_claims_are_typed() -> None:
    verifier, _, _ = made_verifier()
    claims = verifier.verify(token(selected_team_id="team-1", requires_totp_mfa=True))
    assert claims == AccessTokenClaims(
        user_id="user-1",
        project_id=PROJECT,
        branch_id="main",
        session_id="session-1",
        name="Ada",
        email="ada@example.com",
        email_verified=True,
        selected_team_id="team-1",
        is_anonymous=False,
        is_restricted=False,
        requires_totp_mfa=True,
        issuer=ISSUERS["normal"],
        audience=PROJECT,
        issued=1_800_000_000,
        expires=1_800_000_600,
        signed_up=1_700_000_000,
    )
    assert claims.issued_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert claims.expires_at == datetime(2027, 1, 15, 8, 10, tzinfo=UTC)
    assert claims.signed_up_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert pickle.loads(pickle.dumps(claims)) == claims
    assert hash(claims) == hash(pickle.loads(pickle.dumps(claims)))


def test_null_claims_are_none() -> None:
    verifier, _, _ = made_verifier()
    claims = verifier.verify(token(name=None, email=None))
    assert (claims.name, claims.email, claims.restricted_reason) == (None, None, None)


def test_unknown_claims_are_kept_and_cannot_be_changed_for_others() -> None:
    verifier, _, _ = made_verifier()
    claims = verifier.verify(token(plan={"tiers": ["gold"]}))
    assert claims.additional_claims["plan"]["tiers"] == ("gold",)
    with pytest.raises(TypeError):
        claims.additional_claims["plan"]["tiers"] = ()  # type: ignore[index]


@pytest.mark.parametrize(
    ("kind", "reason"), [("normal", None), ("restricted", "email_not_verified"), ("anonymous", "anonymous")]
)
def test_each_kind_of_user_passes_where_it_is_admitted(kind: str, reason: str | None) -> None:
    verifier, _, _ = made_verifier()
    claims = verifier.verify(token(kind), **ALL)
    assert (claims.is_restricted, claims.is_anonymous, claims.restricted_reason) == (
        kind != "normal",
        kind == "anonymous",
        reason,
    )


def test_restricted_and_anonymous_users_are_refused_unless_asked_for() -> None:
    refused(token("restricted"), RestrictedUserError)
    refused(token("anonymous"), AnonymousUserError)
    refused(token("anonymous"), AnonymousUserError, allow_restricted=True)


def test_admitting_anonymous_users_admits_restricted_ones() -> None:
    verifier, _, _ = made_verifier()
    assert verifier.verify(token("restricted"), allow_anonymous=True).is_restricted


def test_a_remembered_token_is_refused_where_its_user_is_not_admitted() -> None:
    verifier, _, _ = made_verifier()
    verifier.verify(token("anonymous"), **ALL)
    with pytest.raises(AnonymousUserError):
        verifier.verify(token("anonymous"))


def test_a_new_kind_of_restriction_is_text() -> None:
    verifier, _, _ = made_verifier()
    claims = verifier.verify(token("restricted", restricted_reason={"type": "on_the_moon"}), **ALL)
    assert claims.restricted_reason == "on_the_moon"


def test_tokens_of_old_servers_pass() -> None:
    verifier, _, _ = made_verifier()
    old = {"refresh_token_id": ..., "branch_id": ..., "refreshTokenId": "session-0", "branchId": "main"}
    old |= {"is_restricted": ..., "restricted_reason": ..., "requires_totp_mfa": ...}
    claims = verifier.verify(token(**old))
    assert (claims.session_id, claims.branch_id, claims.is_restricted) == ("session-0", "main", False)
    anonymous = verifier.verify(token("anonymous", **old), **ALL)
    assert (anonymous.is_restricted, anonymous.restricted_reason) == (True, "anonymous")
    assert claims.additional_claims == {}


def test_a_secret_may_hold_the_token() -> None:
    verifier, _, _ = made_verifier()
    assert verifier.verify(Secret(token())).user_id == "user-1"


# Time


@pytest.mark.parametrize("remember", [0, 100])
def test_a_token_is_refused_from_the_second_in_which_it_expires(remember: int) -> None:
    verifier, _, clock = made_verifier(remember=remember)
    text = token()
    clock.pass_(599.999)
    verifier.verify(text)
    clock.pass_(0.001)
    with pytest.raises(TokenExpiredError):
        verifier.verify(text)
    clock.pass_(1)
    with pytest.raises(TokenExpiredError):
        verifier.verify(text)


@pytest.mark.parametrize("remember", [0, 100])
def test_leeway_prolongs_a_token(remember: int) -> None:
    verifier, _, clock = made_verifier(leeway=5, remember=remember)
    text = token()
    clock.pass_(604.999)
    verifier.verify(text)
    clock.pass_(0.001)
    with pytest.raises(TokenExpiredError):
        verifier.verify(text)


def test_a_clock_that_is_slow_lets_new_tokens_pass() -> None:
    verifier, _, _ = made_verifier()
    assert verifier.verify(token(at=1_800_000_100)).issued == 1_800_000_100


def test_not_before_is_heeded() -> None:
    verifier, _, clock = made_verifier()
    with pytest.raises(TokenNotYetValidError):
        verifier.verify(token(nbf=1_800_000_010))
    clock.pass_(10)
    verifier.verify(token(nbf=1_800_000_010))
    for nonsense in ("1", None, True, float("nan")):
        refused(token(nbf=nonsense), TokenNotYetValidError)


@pytest.mark.parametrize("leeway", [-1, 301, float("nan"), float("inf")])
def test_leeway_has_bounds(leeway: float) -> None:
    with pytest.raises(UnsafeUseError, match="leeway"):
        made_verifier(leeway=leeway)


# Audience, issuer, flags


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "audience", [*AUDIENCES.values(), "project-2", "project-2:anon", f"{PROJECT}:", "", f" {PROJECT}"]
)
def test_audience_and_everything_else_must_be_of_one_kind(kind: str, audience: str) -> None:
    if audience == AUDIENCES[kind]:
        return
    text = signed({"alg": "ES256", "kid": f"{kind}-key"}, payload(kind, aud=audience), KEYS[kind])
    refused(text, WrongIssuerError if audience in AUDIENCES.values() else WrongAudienceError, **ALL)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "issuer",
    [
        *ISSUERS.values(),
        "https://evil.example.com/api/v1/projects/project-1",
        "http://api.example.com/api/v1/projects/project-1",
        "https://api.example.com.evil.example.com/api/v1/projects/project-1",
        "https://api.example.com/api/v1/projects/project-2",
        "https://api.example.com/api/v1/projects/project-1/",
        "https://api.hexclave.com/api/v1/projects/project-1",
        "",
    ],
)
def test_issuer_and_everything_else_must_be_of_one_kind(kind: str, issuer: str) -> None:
    if issuer != ISSUERS[kind]:
        refused(token(kind, iss=issuer), WrongIssuerError, **ALL)


def test_audience_is_a_plain_text() -> None:
    refused(token(aud=[PROJECT]), MalformedTokenError)


@pytest.mark.parametrize("changes", [{"project_id": "project-2"}, {"branch_id": "feature"}])
def test_other_projects_and_branches_are_refused(changes: dict[str, str]) -> None:
    refused(token(**changes), WrongAudienceError)


def test_an_app_of_a_branch_takes_its_tokens_alone() -> None:
    app = App()
    app._context = app._context._replace(client_id=f"{PROJECT}#feature")
    verifier = Verifier(app)
    assert verifier.verify(token(branch_id="feature")).branch_id == "feature"
    with pytest.raises(WrongAudienceError):
        verifier.verify(token())


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("normal", {"is_restricted": True, "restricted_reason": {"type": "email_not_verified"}}),
        ("normal", {"is_anonymous": True, "is_restricted": True, "restricted_reason": {"type": "anonymous"}}),
        ("restricted", {"is_restricted": False, "restricted_reason": None}),
        ("restricted", {"is_anonymous": True}),
        ("anonymous", {"is_anonymous": False}),
        ("anonymous", {"is_restricted": False}),
        ("normal", {"restricted_reason": {"type": "anonymous"}}),
        ("restricted", {"restricted_reason": None}),
        ("normal", {"is_anonymous": True}),
    ],
)
def test_flags_that_contradict_the_audience_or_each_other_are_refused(kind: str, changes: dict[str, object]) -> None:
    refused(token(kind, **changes), InconsistentTokenError, **ALL)


# Errors


def test_no_frame_of_a_refusal_shows_the_token() -> None:
    """A traceback with locals shows the variables of every frame of the SDK."""
    verifier, server, _ = made_verifier()
    verifier.verify(token())
    server.failure = ValueError("a bug")
    cases = [token(sub="user-2") + "A", token(iss="x"), signed({"alg": "ES256", "kid": "x"}, payload(), NORMAL)]
    for text in cases:
        signature_part = text.split(".")[2]
        try:
            verifier.verify(text)
        except InvalidTokenError as error:
            for frame in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
                if "hexclave/" in frame.filename:
                    assert signature_part not in str(frame.locals), frame


def test_errors_survive_pickling_and_name_the_public_module() -> None:
    error = refused(token(iss="x"), WrongIssuerError)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.message) == (WrongIssuerError, error.message)
    assert WrongIssuerError.__module__ == "hexclave.verify"


# Issuers


@pytest.mark.parametrize(
    "base", ["https://api.hexclave.com", "https://api.stack-auth.com", "https://api.dev.hexclave.com"]
)
def test_the_two_cloud_hosts_issue_for_each_other(base: str) -> None:
    app = App()
    app._context = app._context._replace(
        base_url=f"{base}/api/v1", origin=("https", base.removeprefix("https://"), 443)
    )
    app.server = lambda request: reply(200, {"keys": [jwk("normal-key", NORMAL)]})
    verifier = Verifier(app)
    stage = "dev." if "dev." in base else ""
    other = "" if stage else "dev."
    for host in ("hexclave.com", "stack-auth.com"):
        verifier.verify(token(iss=f"https://api.{stage}{host}/api/v1/projects/{PROJECT}"))
        with pytest.raises(WrongIssuerError):
            verifier.verify(token(iss=f"https://api.{other}{host}/api/v1/projects/{PROJECT}"))
    with pytest.raises(WrongIssuerError):
        verifier.verify(token())


def test_further_issuers_are_named() -> None:
    verifier, _, _ = made_verifier(issuers=["http://localhost:8102", "https://auth.example.com/"])
    for url in ("http://localhost:8102", "https://auth.example.com"):
        assert verifier.verify(token(iss=f"{url}/api/v1/projects/{PROJECT}")).user_id == "user-1"
    with pytest.raises(WrongIssuerError):
        verifier.verify(token(iss=f"https://auth.example.com//api/v1/projects/{PROJECT}"))


@pytest.mark.parametrize(
    "issuers",
    [
        "https://auth.example.com",
        ["auth.example.com"],
        ["ftp://x"],
        ["https://a/api/v1"],
        ["https://a?b"],
        [7],
        ["http://["],
        [""],
    ],
)
def test_issuers_are_checked(issuers: list[str]) -> None:
    with pytest.raises(UnsafeUseError, match="issuers"):
        made_verifier(issuers=issuers)


def test_claims_that_were_checked_are_not_among_the_additional_ones() -> None:
    verifier, _, _ = made_verifier()
    assert verifier.verify(token(nbf=1)).additional_claims == {}


# Remembering


def test_the_second_time_costs_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, _, _ = made_verifier()
    text = token()
    first = verifier.verify(text)
    monkeypatch.setattr("hexclave.verify._tokens.signature_holds", lambda *_: pytest.fail("verified again"))
    assert verifier.verify(text) == first


def test_remembering_is_bounded() -> None:
    verifier, _, _ = made_verifier(remember=10)
    remembered = verifier._checks._remembered
    assert remembered is not None
    for number in range(50):
        verifier.verify(token(sub=f"user-{number}"))
        assert len(remembered._young) + len(remembered._old) <= 10


def test_at_least_half_of_what_may_be_remembered_always_is(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, _, _ = made_verifier(remember=10)
    texts = [token(sub=f"user-{number}") for number in range(23)]
    for text in texts:
        verifier.verify(text)
    monkeypatch.setattr("hexclave.verify._tokens.signature_holds", lambda *_: pytest.fail("verified again"))
    for text in texts[-6:]:
        verifier.verify(text)


def test_the_header_of_a_genuine_token_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, _, _ = made_verifier()
    verifier.verify(token())
    monkeypatch.setattr("hexclave.verify._tokens.key_id", lambda _: pytest.fail("decoded again"))
    assert verifier.verify(token(sub="user-2")).user_id == "user-2"


@pytest.mark.parametrize("remember", [-1, 1_000_001])
def test_the_size_of_the_cache_has_bounds(remember: int) -> None:
    with pytest.raises(UnsafeUseError, match="remember"):
        made_verifier(remember=remember)


def test_a_forged_token_is_not_remembered() -> None:
    verifier, _, _ = made_verifier()
    text = signed({"alg": "ES256", "kid": "normal-key"}, payload(), RESTRICTED)
    for _ in range(3):
        with pytest.raises(TokenSignatureError):
            verifier.verify(text)


# Unverified


def test_reading_without_verifying_says_what_the_token_says() -> None:
    claims = read_unverified(signed({"alg": "none"}, payload("anonymous", iss="https://x"), ANONYMOUS))
    assert (claims.user_id, claims.is_anonymous, claims.issuer) == ("user-1", True, "https://x")
    with pytest.raises(MalformedTokenError):
        read_unverified("a.b.c")
