"""Passkeys: verification of authenticator responses (W3C Web Authentication, level 2)."""

import base64
import binascii
import hashlib
import json
from typing import Any, Final

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from hexclave_emulator.checking.origins import origin_of

_HASHED_RP: Final = slice(0, 32)
_FLAGS: Final = 32
_COUNTER: Final = slice(33, 37)
_USER_PRESENT: Final = 1


class RejectedError(Exception):
    """The response is invalid; the text says why."""


@attrs.frozen
class Answer:
    """An authenticator's response to a challenge, decoded but not verified."""

    credential_id: str
    origin: str
    """The origin (scheme and host) of the page that asked."""
    challenge: str
    type: str
    """`webauthn.create` or `webauthn.get`."""
    client_data: bytes
    authenticator_data: bytes
    response: dict[str, Any]

    @property
    def counter(self) -> int:
        """The authenticator's signature counter; 0 if it has none."""
        return int.from_bytes(self.authenticator_data[_COUNTER], "big")


def read(credential: Any) -> Answer:
    """Decode a response in the JSON form used by browsers.

    Raises:
        RejectedError: it does not have that form.
    """
    try:
        response = credential["response"]
        client_data = _decode(response["clientDataJSON"])
        said = json.loads(client_data)
        answer = Answer(
            credential_id=credential["id"],
            origin=said["origin"],
            challenge=said["challenge"],
            type=said["type"],
            client_data=client_data,
            authenticator_data=_decode(response["authenticatorData"]),
            response=response,
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RejectedError("the response is unreadable") from error
    if not all(isinstance(text, str) for text in (answer.credential_id, answer.origin, answer.challenge)):
        raise RejectedError("the response is unreadable")
    return answer


def check(answer: Answer, *, kind: str, challenge: str) -> None:
    """Refuse a response to another challenge, for another purpose or for another site.

    Raises:
        RejectedError: the response does not match.
    """
    if answer.type != kind:
        raise RejectedError(f"the response is not one to {kind}")
    if answer.challenge != challenge:
        raise RejectedError("the response answers another challenge")
    try:
        host = origin_of(answer.origin).host
    except ValueError as error:
        raise RejectedError("the origin is unreadable") from error
    data = answer.authenticator_data
    if len(data) < _COUNTER.stop or data[_HASHED_RP] != hashlib.sha256(host.encode()).digest():
        raise RejectedError("the response is for another site")
    if not data[_FLAGS] & _USER_PRESENT:
        raise RejectedError("the user was not present")


def public_key(answer: Answer) -> str:
    """Return the public key of a new passkey, base64url of its DER form.

    Browsers send it with the attestation, whose signature need not be checked if none was requested.

    Raises:
        RejectedError: there is no usable key.
    """
    encoded = answer.response.get("publicKey")
    _load(encoded)
    return str(encoded)


def verify(answer: Answer, key: str) -> None:
    """Refuse a response that the passkey's private key did not sign.

    Raises:
        RejectedError: the signature or the key is invalid.
    """
    loaded = _load(key)
    signed = answer.authenticator_data + hashlib.sha256(answer.client_data).digest()
    try:
        signature = _decode(answer.response.get("signature"))
        if isinstance(loaded, ec.EllipticCurvePublicKey):
            loaded.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(loaded, rsa.RSAPublicKey):
            loaded.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            loaded.verify(signature, signed)
    except (InvalidSignature, TypeError, ValueError) as error:
        raise RejectedError("the signature was not made with this passkey") from error


def _load(encoded: Any) -> ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey:
    try:
        loaded = serialization.load_der_public_key(_decode(encoded))
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise RejectedError("the public key is unreadable") from error
    if not isinstance(loaded, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise RejectedError("the public key type was not requested")
    return loaded


def _decode(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not text")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
