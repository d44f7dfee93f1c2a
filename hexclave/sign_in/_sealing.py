"""Sealed values: encrypted and authenticated text that a browser keeps for the server."""

import base64
import binascii
import json
import os
from collections.abc import Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hexclave.errors import UnsafeUseError
from hexclave_api.secret import Secret, SecretText, hidden

MIN_SECRET: Final = 32
"""Characters; `secrets.token_urlsafe(32)` has 43."""

_VERSION: Final = "1"
_SALT: Final = 16
_NONCE: Final = 12
_KEY: Final = 32
_INFO: Final = b"hexclave sealed cookie 1"


class Sealer:
    """Seals JSON values with AES-256-GCM for one project and one purpose, such as the name of a cookie.

    Each value has a key of its own, derived from the newest secret with HKDF and a random salt. Older secrets still
    open what was sealed with them.
    """

    def __init__(self, secrets: Sequence[Secret], project_id: str) -> None:
        self._secrets: Final = tuple(secrets)
        self._project_id: Final = project_id

    def seal(self, purpose: str, value: object) -> str:
        """Return the value as text for a cookie or a form field."""
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        plain = json.dumps(value, separators=(",", ":")).encode()
        sealed = _cipher(self._secrets[0], salt).encrypt(nonce, plain, self._bound_to(purpose))
        return f"{_VERSION}.{base64.urlsafe_b64encode(salt + nonce + sealed).rstrip(b'=').decode()}"

    def open(self, purpose: str, text: str) -> Any:
        """Return the sealed value; `None` if it was not sealed by this project for this purpose, or was changed."""
        version, _, encoded = text.partition(".")
        if version != _VERSION or not encoded.isascii():
            return None
        try:
            raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        salt, nonce, sealed = raw[:_SALT], raw[_SALT : _SALT + _NONCE], raw[_SALT + _NONCE :]
        if len(nonce) < _NONCE:
            return None
        for secret in self._secrets:
            try:
                plain = _cipher(secret, salt).decrypt(nonce, sealed, self._bound_to(purpose))
            except InvalidTag:
                continue
            return json.loads(plain)
        return None

    def _bound_to(self, purpose: str) -> bytes:
        return json.dumps([_VERSION, self._project_id, purpose]).encode()


def checked_secrets(given: SecretText | Sequence[SecretText]) -> tuple[Secret, ...]:
    """Return the secrets, newest first.

    Raises:
        UnsafeUseError: there is none, or one is not a `str` of at least 32 characters.
    """
    given = hidden(given)
    several = (
        [given] if isinstance(given, Secret) or not isinstance(given, Sequence) else [hidden(each) for each in given]
    )
    if not several:
        raise UnsafeUseError("secret is empty: pass a random text of at least 32 characters.")
    for each in several:
        if not isinstance(each, Secret):
            raise UnsafeUseError(f"secret must be a str or a list of them, newest first, not {type(each).__name__}.")
        if len(each.reveal()) < MIN_SECRET:
            raise UnsafeUseError(
                f"secret must have at least {MIN_SECRET} characters: create one with `secrets.token_urlsafe(32)` and "
                "keep it outside of the code."
            )
    return tuple(several)


def _cipher(secret: Secret, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), _KEY, salt, _INFO).derive(secret.reveal().encode()))
