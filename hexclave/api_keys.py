"""Parsing of user and team API keys, which finds most typing errors without a call to the API."""

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
    """The text is not a user or team API key, or is one of the wrong kind. It was not sent anywhere."""

    hint = "Check that the key is complete; in a server, respond with 401."


@attrs.frozen
class ApiKeyText:
    """The information in the text of an API key. Only the API knows whether the key is still valid."""

    id: str
    owner: Literal["user", "team"]
    prefix: str
    is_public: bool
    is_self_hosted: bool


def read_api_key(key: SecretText) -> ApiKeyText:
    """Parse an API key; does no I/O.

    Raises:
        InvalidApiKeyError: it is not an API key, or its checksum does not match.
    """
    text = key.reveal() if isinstance(key, Secret) else key
    match = _SHAPE.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if match is None:
        failure = "The text does not have the format of an API key."
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
    """Return the key after checking its format and owner type.

    Raises:
        InvalidApiKeyError: it is not an API key of such an owner.
    """
    other = read_api_key(key).owner
    if other != owner:
        del key
        raise InvalidApiKeyError(f"Expected a {owner} API key, got a {other} API key.")
    return key
