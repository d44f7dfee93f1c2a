"""What a data vault's values and keys look like to the server: encrypted and hashed on this side."""

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
    """What is stored cannot be decrypted: it was changed, or not written by an SDK."""


@attrs.frozen(repr=False)
class VaultKey:
    """A key of a store, made from its name and your secret; deriving one takes 100,000 rounds of hashing.

    The last 256 are kept, so that another read under the same key is quick.
    """

    hashed: str
    """What the server knows the key by."""
    _derived: bytes

    def __repr__(self) -> str:
        return "<VaultKey>"

    @classmethod
    def derive(cls, key: str, secret: Secret) -> Self:
        """Blocks for about a tenth of a second the first time.

        Raises:
            UnsafeUseError: the key or the secret cannot be written as UTF-8.
        """
        if not _is_utf8(key):
            del key
            raise UnsafeUseError("key must be a str that UTF-8 can write.")
        if not _is_utf8(secret.reveal()):
            del key
            raise UnsafeUseError("secret must be a str that UTF-8 can write.")
        return cls(*_derived(key, secret))

    def encrypt(self, value: Secret) -> str:
        """The value as it is stored; other each time.

        Raises:
            UnsafeUseError: the value cannot be written as UTF-8.
        """
        if not _is_utf8(value.reveal()):
            raise UnsafeUseError("value must be a str that UTF-8 can write.")
        salt, iv = os.urandom(_SALT), os.urandom(_IV)
        return _base64(_VERSION + salt + iv + self._cipher(salt).encrypt(iv, value.reveal().encode(), None))

    def decrypt(self, stored: str) -> Secret:
        """The value.

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
        raise VaultError("What is stored under this key cannot be decrypted: it was changed, or written otherwise.")

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
