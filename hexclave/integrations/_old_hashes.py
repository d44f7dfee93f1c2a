"""Password hashes that the API does not import: reading them, with limits on what a check may cost, and checking."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NoReturn

import attrs

from hexclave.errors import HexclaveError, UnsafeUseError
from hexclave_api.secret import Secret, SecretText, hidden

if TYPE_CHECKING:
    from types import ModuleType

MAX_PASSWORD: Final = 4096
"""Characters. No old system took longer ones, and hashing them would cost what the sender chooses."""

_ARGON2: Final = re.compile(
    r"\$argon2(id|i)\$(?:v=(?:16|19)\$)?m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]{11,128})\$([A-Za-z0-9+/]{16,128})",
    re.ASCII,
)
_BCRYPT: Final = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
_DJANGO: Final = re.compile(
    r"pbkdf2_(sha1|sha256)\$(\d{1,10})\$([!-#%-~]{1,128})\$([A-Za-z0-9+/]{16,88}={0,2})", re.ASCII
)
_PASSLIB: Final = re.compile(
    r"\$pbkdf2(|-sha256|-sha512)\$(\d{1,10})\$([A-Za-z0-9./]{0,128})\$([A-Za-z0-9./]{16,88})", re.ASCII
)

_ARGON2_KIB: Final = 1 << 18
_ARGON2_WORK: Final = 1 << 20
"""Memory in KiB times iterations: about a second of one core."""
_ARGON2_LANES: Final = 16
_PBKDF2_ITERATIONS: Final = 5_000_000
_BCRYPT_ROUNDS: Final = 18
_FIREBASE_ROUNDS: Final = 8
_FIREBASE_MEM_COST: Final = 14


class UnsupportedHashError(HexclaveError):
    """The text is not a supported hash, or checking it would cost too much. The message says why, not what it is."""


@attrs.frozen(repr=False, eq=False)
class OldHash:
    """A password hash of another system, with its parameters validated."""

    kind: str
    """`argon2id`, `argon2i`, `bcrypt`, `pbkdf2-sha256` and the like, or `firebase-scrypt`."""
    _matches: Callable[[bytes], bool]

    def __repr__(self) -> str:
        return f"<OldHash {self.kind}>"

    def matches(self, password: SecretText) -> bool:
        """Return true if this is the password, compared in constant time. Blocks for as long as the hash is slow.

        Passwords of more than 4,096 characters, or with a NUL character, never match.
        """
        secret: Secret = hidden(password)
        del password
        # PBKDF2 ignores NUL characters at the end of a short password, and bcrypt everything after the first one.
        if len(secret.reveal()) > MAX_PASSWORD or "\0" in secret.reveal():
            return False
        # Surrogates have no UTF-8, and must not be replaced: two passwords would become one.
        return self._matches(secret.reveal().encode("utf-8", "surrogatepass"))


def read_hash(text: SecretText) -> OldHash:
    """Return a hash in one of these formats, with limits on memory and time.

    | format | example | limits |
    |---|---|---|
    | argon2id, argon2i | `$argon2id$v=19$m=65536,t=3,p=4$…` | 256 MiB; KiB times iterations 1,048,576; 16 lanes |
    | bcrypt | `$2b$17$…` | 18 rounds |
    | PBKDF2 of Django | `pbkdf2_sha256$870000$…`, also `sha1` | 5,000,000 iterations |
    | PBKDF2 of passlib | `$pbkdf2-sha256$29000$…`, also `sha1`, `sha512` | 5,000,000 iterations |

    Django's `argon2$argon2id$…` and `bcrypt$$2b$…` are read too. For Firebase, see `FirebaseScrypt`.

    Raises:
        UnsupportedHashError: another format, or parameters beyond the limits.
        ImportError: `hexclave[old-passwords]` is not installed, and the format needs it.
    """
    secret: Secret = hidden(text)
    del text
    if not isinstance(secret, Secret):
        raise UnsafeUseError(f"A hash must be a str, not {type(secret).__name__}.")
    try:
        return _read(secret)
    except UnsupportedHashError as error:
        reason = error.message
    # Raised outside the `except`, because the frames below contain the hash, which tracebacks may show.
    raise UnsupportedHashError(reason)


def _read(secret: Secret) -> OldHash:
    text = secret.reveal().removeprefix("argon2").removeprefix("bcrypt$")
    for pattern, read in ((_ARGON2, _argon2), (_BCRYPT, _bcrypt), (_DJANGO, _django), (_PASSLIB, _passlib)):
        found = pattern.fullmatch(text)
        if found is not None:
            return read(found)
    raise UnsupportedHashError("The hash has none of the supported formats: argon2id, argon2i, bcrypt or PBKDF2.")


class FirebaseScrypt:
    """The password hash parameters of a Firebase project; the Firebase console shows them.

    Raises:
        UnsafeUseError: a parameter is invalid; `rounds` is at most 8 and `mem_cost` at most 14, as in Firebase.
    """

    def __init__(
        self, *, signer_key: SecretText, salt_separator: str = "Bw==", rounds: int = 8, mem_cost: int = 14
    ) -> None:
        key: Secret = hidden(signer_key)
        del signer_key
        for name, value, most in (("rounds", rounds, _FIREBASE_ROUNDS), ("mem_cost", mem_cost, _FIREBASE_MEM_COST)):
            if type(value) is not int or not 1 <= value <= most:
                raise UnsafeUseError(f"{name} must be an integer from 1 to {most}.")
        self._signer_key: Final = _bytes(key, "signer_key")
        self._separator: Final = _bytes(hidden(salt_separator), "salt_separator")
        self._rounds, self._mem_cost = rounds, mem_cost
        if not self._signer_key.value:
            raise UnsafeUseError("signer_key must not be empty.")

    def __repr__(self) -> str:
        return "<FirebaseScrypt>"

    def hash(self, *, password_hash: SecretText, salt: SecretText) -> OldHash:
        """Return the hash of a user, from the fields `passwordHash` and `salt` of an export.

        Raises:
            UnsupportedHashError: a field is not base64, or the hash does not have the length of the signer key.
        """
        try:
            expected = _bytes(hidden(password_hash), "password_hash")
            whole = _bytes(hidden(salt), "salt")
        except UnsafeUseError as error:
            raise UnsupportedHashError(error.message) from None
        finally:
            del password_hash, salt
        if len(expected.value) != len(self._signer_key.value):
            raise UnsupportedHashError("password_hash does not have the length of signer_key.")

        def matches(password: bytes) -> bool:
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

            n, r = 1 << self._mem_cost, self._rounds
            salted = whole.value + self._separator.value
            derived = hashlib.scrypt(password, salt=salted, n=n, r=r, p=1, maxmem=256 * n * r + (1 << 20), dklen=64)
            encryptor = Cipher(algorithms.AES(derived[:32]), modes.CTR(bytes(16))).encryptor()
            return hmac.compare_digest(encryptor.update(self._signer_key.value), expected.value)

        return OldHash("firebase-scrypt", matches)


@attrs.frozen(repr=False)
class _Bytes:
    """Decoded base64, hidden from tracebacks that show locals."""

    value: bytes


def _bytes(text: object, name: str) -> _Bytes:
    if not isinstance(text, Secret):
        raise UnsafeUseError(f"{name} must be a str, not {type(text).__name__}.")
    # Exports have either alphabet, with padding or without.
    value = _decoded(text.reveal().strip().replace("-", "+").replace("_", "/"))
    if value is None:
        raise UnsafeUseError(f"{name} is not base64.")
    return _Bytes(value)


def _decoded(text: str) -> bytes | None:
    text = text.rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _argon2(found: re.Match[str]) -> OldHash:
    memory, iterations, lanes = (int(found[number]) for number in (2, 3, 4))
    if not 1 <= lanes <= _ARGON2_LANES or not 8 * lanes <= memory <= _ARGON2_KIB or not iterations:
        _refuse(f"argon2 with memory of {memory} KiB and {lanes} lanes", f"{_ARGON2_KIB} KiB and {_ARGON2_LANES} lanes")
    if memory * iterations > _ARGON2_WORK:
        _refuse(f"argon2 with {memory} KiB times {iterations} iterations", f"{_ARGON2_WORK}")
    if any(len(found[number]) % 4 == 1 for number in (5, 6)):
        raise UnsupportedHashError("The salt or the hash of argon2 is not base64.")
    try:
        from argon2 import low_level
        from argon2.exceptions import VerificationError
    except ImportError as error:
        raise _missing("argon2", "argon2-cffi") from error
    text = hidden(found[0])

    def matches(password: bytes) -> bool:
        kind = low_level.Type.ID if found[1] == "id" else low_level.Type.I
        try:
            return low_level.verify_secret(text.reveal().encode(), password, kind)
        except VerificationError:
            return False

    return OldHash(f"argon2{found[1]}", matches)


def _bcrypt(found: re.Match[str]) -> OldHash:
    if not 4 <= int(found[1]) <= _BCRYPT_ROUNDS:
        _refuse(f"bcrypt with {int(found[1])} rounds", f"{_BCRYPT_ROUNDS} rounds")
    bcrypt = _bcrypt_module()
    text = hidden(found[0])

    def matches(password: bytes) -> bool:
        try:
            # bcrypt reads 72 bytes. Older implementations ignored the rest, and newer ones refuse it.
            return bool(bcrypt.checkpw(password[:72], text.reveal().encode()))
        except ValueError:  # such as a NUL character in the password
            return False

    return OldHash("bcrypt", matches)


def _bcrypt_module() -> "ModuleType":
    try:
        import bcrypt
    except ImportError as error:
        raise _missing("bcrypt", "bcrypt") from error
    return bcrypt


def _django(found: re.Match[str]) -> OldHash:
    return _pbkdf2(found[1], int(found[2]), found[3].encode(), found[4])


def _passlib(found: re.Match[str]) -> OldHash:
    salt = _decoded(found[3].replace(".", "+"))
    if salt is None:
        raise UnsupportedHashError("The salt of PBKDF2 is not base64.")
    return _pbkdf2(found[1].removeprefix("-") or "sha1", int(found[2]), salt, found[4].replace(".", "+"))


def _pbkdf2(digest: str, iterations: int, salt: bytes, encoded: str) -> OldHash:
    if not 1 <= iterations <= _PBKDF2_ITERATIONS:
        _refuse(f"PBKDF2 with {iterations} iterations", f"{_PBKDF2_ITERATIONS} iterations")
    expected = _decoded(encoded)
    if expected is None:
        raise UnsupportedHashError("The hash of PBKDF2 is not base64.")
    if len(expected) != hashlib.new(digest, usedforsecurity=False).digest_size:
        # A shorter one matches more passwords, a longer one multiplies the iterations.
        raise UnsupportedHashError(f"The hash of PBKDF2 does not have the length of {digest}.")

    def matches(password: bytes) -> bool:
        return hmac.compare_digest(hashlib.pbkdf2_hmac(digest, password, salt, iterations), expected)

    return OldHash(f"pbkdf2-{digest}", matches)


def _refuse(what: str, limit: str) -> NoReturn:
    raise UnsupportedHashError(f"Checking {what} is not allowed: the limit is {limit}.")


def _missing(kind: str, package: str) -> ImportError:
    return ImportError(f"Checking {kind} hashes needs {package}: pip install 'hexclave[old-passwords]'")
