"""Which tokens pass, what they say then, and that every known attack ends in the right refusal."""

import base64
import json
import pickle
import traceback
from datetime import UTC, datetime

import attrs
import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from hexclave._secret import Secret
from hexclave.errors import HexclaveError, UnsafeUseError
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
    UnknownSigningKeyError,
    Verifier,
    WrongAudienceError,
    WrongIssuerError,
    read_unverified,
)
from tests.playing import reply
from tests.signing import (
    ANONYMOUS,
    AUDIENCES,
    FOREIGN,
    ISSUERS,
    KEYS,
    KINDS,
    NORMAL,
    PROJECT,
    RESTRICTED,
    App,
    b64,
    encoded,
    jwk,
    made_verifier,
    payload,
    signature,
    signed,
    token,
)

HEADER = {"alg": "ES256", "kid": "normal-key"}
ALL = {"allow_restricted": True, "allow_anonymous": True}


def refused(text: str, expected: type[HexclaveError], **allowed: bool) -> HexclaveError:
    """The refusal, which is the same before and after the keys were fetched, and never shows the token."""
    verifier, _, _ = made_verifier()
    errors = []
    for _ in range(2):
        with pytest.raises(expected) as caught:
            verifier.verify(text, **allowed)
        errors.append(caught.value)
        verifier.verify(token())
    for error in errors:
        assert type(error) is expected
        shown = f"{error!s} {error!r} {error.explain()} {vars(error)}"
        assert not any(part and len(part) > 6 and part in shown for part in str(text).split("."))
    return errors[0]


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


# Signatures


def test_an_unsigned_token_is_refused() -> None:
    for algorithm in ("none", "None", "NONE", "nOnE", "", None, 0, True, ["ES256"], {"ES256": 1}):
        for sealed in ("", b64(b"\0" * 64)):
            text = f"{encoded({'alg': algorithm, 'kid': 'normal-key'})}.{encoded(payload())}.{sealed}"
            refused(text, MalformedTokenError)
    refused(f"{encoded({'kid': 'normal-key'})}.{encoded(payload())}.{b64(bytes(64))}", MalformedTokenError)


@pytest.mark.parametrize("encoding", ["pem", "der", "raw", "jwk"])
def test_the_public_key_does_not_pass_as_an_hmac_secret(encoding: str) -> None:
    public = NORMAL.public_key()
    secrets = {
        "pem": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "raw": public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
        "jwk": json.dumps(jwk("normal-key", NORMAL)).encode(),
    }
    for algorithm, digest in (("HS256", hashes.SHA256()), ("HS512", hashes.SHA512())):
        text = f"{encoded({'alg': algorithm, 'kid': 'normal-key'})}.{encoded(payload())}"
        mac = hmac.HMAC(secrets[encoding], digest)
        mac.update(text.encode())
        refused(f"{text}.{b64(mac.finalize())}", MalformedTokenError)


