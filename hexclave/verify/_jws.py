"""A token taken apart, and whether its signature holds: compact form (RFC 7515), ES256, and nothing else."""

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
"""Characters of a token; more than any server lets through in a header."""

_ES256: Final = ECDSA(SHA256())
_SIGNATURE_LENGTH: Final = 86  # 64 bytes
_LAST_OF_SIGNATURE: Final = b"AQgw"  # Every other last character would set bits that belong to no byte.
_TO_STANDARD_ALPHABET: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING: Final = (b"", b"===", b"==", b"=")  # "===" pads what has an impossible length, so it is refused.


class Parts(NamedTuple):
    """A token's parts, still encoded."""

    signed: bytes
    """Header and payload with the dot between them."""
    header: bytes
    payload: bytes
    signature: bytes


def split(token: str) -> Parts:
    """The parts of a token.

    Raises:
        MalformedTokenError: it does not have three, or is too long.
    """
    if len(token) > LONGEST or not token.isascii():
        raise MalformedTokenError(f"The token holds non-ASCII characters, or more than {LONGEST}.")
    signed, _, signature = token.encode().rpartition(b".")
    header, dot, payload = signed.partition(b".")
    if not dot or len(signature) != _SIGNATURE_LENGTH or signature[-1] not in _LAST_OF_SIGNATURE:
        raise MalformedTokenError("The token does not consist of header, payload and a signature of 64 bytes.")
    return Parts(signed, header, payload, signature)


def key_id(header: bytes) -> str:
    """The `kid` of an encoded header.

    Raises:
        MalformedTokenError: it is no header of a token signed with ES256.
    """
    fields = json_object(header, "header")
    if fields.get("alg") != "ES256":
        raise MalformedTokenError("The token is not signed with ES256.")
    if "crit" in fields:
        raise MalformedTokenError("The token's header demands an extension (crit); none is supported.")
    kid = fields.get("kid")
    if not isinstance(kid, str) or not kid:
        raise MalformedTokenError("The token's header names no signing key (kid).")
    return kid


def json_object(segment: bytes, what: str) -> dict[str, Any]:
    """The JSON object in a part of a token.

    Raises:
        MalformedTokenError: it is no base64url, no JSON, no object, or has a member twice.
    """
    value: Any
    try:
        text = decoded(segment).decode()
        value, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        value, end, text = None, 0, ""
    if value.__class__ is not dict or end != len(text):
        raise MalformedTokenError(f"The token's {what} is not a JSON object in base64url.")
    return value


def signature_holds(key: PublicKey, signed: bytes, signature: bytes) -> bool:
    """Whether the holder of the key signed these bytes with ES256. `signature` is still encoded."""
    try:
        raw = decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key.verify(der, signed, _ES256)
    except (InvalidSignature, ValueError):
        return False
    return True


def decoded(segment: bytes) -> bytes:
    """The bytes of unpadded base64url.

    Raises:
        ValueError: it is something else.
    """
    return binascii.a2b_base64(segment.translate(_TO_STANDARD_ALPHABET) + _PADDING[len(segment) % 4], strict_mode=True)


def _unique(members: list[tuple[str, Any]]) -> Mapping[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("a member stands twice")
    return value


_JSON: Final = json.JSONDecoder(object_pairs_hook=_unique)
