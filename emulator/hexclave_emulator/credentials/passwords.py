"""Password hashes. Cheap ones: the emulator protects no real accounts, and tests sign in often."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

import bcrypt

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 70

_BCRYPT: Final = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}")


def hashed(password: str) -> str:
    """Return a salted hash."""
    salt = secrets.token_bytes(16)
    return f"$emulator${base64.b64encode(salt).decode()}${_digest(password, salt)}"


def is_supported(password_hash: str) -> bool:
    """Return true if an imported hash can be checked: bcrypt in Modular Crypt Format."""
    return _BCRYPT.fullmatch(password_hash) is not None


def fits(password: str, password_hash: str | None) -> bool:
    """Return true if this is the password; without a hash, no password matches."""
    if password_hash is None:
        return False
    if password_hash.startswith("$emulator$"):
        _, _, salt, digest = password_hash.split("$")
        return hmac.compare_digest(_digest(password, base64.b64decode(salt)), digest)
    try:
        return bcrypt.checkpw(password.encode("utf-8", "replace")[:72], password_hash.encode())
    except ValueError:
        return False


def _digest(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=256, r=8, p=1)
    return base64.b64encode(digest).decode()