@pytest.mark.parametrize(
    "algorithm", ["RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "es256", "ES256 ", "HS256"]
)
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    refused(signed({"alg": algorithm, "kid": "normal-key"}, payload(), NORMAL), MalformedTokenError)


def test_signatures_of_other_algorithms_are_refused() -> None:
    text = f"{encoded(HEADER)}.{encoded(payload())}"
    rsa_key = rsa.generate_private_key(65537, 2048)
    refused(f"{text}.{b64(rsa_key.sign(text.encode(), PKCS1v15(), hashes.SHA256()))}", MalformedTokenError)
    refused(f"{text}.{b64(ed25519.Ed25519PrivateKey.generate().sign(text.encode()))}", TokenSignatureError)


def test_keys_inside_the_header_are_ignored() -> None:
    public = jwk("normal-key", FOREIGN)
    for more in (
        {"jwk": public},
        {"jku": "https://evil.example.com/jwks"},
        {"x5u": "https://evil.example.com"},
        {"x5c": ["x"]},
    ):
        refused(signed({**HEADER, **more}, payload(), FOREIGN), TokenSignatureError)


def test_an_extension_that_must_be_understood_is_refused() -> None:
    refused(signed({**HEADER, "crit": ["b64"], "b64": False}, payload(), NORMAL), MalformedTokenError)
    refused(signed({**HEADER, "crit": []}, payload(), NORMAL), MalformedTokenError)


def test_every_changed_part_breaks_the_signature() -> None:
    header, body, sealed = token().split(".")
    for changed in (
        f"{header}.{encoded(payload(sub='user-2'))}.{sealed}",
        f"{encoded({**HEADER, 'typ': 'JWT'})}.{body}.{sealed}",
        f"{header}.{encoded(payload(at=1_800_000_001))}.{sealed}",
        f"{header}.{body}.{signature(header, NORMAL)}",
        f"{header}.{body}.{token(sub='user-2').split('.')[2]}",
    ):
        refused(changed, TokenSignatureError)


def test_every_single_bit_of_a_signature_counts() -> None:
    verifier, _, _ = made_verifier()
    header, body, sealed = token().split(".")
    raw = base64.urlsafe_b64decode(sealed + "==")
    for bit in range(0, 512, 7):
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(TokenSignatureError):
            verifier.verify(f"{header}.{body}.{b64(bytes(forged))}")


def test_signatures_made_of_zeros_and_of_the_order_of_the_curve_are_refused() -> None:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    text = f"{encoded(HEADER)}.{encoded(payload())}"
    for r in (0, 1, order, order - 1, 2**256 - 1):
        for s in (0, 1, order, 2**256 - 1):
            refused(f"{text}.{b64(r.to_bytes(32) + s.to_bytes(32))}", TokenSignatureError)


def test_a_signature_in_der_is_refused() -> None:
    text = f"{encoded(HEADER)}.{encoded(payload())}"
    refused(f"{text}.{b64(NORMAL.sign(text.encode(), ec.ECDSA(hashes.SHA256())))}", MalformedTokenError)


def test_a_signature_can_be_written_in_one_way_only() -> None:
    """Its last character carries four bits that belong to no byte; other values of them are refused."""
    text = token()
    head = text[:-1]
    verifier, _, _ = made_verifier()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    passed = []
    for character in alphabet:
        try:
            verifier.verify(head + character)
            passed.append(head + character)
        except (MalformedTokenError, TokenSignatureError):
            pass
    assert passed == [text]


# Keys


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signer", ["normal", "restricted", "anonymous", "foreign"])
def test_only_the_keys_of_its_own_kind_sign_a_token(kind: str, signer: str) -> None:
    key = {**KEYS, "foreign": FOREIGN}[signer]
    text = signed({"alg": "ES256", "kid": f"{signer}-key"}, payload(kind), key)
    if kind == signer:
        made_verifier()[0].verify(text, **ALL)
    else:
        refused(text, UnknownSigningKeyError, **ALL)


@pytest.mark.parametrize("kind", KINDS)
def test_another_projects_key_under_our_key_id_is_refused(kind: str) -> None:
    refused(signed({"alg": "ES256", "kid": f"{kind}-key"}, payload(kind), FOREIGN), TokenSignatureError, **ALL)


@pytest.mark.parametrize(
    "kid",
    [
        "",
        "../../etc/passwd",
        "/dev/null",
        "' OR 1=1 --",
        "https://evil.example.com/k",
        "\0",
        "a" * 5000,
        "normal-key\0",
        "NORMAL-KEY",
    ],
)
def test_strange_key_ids_find_no_key(kid: str) -> None:
    expected = UnknownSigningKeyError if kid else MalformedTokenError
    refused(signed({"alg": "ES256", "kid": kid}, payload(), NORMAL), expected)


@pytest.mark.parametrize("kid", [..., None, 7, ["normal-key"], {"a": 1}, True])
def test_a_key_id_is_text(kid: object) -> None:
    header = {"alg": "ES256"} if kid is ... else {"alg": "ES256", "kid": kid}
    refused(signed(header, payload(), NORMAL), MalformedTokenError)


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
    app._context = attrs.evolve(app._context, client_id=f"{PROJECT}#feature")
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


# Claims


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
def test_what_is_no_text_is_a_mistake_of_the_caller(value: object) -> None:
    with pytest.raises(UnsafeUseError, match="token must be a str"):
        made_verifier()[0].verify(value)  # type: ignore[arg-type]


# Errors


def test_no_frame_of_a_refusal_shows_the_token() -> None:
    """A traceback with locals prints what every frame of the SDK holds."""
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
    app._context = attrs.evolve(
        app._context, base_url=f"{base}/api/v1", origin=("https", base.removeprefix("https://"), 443)
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


# Remembering


def test_the_second_time_costs_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, _, _ = made_verifier()
    text = token()
    first = verifier.verify(text)
    monkeypatch.setattr("hexclave.verify._tokens.signature_holds", lambda *_: pytest.fail("verified again"))
    assert verifier.verify(text) == first


def test_remembering_is_bounded() -> None:
    verifier, _, _ = made_verifier(remember=10)
    for number in range(200):
        verifier.verify(token(sub=f"user-{number}"))
    remembered = verifier._checks._remembered
    assert remembered is not None
    assert len(remembered._young) + len(remembered._old) <= 10


@pytest.mark.parametrize("remember", [-1, 1_000_001])
def test_how_many_are_remembered_has_bounds(remember: int) -> None:
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
