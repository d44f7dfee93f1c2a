"""Signing keys out of a JWKS document (RFC 7517)."""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers

from hexclave.verify._jws import PublicKey, decoded

_WANTED: Final = {"kty": ("EC",), "crv": ("P-256",), "alg": ("ES256", None), "use": ("sig", None)}
_COORDINATE: Final = 32  # bytes


def read_keys(document: Any) -> dict[str, PublicKey]:
    """The keys for ES256 by their ids; entries that are none are passed over.

    Raises:
        ValueError: there is not a single one.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    keys: dict[str, PublicKey] = {}
    for entry in entries if isinstance(entries, list) else ():
        kid = entry.get("kid") if isinstance(entry, dict) else None
        key = _key(entry) if isinstance(kid, str) and kid else None
        if isinstance(kid, str) and key is not None:
            keys.setdefault(kid, key)
    if not keys:
        raise ValueError("no key for ES256 in the document")
    return keys


def _key(entry: dict[str, Any]) -> PublicKey | None:
    if any(entry.get(name) not in values for name, values in _WANTED.items()):
        return None
    try:
        # That the numbers are a point of the curve is checked by the library.
        return EllipticCurvePublicNumbers(_number(entry.get("x")), _number(entry.get("y")), SECP256R1()).public_key()
    except ValueError:
        return None


def _number(coordinate: Any) -> int:
    if not isinstance(coordinate, str) or not coordinate.isascii():
        raise ValueError("a coordinate is no text")
    raw = decoded(coordinate.encode())
    # Servers drop leading zeros, so about one key in 128 is shorter than the 32 bytes that the standard demands.
    if not 0 < len(raw) <= _COORDINATE:
        raise ValueError("a coordinate is empty or too long")
    return int.from_bytes(raw)
