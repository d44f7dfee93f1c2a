"""API keys of users and teams, as far as their text tells: most typing errors show without asking the API."""

import re
import uuid
import zlib
from typing import Final, Literal, cast

import attrs

from hexclave.errors import HexclaveError
from hexclave_api.secret import Secret, SecretText

__all__ = ["ApiKeyText", "InvalidApiKeyError", "looks_like_api_key", "read_api_key"]

_SHAPE: Final = re.compile(
    r"""(?P<prefix>[A-Za-z0-9_]{1,128})_
        [A-Za-z0-9_]{45}        # the secret
        (?P<id>[0-9a-f]{32})
        (?P<owner>user|team)
        (?P<flags>[0-9a-hjkmnp-tv-z])
        574ck4u7h
        (?P<checksum>[0-9a-f]{8})""",
    re.VERBOSE | re.ASCII,
)
_CHECKSUM_LENGTH: Final = 8
_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LONGEST: Final = 256


class InvalidApiKeyError(HexclaveError):
    """The text is no API key of users or teams, or of the wrong kind. It was not sent anywhere."""

    hint = "Answer 401; check that the whole key was copied."


@attrs.frozen
class ApiKeyText:
    """What the text of an API key says of itself. Whether the key still works, only the API knows."""

    id: str
    owner: Literal["user", "team"]
    prefix: str
    is_public: bool
    is_self_hosted: bool


def read_api_key(key: SecretText) -> ApiKeyText:
    """What a whole API key says of itself; nothing is sent.

    Raises:
        InvalidApiKeyError: it is no API key, or not as it was given out: its checksum does not match.
    """
    text = key.reveal() if isinstance(key, Secret) else key
    match = _SHAPE.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if match is None:
        failure = "The text does not have the shape of an API key."
    elif f"{zlib.crc32(text[:-_CHECKSUM_LENGTH].encode()):08x}" != match["checksum"]:
        failure = "The API key's checksum does not match: a character is wrong or missing."
    else:
        flags = _BASE32.index(match["flags"])
        return ApiKeyText(
            id=str(uuid.UUID(match["id"])),
            owner=cast(Literal["user", "team"], match["owner"]),
            prefix=match["prefix"],
            is_public=bool(flags & 2),
            is_self_hosted=bool(flags & 1),
        )
    # A traceback with locals must not show the key.
    del key, text, match
    raise InvalidApiKeyError(failure)


def looks_like_api_key(text: str) -> bool:
    return len(text) <= _LONGEST and _SHAPE.fullmatch(text) is not None


def key_of(owner: Literal["user", "team"], key: SecretText) -> SecretText:
    """The key, if it is an API key of such an owner.

    Raises:
        InvalidApiKeyError: it is not.
    """
    other = read_api_key(key).owner
    if other != owner:
        del key
        raise InvalidApiKeyError(f"The API key is a {other}'s; this asks for a {owner}'s.")
    return key
