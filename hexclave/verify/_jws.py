"""Parsing and signature verification of compact JWS tokens (RFC 7515), ES256 only."""

import binascii
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hexclave.verify._errors import MalformedTokenError

PublicKey: TypeAlias = EllipticCurvePublicKey

LONGEST: Final = 16_384
"""Maximum length of a token; more than any server accepts in a header."""

_ES256: Final = ECDSA(SHA256())
_SIGNATURE_LENGTH: Final = 86  # 64 bytes
_LAST_OF_SIGNATURE: Final = b"AQgw"  # Any other last character would set unused bits.
_TO_STANDARD_ALPHABET: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = (b"", b"===", b"==", b"=")  # "===" makes an impossible length fail to decode.


class Parts(NamedTuple):
    """The parts of a token, still encoded."""

    signed: bytes
    """Header and payload, joined by a dot."""
    header: bytes
    payload: bytes
    signature: bytes


def split(token: str) -> Parts:
    """Split a token into its parts.

    Raises:
        MalformedTokenError: it does not have three parts, or is too long.
    """
    if len(token) > LONGEST or not token.isascii():
        raise MalformedTokenError(f"The token has non-ASCII characters or is longer than {LONGEST} characters.")
    signed, _, signature = token.encode().rpartition(b".")
    header, dot, payload = signed.partition(b".")
    if not dot or len(signature) != _SIGNATURE_LENGTH or signature[-1] not in _LAST_OF_SIGNATURE:
        raise MalformedTokenError("The token does not have a header, a payload and a 64-byte signature.")
    return Parts(signed, header, payload, signature)


def key_id(header: bytes) -> str:
    """Return the `kid` of an encoded header.

    Raises:
        MalformedTokenError: it is not the header of a token signed with ES256.
    """
    fields = json_object(header, "header")
    if fields.get("alg") != "ES256":
        raise MalformedTokenError("The token is not signed with ES256.")
    if "crit" in fields:
        raise MalformedTokenError("The token's header requires an extension (crit), which is not supported.")
    kid = fields.get("kid")
    if not isinstance(kid, str) or not kid:
        raise MalformedTokenError("The token's header has no key ID (kid).")
    return kid


def json_object(segment: bytes, what: str) -> dict[str, Any]:
    """Decode the JSON object in a part of a token.

    Raises:
        MalformedTokenError: it is not base64url, not JSON, not an object, or has a duplicate key.
    """
    value: Any
    try:
        text = decoded(segment).decode()
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        value, end, text = None, 0, ""
    if value.__class__ is not dict or end != len(text):
        raise MalformedTokenError(f"The token's {what} is not a base64url-encoded JSON object.")
    return value


def signature_holds(key: PublicKey, signed: bytes, signature: bytes) -> bool:
    """Return whether the ES256 signature, still encoded, is valid for these bytes."""
    try:
        raw = decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.verify(der, signed, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True


def decoded(segment: bytes) -> bytes:
    """Decode unpadded base64url.

    Raises:
        ValueError: it is invalid.
    """
    return binascii.a2b_base64(segment.translate(_TO_STANDARD_ALPHABET) + _PADDING[len(segment) % 4], strict_mode=True)


def _unique(members: list[tuple[str, Any]]) -> Mapping[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("duplicate key")
    return value


_JSON: Final = json.JSONDecoder(object_pairs_hook=_unique)
