"""Random ids and secrets in the API's formats."""

import secrets
import uuid
from typing import Final

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """Return a UUID, the id of nearly everything."""
    return str(uuid.UUID(int=secrets.randbits(128), version=4))


def secret(length: int = 45) -> str:
    """Return random base32 without letters that look like digits; tokens, keys and codes have 45 characters."""
    bits = secrets.randbits(5 * length)
    return "".join([_CROCKFORD[bits >> shift & 31] for shift in range(0, 5 * length, 5)])
