"""Client-side encryption of data vault values and hashing of their keys."""

import base64
import hashlib
import json
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Self

import attrs

from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave_api.secret import Secret, hidden

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["VaultError", "VaultKey"]

ROUNDS: Final = 100_000
_HASH: Final = "stack-crypto-helper-iterated-hash"
_CIPHER: Final = "stack-crypto-helper-derived-symmetric-key"
_DERIVE: Final = "stack-data-vault-client-side-encryption-value-encryption-key-hash"
_LOOK_UP: Final = "stack-data-vault-client-side-encryption-key-hash"
_ENCRYPT: Final = "stack-data-vault-client-side-encryption-value-encryption-value-encryption"
_VERSION: Final = b"\x01\x00"
_SALT: Final = 16
_IV: Final = 12
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


class VaultError(HexclaveError):
    """The stored value cannot be decrypted: it was modified, or not written by an SDK."""


@attrs.frozen(repr=False)
class VaultKey:
    """A key of a vault store, derived from its name and your secret with 100,000 rounds of PBKDF2.

    The last 256 derived keys are cached, so using one again is fast.
    """

    hashed: str
    """The hash by which the server identifies the key."""
    _derived: bytes

    def __repr__(self) -> str:
        return "<VaultKey>"

    @classmethod
    def derive(cls, key: str, secret: Secret) -> Self:
        """Derive the key. Blocks for about a tenth of a second if it is not cached.

        Raises:
            UnsafeUseError: the key or the secret cannot be encoded as UTF-8.
        """
        if not _is_utf8(key):
            del key
            raise UnsafeUseError("key must be a str that can be encoded as UTF-8.")
        if not _is_utf8(secret.reveal()):
            del key
            raise UnsafeUseError("secret must be a str that can be encoded as UTF-8.")
        return cls(*_derived(key, secret))

    def encrypt(self, value: Secret) -> str:
        """Return the encrypted value, different each time.

        Raises:
            UnsafeUseError: the value cannot be encoded as UTF-8.
        """
        if not _is_utf8(value.reveal()):
            raise UnsafeUseError("value must be a str that can be encoded as UTF-8.")
        salt, iv = os.urandom(_SALT), os.urandom(_IV)
        return _base64(_VERSION + salt + iv + self._cipher(salt).encrypt(iv, value.reveal().encode(), None))

    def decrypt(self, stored: str) -> Secret:
        """Return the decrypted value.

        Raises:
            VaultError: it cannot be decrypted with this key.
        """
        from cryptography.exceptions import InvalidTag

        try:
            data = base64.b64decode(stored, validate=True)
            if data[:2] == _VERSION:
                salt, iv, sealed = data[2 : 2 + _SALT], data[2 + _SALT : 2 + _SALT + _IV], data[2 + _SALT + _IV :]
                value: Secret = hidden(self._cipher(salt).decrypt(iv, sealed, None).decode())
                return value
        except (ValueError, InvalidTag):
            pass
        raise VaultError("The stored value cannot be decrypted: it was modified, or not written by an SDK.")

    def _cipher(self, salt: bytes) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = _compact(_CIPHER, _ENCRYPT, "binary-key", _base64(salt))
        return AESGCM(HKDF(SHA256(), 32, salt, info).derive(self._derived))


@lru_cache(maxsize=256)
def _derived(key: str, secret: Secret) -> tuple[str, bytes]:
    extra = secret.reveal().encode()
    derived = _iterated(_DERIVE, extra, key.encode(), ROUNDS)
    return _base64(_iterated(_LOOK_UP, extra, derived, 1)), derived


def _iterated(purpose: str, extra: bytes, value: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", value, _compact(_HASH, purpose, "", _base64(extra)), rounds, 32)


def _compact(*parts: str) -> bytes:
    return json.dumps(parts, separators=(",", ":")).encode()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _is_utf8(text: str) -> bool:
    return isinstance(text, str) and _SURROGATES.search(text) is None
