"""Signatures and keys: every known attack is refused with the right error."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from hexclave.verify import (
    MalformedTokenError,
    TokenSignatureError,
    UnknownSigningKeyError,
)
from tests.signing import (
    ALL,
    FOREIGN,
    HEADER,
    KEYS,
    KINDS,
    NORMAL,
    b64,
    encoded,
    jwk,
    made_verifier,
    payload,
    refused,
    signature,
    signed,
    token,
)


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
    """Its last character has four bits that belong to no byte; other values of them are refused."""
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
