"""Access tokens signed like the API's: ES256, two keys per audience, derived from one server secret."""

import base64
import binascii
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from hexclave_emulator.messages.exchange import JsonObject

Kind: TypeAlias = Literal["regular", "restricted", "anonymous"]

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ISSUERS: Final[dict[Kind, str]] = {
    "regular": "projects",
    "restricted": "projects-restricted-users",
    "anonymous": "projects-anonymous-users",
}
_SUFFIXES: Final[dict[Kind, str]] = {"regular": "", "restricted": ":restricted", "anonymous": ":anon"}


def audience(project_id: str, kind: Kind) -> str:
    """Return the `aud` claim for such a user of the project."""
    return project_id + _SUFFIXES[kind]


def issuer(base_url: str, project_id: str, kind: Kind) -> str:
    """Return the `iss` claim for such a user of the project."""
    return f"{base_url}/api/v1/{_ISSUERS[kind]}/{project_id}"


@attrs.frozen
class SigningKey:
    kid: str
    private: ec.EllipticCurvePrivateKey
    x: int
    y: int

    def jwk(self) -> JsonObject:
        """Return the public key. As in the API, coordinates with leading zero bytes are too short."""
        return {
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "kid": self.kid,
            "x": _number(self.x),
            "y": _number(self.y),
        }


@lru_cache(maxsize=4096)
def signing_keys(secret: str, audience: str, short: bool) -> tuple[SigningKey, SigningKey]:
    """Return the signing key and the next one. `short` selects keys with a coordinate below 32 bytes."""
    return (
        _signing_key(secret, f"{audience}:first", short=short),
        _signing_key(secret, f"{audience}:next", short=short),
    )


def _signing_key(secret: str, purpose: str, *, short: bool) -> SigningKey:
    attempt = 0
    while True:
        digest = hmac.digest(secret.encode(), f"{purpose}:{attempt}".encode(), "sha256")
        private = ec.derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
        public = private.public_key().public_numbers()
        if not short or min(public.x, public.y) < 1 << 248:
            kid = _encode(hashlib.sha256(digest + b"kid").digest())[:12]
            return SigningKey(kid, private, public.x, public.y)
        attempt += 1


def sign(claims: JsonObject, key: SigningKey) -> str:
    """Return the claims as a signed token."""
    header = {"alg": "ES256", "kid": key.kid}
    signed = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    r, s = utils.decode_dss_signature(key.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def read(token: str, secret: str, *, short: bool) -> JsonObject | None:
    """Return the claims of a token signed by this server, expired or not; `None` for anything else."""
    try:
        header_text, claims_text, signature_text = token.split(".")
        header = json.loads(_decode(header_text))
        claims = json.loads(_decode(claims_text))
        signature = _decode(signature_text)
        aud = claims["aud"]
        if header["alg"] != "ES256" or not isinstance(aud, str) or len(signature) != 64 or len(aud) > 200:
            return None
        key = next((each for each in signing_keys(secret, aud, short) if each.kid == header["kid"]), None)
        if key is None:
            return None
        encoded = utils.encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        )
        key.private.public_key().verify(encoded, f"{header_text}.{claims_text}".encode(), ec.ECDSA(hashes.SHA256()))
    except (ValueError, TypeError, KeyError, RecursionError, InvalidSignature, binascii.Error):
        return None
    return dict(claims)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(value: int) -> str:
    return _encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def claims_kind(claims: dict[str, Any]) -> Kind:
    """Return the kind of user that a token is for."""
    if claims.get("is_anonymous"):
        return "anonymous"
    return "restricted" if claims.get("is_restricted") else "regular"
