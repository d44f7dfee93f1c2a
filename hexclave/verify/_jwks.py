"""Parsing of signing keys in a JWKS document (RFC 7517)."""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers

from hexclave.verify._jws import PublicKey, decoded

_WANTED: Final = {"kty": ("EC",), "crv": ("P-256",), "alg": ("ES256", None), "use": ("sig", None)}
_COORDINATE: Final = 32  # bytes


def read_keys(document: Any) -> dict[str, PublicKey]:
    """Return the ES256 keys by ID, skipping other entries.

    Raises:
        ValueError: there are none.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    keys: dict[str, PublicKey] = {}
    for entry in entries if isinstance(entries, list) else ():
        kid = entry.get("kid") if isinstance(entry, dict) else None
        key = _key(entry) if isinstance(kid, str) and kid else None
        if isinstance(kid, str) and key is not None:
            keys.setdefault(kid, key)
    if not keys:
        raise ValueError("the document has no ES256 key")
    return keys


def _key(entry: dict[str, Any]) -> PublicKey | None:
    if any(entry.get(name) not in values for name, values in _WANTED.items()):
        return None
    try:
        # The library checks that the point is on the curve.
        return EllipticCurvePublicNumbers(_number(entry.get("x")), _number(entry.get("y")), SECP256R1()).public_key()
    except ValueError:
        return None


def _number(coordinate: Any) -> int:
    if not isinstance(coordinate, str) or not coordinate.isascii():
        raise ValueError("a coordinate is not a string")
    raw = decoded(coordinate.encode())
    # Servers drop leading zeros, so about one key in 128 is shorter than the 32 bytes of the standard.
    if not 0 < len(raw) <= _COORDINATE:
        raise ValueError("a coordinate is empty or too long")
    return int.from_bytes(raw)
