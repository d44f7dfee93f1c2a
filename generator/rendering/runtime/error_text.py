"""Text from servers and callers made safe to display: keys masked, no control characters, bounded length."""

import json
import re
from collections.abc import Collection
from typing import Any, Final

_KEY: Final = r"(?<![A-Za-z0-9])(pck|ssk|sak|sk|pk|wrt|whsec)_[A-Za-z0-9_+/=-]{4,}"
_JWT: Final = r"eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)*"
# Refresh tokens and one-time codes have 45 characters. Ids with a UUID in them are as long, and harmless.
_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"
_LONG: Final = rf"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])(?![A-Za-z0-9_-]*{_UUID})[A-Za-z0-9_-]{{40,}}"

# Compiled with the first error: it takes longer than the rest of importing the errors.
_SECRET: Final = f"{_KEY}|{_JWT}|{_LONG}"
# Controls and bidirectional overrides can rewrite a terminal's line; lone surrogates cannot be printed at all.
_UNPRINTABLE: Final = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
_SHORTEST: Final = 6
_WITHIN_SECRETS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/=.-"


def safe_text(text: str, limit: int = 2000) -> str:
    """The text with its secrets masked, at most `limit` characters long; line breaks stay."""
    if len(text) > 2 * limit:
        # Half a key no longer looks like a key, so text is cut before it.
        text = text[: 2 * limit].rstrip(_WITHIN_SECRETS) + "…"
    text = re.sub(_SECRET, _mask, re.sub(_UNPRINTABLE, "\ufffd", text.replace("\r\n", "\n"))).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def without(texts: Collection[str], value: Any) -> Any:
    """Return JSON without these texts, in any escaped form. Names, and texts shorter than six characters, are kept."""
    if isinstance(value, str):
        from urllib.parse import quote  # slow to load

        for text in sorted(texts, key=len, reverse=True):
            if len(text) >= _SHORTEST:
                for written in (text, json.dumps(text)[1:-1], quote(text, safe="", errors="replace")):
                    value = value.replace(written, "…")
        return value
    if isinstance(value, dict):
        return {key: without(texts, item) for key, item in value.items()}
    return [without(texts, item) for item in value] if isinstance(value, list) else value


def one_line(text: str, limit: int = 300) -> str:
    """`safe_text` on a single line."""
    return safe_text(" ".join(text.split()), limit)


def _mask(secret: re.Match[str]) -> str:
    prefix = secret[1]
    return f"{prefix}_…" if prefix else "…"
