"""Safe redirect targets for browsers."""

from typing import Final
from urllib.parse import urlsplit

_LONGEST: Final = 2_000


def safe_path(given: str | None, otherwise: str) -> str:
    """Return `given` if it is a path of this site, and `otherwise` if a browser could understand it as another one.

    Browsers treat backslashes as slashes, and drop tabs and line breaks.
    """
    if not given or len(given) > _LONGEST or not given.startswith("/") or given.startswith("//"):
        return otherwise
    if not given.isascii() or not given.isprintable() or any(sign in given for sign in '\\ "<>'):
        return otherwise
    try:
        parts = urlsplit(given)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc or parts.path.startswith("//") else given
