"""Passkeys, with an authenticator in software."""

import base64
import hashlib
import json
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from hexclave_emulator import Emulator, Reply
from hexclave_emulator.credentials import webauthn
from tests.emulator.asking import Asker, code

ORIGIN = "http://localhost:3000"
EMULATOR = Emulator(release="2026-04")
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "response", "clientDataJSON", "authenticatorData"]), inner, max_size=4)
    ),
    max_leaves=10,
)


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@attrs.define
class Authenticator:
    key: Any = attrs.field(factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0
    origin: str = ORIGIN
    host: str = "localhost"
    flags: int = 1

    def answer(self, kind: str, challenge: str) -> dict[str, Any]:
        client_data = json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()
        data = hashlib.sha256(self.host.encode()).digest() + bytes([self.flags]) + self.counter.to_bytes(4, "big")
        response = {"clientDataJSON": encode(client_data), "authenticatorData": encode(data)}
        if kind == "webauthn.create":
            kinds = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            response["publicKey"] = encode(self.key.public_key().public_bytes(*kinds))
        else:
            response["signature"] = encode(self._sign(data + hashlib.sha256(client_data).digest()))
        return {"id": "credential", "rawId": "credential", "type": "public-key", "response": response}

    def _sign(self, signed: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return bytes(self.key.sign(signed))


@pytest.fixture
def token(ask: Asker) -> str:
    user = ask.server("POST", "/users", {"display_name": "Ada"}).json()
    return str(ask.server("POST", "/auth/sessions", {"user_id": user["id"]}).json()["access_token"])


def register(ask: Asker, token: str, authenticator: Authenticator) -> Reply:
    asked = ask.client("POST", "/auth/passkey/initiate-passkey-registration", {}, access_token=token).json()
    credential = authenticator.answer("webauthn.create", asked["options_json"]["challenge"])
    body = {"credential": credential, "code": asked["code"]}
    return ask.client("POST", "/auth/passkey/register", body, access_token=token)


def sign_in(ask: Asker, authenticator: Authenticator, **changes: Any) -> Reply:
    asked = ask.client("POST", "/auth/passkey/initiate-passkey-authentication", {}).json()
    answer = authenticator.answer("webauthn.get", asked["options_json"]["challenge"]) | changes
    return ask.client("POST", "/auth/passkey/sign-in", {"authentication_response": answer, "code": asked["code"]})


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["ES256", "RS256", "EdDSA"],
)
def test_a_registered_passkey_signs_in(ask: Asker, token: str, key: Any) -> None:
    """With each kind of key that the options ask for."""
    authenticator = Authenticator(key)
    assert register(ask, token, authenticator).json() == {"user_handle": "credential"}
    session = sign_in(ask, authenticator).json()
    me = ask.client("GET", "/users/me", access_token=session["access_token"]).json()
    assert (me["display_name"], me["passkey_auth_enabled"], session["is_new_user"]) == ("Ada", True, False)


@pytest.mark.parametrize(
    "forged",
    [
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"host": "example.com"},
        {"origin": "https://example.com", "host": "example.com"},
        {"origin": "http://["},
        {"flags": 0},
    ],
    ids=["other key", "other site", "untrusted origin", "unreadable origin", "no user present"],
)
def test_a_forged_answer_is_refused(ask: Asker, token: str, forged: dict[str, Any]) -> None:
    """When signing in and, if detectable, when registering."""
    authenticator = Authenticator()
    register(ask, token, authenticator)
    forger = attrs.evolve(authenticator, **forged)
    assert code(sign_in(ask, forger)) == "PASSKEY_AUTHENTICATION_FAILED"
    if "key" not in forged:
        assert code(register(ask, token, forger)) == "PASSKEY_REGISTRATION_FAILED"


def test_an_answer_counts_once(ask: Asker, token: str) -> None:
    """A response to an earlier challenge, or to a registration, signs no one in."""
    authenticator = Authenticator()
    register(ask, token, authenticator)
    old = authenticator.answer("webauthn.get", "another challenge")
    created = authenticator.answer("webauthn.create", "another challenge")
    for answer in (old, created):
        assert code(sign_in(ask, authenticator, response=answer["response"])) == "PASSKEY_AUTHENTICATION_FAILED"


def test_a_copied_passkey_is_noticed(ask: Asker, token: str) -> None:
    """The counter must increase once it is used."""
    authenticator = Authenticator(counter=5)
    register(ask, token, authenticator)
    assert code(sign_in(ask, authenticator)) == "PASSKEY_AUTHENTICATION_FAILED"
    assert sign_in(ask, attrs.evolve(authenticator, counter=6)).status == 200


def test_a_user_has_one_passkey(ask: Asker, token: str) -> None:
    """Registering again replaces it, and switching passkeys off for the user ends it."""
    first, second = Authenticator(), Authenticator()
    register(ask, token, first)
    register(ask, token, second)
    assert code(sign_in(ask, first)) == "PASSKEY_AUTHENTICATION_FAILED"
    assert sign_in(ask, second).status == 200
    ask.client("PATCH", "/users/me", {"passkey_auth_enabled": False}, access_token=token)
    assert code(sign_in(ask, second)) == "PASSKEY_AUTHENTICATION_FAILED"


def test_a_second_factor_still_counts(ask: Asker, token: str) -> None:
    """A passkey is the first factor alone."""
    authenticator = Authenticator()
    register(ask, token, authenticator)
    ask.client("PATCH", "/users/me", {"totp_secret_base64": "AAAA"}, access_token=token)
    assert code(sign_in(ask, authenticator)) == "MULTI_FACTOR_AUTHENTICATION_REQUIRED"


def register_raw(ask: Asker, credential: dict[str, Any]) -> Reply:
    session = ask.client("POST", "/auth/anonymous/sign-up", {}, allow_anonymous_user="true").json()
    headers = {"access_token": session["access_token"], "allow_anonymous_user": "true"}
    asked = ask.client("POST", "/auth/passkey/initiate-passkey-registration", {}, **headers).json()
    body = {"credential": credential, "code": asked["code"]}
    return ask.client("POST", "/auth/passkey/register", body, **headers)


@given(ANY_JSON)
def test_any_credential_is_refused(credential: Any) -> None:
    """Any JSON as a response is refused with a known error."""
    with pytest.raises(webauthn.RejectedError):
        webauthn.read(credential)


@given(st.dictionaries(st.sampled_from(["clientDataJSON", "authenticatorData", "publicKey"]), ANY_JSON))
def test_any_registration_is_refused(response: dict[str, Any]) -> None:
    """Over the API, too."""
    ask = Asker(EMULATOR)
    ready = Authenticator().answer("webauthn.create", "TU9DSw")
    reply = register_raw(ask, ready | {"response": ready["response"] | response})
    assert code(reply) == ("PASSKEY_REGISTRATION_FAILED" if response else None)
