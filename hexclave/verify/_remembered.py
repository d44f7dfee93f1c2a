"""Cache of verified tokens."""

from hashlib import sha256
from typing import Final, NamedTuple

from hexclave._steps import Done
from hexclave.verify._claims import AccessTokenClaims
from hexclave.verify._keys import Document, Keys

MOST: Final = 1_000_000


class Entry(NamedTuple):
    """The claims of a verified token, and the keys and document that verified it."""

    claims: Done[AccessTokenClaims]
    keys: Keys
    document: Document


class Remembered:
    """A cache of at most `size` tokens, by their hashes; the tokens themselves are not kept.

    It has two halves instead of a lock and an order: when the young half is full, it replaces the old one. At worst, a
    race between threads loses an entry.
    """

    def __init__(self, size: int) -> None:
        self._half = -(-size // 2)
        self._young: dict[bytes, Entry] = {}
        self._old = self._young

    def get(self, digest: bytes) -> Entry | None:
        return self._young.get(digest) or self._old.get(digest)

    def put(self, digest: bytes, entry: Entry) -> None:
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[digest] = entry


def digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
